"""`efgan` without the start of its interpreter: a process that has the packages in memory forks for every call.

Importing PyTorch, pandas and the others takes a job of a small run more time than its work. Here the program is a few
lines that hand command line, folder, environment and the three standard streams to a server; a fork of it imports this
project's own package as the environment says, runs the command, and hands back its status. Signals are passed on.
What is not the same: the process that works is no child of the one that Snakemake started, which matters where a test
kills jobs or reads their memory; such tests and those on Kubernetes use the real program, and that on Slurm does for
the training.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from programs import write_program

#: Packages that stages import; none of this project, whose code a test may change.
PACKAGES = (
    "cv2", "efficientnet_lite_pytorch", "matplotlib.pyplot", "networkx", "numpy", "pandas", "PIL.Image", "pydantic",
    "safetensors.torch", "scipy.linalg", "scipy.stats", "sklearn.metrics", "torch", "torch.nn.utils.parametrizations",
    "torchvision", "tqdm", "typer", "yaml",
)  # fmt: skip

CLIENT = """#!{python} -ISE
import json, os, signal, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    request = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(request).to_bytes(8, "big")], [0, 1, 2])
    server.sendall(request)
    worker = int.from_bytes(server.recv(8), "big")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, frame: os.kill(worker, number))
    sys.exit(int.from_bytes(server.recv(8), "big", signed=True) % 256)
"""


@contextlib.contextmanager
def preloaded_programs(folder: Path) -> Iterator[Path]:
    """A folder with such an `efgan`, and its server, for the length of a block."""
    address = folder / "server"
    write_program(folder / "efgan", CLIENT.format(python=sys.executable, address=str(address)))
    one = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__)), str(address)], env={**os.environ, **one}, start_new_session=True
    )
    try:
        while not address.exists():
            assert server.poll() is None, "the server did not start"
            time.sleep(0.05)
        yield folder
    finally:
        server.terminate()
        server.wait()


def serve(address: str) -> tuple[list[str], list[str]]:
    """Answer calls until the parent is gone. Returns only in a worker: its command line and its module path."""
    parent = os.getppid()
    for name in PACKAGES:
        importlib.import_module(name)
    gc.freeze()  # a collection in a fork would copy all memory that it looks at
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    listener.settimeout(5)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who answer
    while os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                return answer(connection)
            connection.close()
    raise SystemExit


def answer(connection: socket.socket) -> tuple[list[str], list[str]]:
    """Fork once more, for the work, and tell the caller how it ended. Returns only in the worker."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    connection.settimeout(None)
    length, streams, _, _ = socket.recv_fds(connection, 8, 3)
    request = b""
    while len(request) < int.from_bytes(length, "big"):
        request += connection.recv(1 << 20)
    words, folder, variables = json.loads(request)
    worker = os.fork()
    if worker:
        connection.sendall(worker.to_bytes(8, "big"))
        status = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
        with contextlib.suppress(BrokenPipeError):
            connection.sendall((status if status >= 0 else 128 - status).to_bytes(8, "big", signed=True))
        os._exit(0)
    connection.close()
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    return words, [path for path in variables.get("PYTHONPATH", "").split(os.pathsep) if path]


def main() -> None:
    """Serve; in a worker, run the command. It ends without the teardown of packages, which would touch all memory."""
    words, paths = serve(sys.argv[1])
    sys.argv, sys.path[:1] = ["efgan", *words], paths
    status = 0
    try:
        importlib.import_module("cascade_efgan.cli").main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
