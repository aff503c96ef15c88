"""Training that is killed or preempted: the next run goes on to the weights of an undisturbed one, bit for bit."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from test_training import SETTINGS, random_faces, resumed_position, schedule, spec_of

from cascade_efgan.training import checkpoint as checkpoint_module
from cascade_efgan.training.checkpoint import RUN_AGAIN, Checkpoint
from cascade_efgan.training.optimizers import Optimizers
from cascade_efgan.training.start import Outputs, checkpoint_beside, prepare, train_and_save

#: 4 batches an epoch, 12 in all; every third is followed by a generator step, across the epochs' ends.
PLAN = schedule(epochs=3, constant_epochs=1, batch=2, n_critic=3, average=0.9)
ITERATIONS = 12
#: Where a signal comes: (discriminators, generator or save; number of that call in its process; signal).
Moment = tuple[str, int, signal.Signals]
FILES = ("weights.safetensors", "discriminators.safetensors", "model.json", "curves.csv")

# A server process imports the libraries once; every training run is a fresh process, forked from it. An optimiser
# imports torch._dynamo when it is made, which takes as long as all the rest.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["pytest", "torch._dynamo", "cascade_efgan.training.start"])


def live(method: str, folder: Path, minutes: float, moment: Moment | None) -> None:
    """One process: train as the stages do, with a signal at some moment. Every batch leaves a mark in `batches`."""
    torch.set_num_threads(1)
    # Blocked where a test of the page was first to start the server that this process comes from.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if moment is not None:
        place, number, kind = moment
        owner: Any = checkpoint_module.torch if place == "save" else Optimizers
        setattr(owner, place, disturbed(getattr(owner, place), number, kind))
    discriminators = Optimizers.discriminators

    def counted(self: Optimizers, batch: Any) -> Any:
        with (folder / "batches").open("a") as marks:
            marks.write(".")
        return discriminators(self, batch)

    Optimizers.discriminators = counted  # type: ignore[method-assign]
    spec = spec_of(method)
    run = prepare(spec, random_faces(8), SETTINGS, PLAN, 0)
    outputs = Outputs(*(folder / name for name in FILES))
    train_and_save(run, spec, Checkpoint(folder / "checkpoint.pt", "same"), outputs, None, minutes)


def disturbed(function: Callable[..., Any], number: int, kind: signal.Signals) -> Callable[..., Any]:
    """`function` with a signal to this process at the end of its call `number`; SIGKILL leaves a half-written file."""
    calls = 0

    def wrapper(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        result = function(*arguments)
        if calls == number:
            if isinstance(arguments[-1], Path):
                os.truncate(arguments[-1], arguments[-1].stat().st_size // 2)
            os.kill(os.getpid(), kind)
        return result

    return wrapper


def life(method: str, folder: Path, minutes: float = 10, moment: Moment | None = None) -> int | None:
    """Exit code of such a process; a negative one names the signal that ended it."""
    folder.mkdir(exist_ok=True)
    process = processes.Process(target=live, args=(method, folder, minutes, moment))
    process.start()
    process.join(120)
    return process.exitcode


def batches(folder: Path) -> int:
    return len((folder / "batches").read_text())


def results(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


@pytest.fixture(scope="module", params=["ef_gan", "cascade_ef_gan"])
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def whole(method: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run without disturbance leaves."""
    folder = tmp_path_factory.mktemp("whole")
    assert life(method, folder) == 0
    assert batches(folder) == ITERATIONS
    return results(folder)


def test_a_run_killed_at_any_moment_continues_to_the_same_weights_and_curves(
    method: str, whole: dict[str, bytes], tmp_path: Path
) -> None:
    """With a checkpoint after every batch, each kill loses the one batch under way."""
    kills: list[Moment] = [
        ("discriminators", 3, signal.SIGKILL),
        ("generator", 1, signal.SIGKILL),
        ("save", 4, signal.SIGKILL),
        ("discriminators", 1, signal.SIGKILL),
        ("generator", 2, signal.SIGKILL),
    ]
    for kill in kills:
        assert life(method, tmp_path, 0, kill) == -signal.SIGKILL
        assert not (tmp_path / "weights.safetensors").exists()
    assert life(method, tmp_path, 0) == 0
    assert results(tmp_path) == whole
    assert batches(tmp_path) == ITERATIONS + len(kills), "it went on from its checkpoints and not from the beginning"
    assert {path.name for path in tmp_path.iterdir()} == {*FILES, "batches"}, "neither a checkpoint nor half of one"


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_the_state_and_asks_to_be_run_again(
    method: str, whole: dict[str, bytes], tmp_path: Path, kind: signal.Signals
) -> None:
    """In the middle of the sixth batch: it is finished, its generator step included, and nothing is lost."""
    assert life(method, tmp_path, 10, ("discriminators", 6, kind)) == RUN_AGAIN
    assert resumed_position(Checkpoint(tmp_path / "checkpoint.pt", "same")) == (1, 2)
    assert life(method, tmp_path) == 0
    assert results(tmp_path) == whole and batches(tmp_path) == ITERATIONS


def test_a_torn_checkpoint_starts_the_run_anew(method: str, whole: dict[str, bytes], tmp_path: Path) -> None:
    assert life(method, tmp_path, 10, ("discriminators", 6, signal.SIGTERM)) == RUN_AGAIN
    path = tmp_path / "checkpoint.pt"
    os.truncate(path, path.stat().st_size - 100)
    assert life(method, tmp_path) == 0
    assert results(tmp_path) == whole and batches(tmp_path) == 6 + ITERATIONS


def test_checkpoints_come_by_time(tmp_path: Path) -> None:
    """With ten minutes between two, a toy run makes none."""
    assert life("baseline", tmp_path, 10, ("discriminators", 6, signal.SIGKILL)) == -signal.SIGKILL
    assert not (tmp_path / "checkpoint.pt").exists()


def test_a_second_interrupt_ends_the_run_at_once() -> None:
    with checkpoint_module.StopSignals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.received == "SIGTERM"
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.received == "SIGINT"
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_an_ignored_signal_stays_ignored() -> None:
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with checkpoint_module.StopSignals() as stop:
            os.kill(os.getpid(), signal.SIGINT)
            assert stop.received is None
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, former)


def test_a_checkpoint_belongs_to_its_inputs_flags_and_code(tmp_path: Path) -> None:
    crops, source = tmp_path / "crops.npy", tmp_path / "losses.py"
    crops.write_bytes(b"one")
    source.write_text("x = 1")

    def fingerprint(flags: str = "seed=0") -> str:
        return checkpoint_beside(tmp_path / "weights.safetensors", [crops, None, str(source)], [flags]).fingerprint

    first = fingerprint()
    assert fingerprint() == first and fingerprint("seed=1") != first
    source.write_text("x = 2")
    assert fingerprint() != first
    source.write_text("x = 1")
    crops.write_bytes(b"two")
    assert fingerprint() != first
