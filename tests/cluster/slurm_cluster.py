"""A Slurm cluster of one node on the loopback interface, with a pretended GPU, in a temporary folder.

Debian's munged, slurmctld and slurmd, as root. Nothing of it outlives the `with` block, and nothing is written outside
the folder. There is no accounting, so that the state of jobs comes from `squeue`.
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from copied_workflow import wait_until
from programs import write_program

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel")

CONFIGURATION = """\
ClusterName=loopback
SlurmctldHost={node}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MailProg=/bin/true
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
# squeue must still know a job when Snakemake asks for its end.
MinJobAge=900
KillWait=60
ReturnToService=2
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName={node} NodeAddr=127.0.0.1 CPUs=4 RealMemory=32000 Gres=gpu:1 State=UNKNOWN
PartitionName=loopback Nodes={node} Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Cluster:
    """A running cluster.

    Attributes:
        folder: its configuration, keys and logs.
        node: name of its one node.
    """

    folder: Path
    node: str

    def environment(self) -> dict[str, str]:
        """Variables for Slurm's commands and for processes that call them."""
        return self.added_to({name: value for name, value in os.environ.items() if not name.startswith("SLURM_")})

    def added_to(self, variables: dict[str, str]) -> dict[str, str]:
        """Some variables with those of the cluster."""
        path = f"{self.folder / 'bin'}:{variables.get('PATH', '')}"
        return {**variables, "SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": path}

    def run(self, *words: str) -> str:
        """Standard output of one of Slurm's commands."""
        done = subprocess.run(
            words, env=self.environment(), capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def jobs(self, *states: str) -> dict[str, list[str]]:
        """Id -> state, comment, folder, GPUs and reason of jobs in the given states (default: any)."""
        listing = self.run(
            "squeue", "--noheader", "--states", ",".join(states) or "all", "--format", "%i|%T|%k|%Z|%b|%r"
        )
        rows = (line.split("|") for line in listing.splitlines())
        return {number: rest for number, *rest in rows}

    def node_state(self) -> str:
        """What `sinfo` says of the node: idle, mixed, draining, drained, ..."""
        return self.run("sinfo", "--noheader", "--Node", "--format", "%T").strip()


def missing_programs() -> list[str]:
    """Programs of Debian's slurm-wlm and munge that are not installed."""
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    return [name for name in PROGRAMS if shutil.which(name, path=path) is None]


def free_port() -> int:
    """A port of the loopback interface that nothing listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def slurm_cluster(folder: Path) -> Iterator[Cluster]:
    """Start a cluster in a folder, and stop it with all its jobs."""
    cluster = Cluster(folder, socket.gethostname().split(".")[0])
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    text = CONFIGURATION.format(node=cluster.node, folder=folder, controller_port=free_port(), node_port=free_port())
    (folder / "slurm.conf").write_text(text, encoding="utf-8")
    (folder / "gres.conf").write_text("Name=gpu File=/dev/null\n", encoding="utf-8")
    # Inside a job Snakemake's plugin calls srun without SLURM_CONF (it drops all of Slurm's variables), which works
    # only where the configuration is in /etc/slurm.
    text = f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun")} "$@"\n'
    write_program(folder / "bin" / "srun", text)
    munge = {name: f"--{name}={folder}/munge.{name.split('-')[0]}" for name in ("socket", "pid-file", "seed-file")}
    words = ("munged", "--foreground", f"--key-file={key}", f"--log-file={folder}/munge.log", *munge.values())
    with contextlib.ExitStack() as stack:
        stack.enter_context(_daemon(cluster, *words))
        wait_until((folder / "munge.socket").exists, "socket of munged")
        stack.enter_context(_daemon(cluster, "slurmctld", "-D"))
        stack.enter_context(_daemon(cluster, "slurmd", "-D", "-N", cluster.node))
        stack.callback(_end_jobs, cluster)
        wait_until(lambda: _answers(cluster), f"idle node (logs in {folder})")
        yield cluster


def _answers(cluster: Cluster) -> bool:
    try:
        return cluster.node_state() == "idle"
    except AssertionError:
        return False


def _end_jobs(cluster: Cluster) -> None:
    """Cancel all jobs, so that no process of theirs outlives the node's daemon."""
    running = list(cluster.jobs("RUNNING", "PENDING", "COMPLETING", "SUSPENDED"))
    if running:
        cluster.run("scancel", "--signal=KILL", "--full", *running)
        cluster.run("scancel", *running)
        wait_until(lambda: not cluster.jobs("RUNNING", "PENDING", "COMPLETING"), "end of all jobs", seconds=90)


@contextlib.contextmanager
def _daemon(cluster: Cluster, *words: str) -> Iterator[None]:
    """A daemon in the foreground of a process group of its own; its output goes to NAME.out."""
    program = shutil.which(words[0], path=os.environ.get("PATH", "") + ":/usr/sbin")
    assert program is not None, f"{words[0]} is not installed"
    output = cluster.folder / f"{words[0]}.out"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [program, *words[1:]], env=cluster.environment(), stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        time.sleep(0.5)
        assert process.poll() is None, output.read_text(encoding="utf-8")
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=30)
