"""A local web page that edits a photograph."""

import logging
import socket
from functools import partial
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.errors import InputError
from cascade_efgan.stages import options

log = logging.getLogger("efgan.app")


def command(
    run: options.RunFolder = Path("results"),
    weights: options.WeightsFile = None,
    host: Annotated[str, Option(help="address to listen on; another one than this lets others in")] = "127.0.0.1",
    port: Annotated[int, Option(min=0, max=65535, help="port to listen on; 0: any free one")] = 8765,
    openface: options.OpenFace = None,
    device: options.Device = None,
) -> None:
    """A local web page: drop a photograph, move sliders, download the edit. Stop it with Ctrl+C."""
    from cascade_efgan.app.editing_engine import make_engine
    from cascade_efgan.app.limits import Limits
    from cascade_efgan.app.processes import ProcessEngine
    from cascade_efgan.app.server import make_server
    from cascade_efgan.devices import take_gpu
    from cascade_efgan.editing.runs import trained_weights

    listener = _listen(host, port)
    limits = Limits()
    path = trained_weights(run, weights)
    if device is None:
        take_gpu()  # for all its processes: each would wait for one of its own
    make = partial(make_engine, path, openface, device, limits)
    server = make_server(ProcessEngine(make), limits, host, port)
    if not listener.getsockname()[0].startswith("127."):
        log.warning("everyone who reaches this machine can use the page, unencrypted: there is no password")
    listener.listen()  # a browser that is opened at once waits a moment instead of being refused
    shown = f"[{host}]" if ":" in host else host
    log.info("open http://%s:%d/ in a browser; Ctrl+C stops it", shown, listener.getsockname()[1])
    server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket: a port that is taken is reported before a model is loaded."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"--host {host} --port {port}: cannot listen there ({reason}); choose another port") from None
    return listener
