"""Training that is killed or preempted: the next run goes on to the weights of an undisturbed one, bit for bit."""

import multiprocessing
import os
import signal
from collections import Counter
from pathlib import Path

import pytest
import torch
from evaluation_helpers import random_faces
from small_models import SETTINGS, resumed_position, schedule, small_spec
from torch.optim.optimizer import register_optimizer_step_post_hook

from cascade_efgan.training.checkpoint import RUN_AGAIN, Checkpoint, stop_signals
from cascade_efgan.training.start import Outputs, checkpoint_beside, prepare, train_and_save

#: 4 batches per epoch, 12 in all; every third is followed by a generator step, across the epochs' ends.
PLAN = schedule(epochs=3, constant_epochs=1, batch=2, n_critic=3, average=0.9)
ITERATIONS = 12
#: Where a signal comes: (step of the discriminators, of the generator, or save; its number in the process; signal).
#: SIGKILL in a save leaves half of the file.
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
    spec = small_spec(method)
    run = prepare(spec, random_faces(8), SETTINGS, PLAN, 0)
    calls: Counter[str] = Counter()

    def happened(what: str, written: Path | None = None) -> None:
        calls[what] += 1
        if moment is not None and (what, calls[what]) == moment[:2]:
            if written is not None:
                os.truncate(written, written.stat().st_size // 2)
            os.kill(os.getpid(), moment[2])

    def stepped(optimiser: torch.optim.Optimizer, *_: object) -> None:
        if optimiser is run.optimizers.discriminators_optimiser:
            with (folder / "batches").open("a") as marks:
                marks.write(".")
            happened("discriminators")
        else:
            happened("generator")

    register_optimizer_step_post_hook(stepped)
    save = torch.save

    def saved(state: object, path: Path) -> None:
        save(state, path)
        happened("save", path)

    torch.save = saved  # type: ignore[assignment]
    outputs = Outputs(*(folder / name for name in FILES))
    train_and_save(run, spec, Checkpoint(folder / "checkpoint.pt", "same"), outputs, None, minutes)


def life(method: str, folder: Path, minutes: float = 10, moment: Moment | None = None) -> int | None:
    """Exit code of such a process; a negative one names the signal that ended it."""
    folder.mkdir(exist_ok=True)
    process = processes.Process(target=live, args=(method, folder, minutes, moment))
    process.start()
    process.join(120)
    return process.exitcode


def left(folder: Path) -> tuple[int, dict[str, bytes]]:
    """Batches trained, and the results of a finished run."""
    return len((folder / "batches").read_text()), {name: (folder / name).read_bytes() for name in FILES}


def undisturbed(method: str, folder: Path) -> dict[str, bytes]:
    """What a run without disturbance leaves."""
    assert life(method, folder) == 0
    trained, results = left(folder)
    assert trained == ITERATIONS
    return results


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same of the smallest method."""
    return undisturbed("baseline", tmp_path_factory.mktemp("whole"))


def test_a_run_killed_at_any_moment_continues_to_the_same_weights_and_curves(tmp_path: Path) -> None:
    """With a checkpoint after every batch, each kill loses the one batch under way."""
    method, folder = "cascade_ef_gan", tmp_path / "killed"
    whole = undisturbed(method, tmp_path / "whole")
    kills = [("discriminators", 3), ("generator", 1), ("save", 4), ("discriminators", 1), ("generator", 2)]
    for what, number in kills:
        assert life(method, folder, 0, (what, number, signal.SIGKILL)) == -signal.SIGKILL
        assert not (folder / "weights.safetensors").exists()
    assert life(method, folder, 0) == 0
    # Not from the beginning: it went on from its checkpoints.
    assert left(folder) == (ITERATIONS + len(kills), whole)
    assert {path.name for path in folder.iterdir()} == {*FILES, "batches"}, "neither a checkpoint nor half of one"


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_the_state_and_asks_to_be_run_again(
    whole: dict[str, bytes], tmp_path: Path, kind: signal.Signals
) -> None:
    """In the middle of the sixth batch: it is finished, its generator step included, and nothing is lost."""
    assert life("baseline", tmp_path, 10, ("discriminators", 6, kind)) == RUN_AGAIN
    assert resumed_position(Checkpoint(tmp_path / "checkpoint.pt", "same")) == (1, 2)
    assert life("baseline", tmp_path) == 0
    assert left(tmp_path) == (ITERATIONS, whole)


def test_checkpoints_come_by_time(tmp_path: Path) -> None:
    """With ten minutes between two, a toy run makes none."""
    assert life("baseline", tmp_path, 10, ("discriminators", 6, signal.SIGKILL)) == -signal.SIGKILL
    assert not (tmp_path / "checkpoint.pt").exists()


def test_a_second_interrupt_ends_the_run_at_once() -> None:
    with stop_signals() as received:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert received == ["SIGTERM", "SIGTERM", "SIGINT"]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_an_ignored_signal_stays_ignored() -> None:
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_signals() as received:
            os.kill(os.getpid(), signal.SIGINT)
            assert received == []
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
