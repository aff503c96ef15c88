"""Generation and evaluation of arrays larger than the memory that they may use.

The work is done in a process whose private memory (the kernel's RLIMIT_DATA: heaps and anonymous maps, those of NumPy
and PyTorch alike; files mapped into memory do not count) is limited once the libraries are warm. The arrays are holes
in files: large to read, nothing on the disk.
"""

import multiprocessing
import resource
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.dataset import INDEX_TEXT, Faces, load_images
from cascade_efgan.evaluation.features import feature_batches
from cascade_efgan.evaluation.packed_edits import Edits
from cascade_efgan.evaluation.similarity import compare_edits, true_counterparts
from cascade_efgan.evaluation.statistics import statistics
from cascade_efgan.evaluation.trainer import predict
from cascade_efgan.generation.edit import edit_all, trained
from cascade_efgan.generation.edit_plan import EDIT_TEXT

#: Memory that the work may use beyond what the warm process has, and the size of the array: at least three times that.
ALLOWED, ARRAY = 64 << 20, 200 << 20
SIDE = 64
COUNT = ARRAY // (SIDE * SIDE * 3)
CPU = torch.device("cpu")

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["pytest", "cascade_efgan.training.start", "cascade_efgan.evaluation.trainer"])


class Means(nn.Module):
    """Stands in for a network that measures: the mean of each image."""

    name = "means"

    def forward(self, images: Tensor) -> Tensor:
        return images.float().flatten(1).mean(dim=1, keepdim=True)


class Copies(nn.Module):
    """Stands in for a generator: one step, whose edits are its inputs."""

    def forward(self, image: Tensor, _source: Tensor, _target: Tensor) -> list[SimpleNamespace]:
        return [SimpleNamespace(final=image.clone())]


def images_of(folder: Path) -> np.ndarray:
    return load_images(folder / "images.npy")


def rows_of(columns: tuple[str, ...], count: int, name: str) -> pd.DataFrame:
    """So many sad faces that are to be happy; the column `name` numbers them."""
    same = dict.fromkeys(columns, "sad") | {"target_expression": "happy"} | dict.fromkeys(AUS, 1.0)
    return pd.DataFrame(same, index=range(count)).assign(**{name: [f"face{row}" for row in range(count)]})


def generation(folder: Path, count: int) -> None:
    faces = Faces(images_of(folder), rows_of(INDEX_TEXT, count, "id"))
    edit_batch = trained(Copies(), faces, CPU)
    plan = rows_of(EDIT_TEXT, count, "source_id")
    assert sum(len(batch) for batch in edit_all(plan, faces, edit_batch, 16)) == count


def features(folder: Path, count: int) -> None:
    batches = feature_batches(Means(), images_of(folder), np.arange(count), 16, CPU)  # type: ignore[arg-type]
    assert statistics(batches, "inception").n == count


def accuracy(folder: Path, count: int) -> None:
    assert predict(Means(), images_of(folder), np.arange(count), CPU).shape == (count, 1)


def psnr(folder: Path, count: int) -> None:
    edits = Edits(images_of(folder), rows_of(EDIT_TEXT, count, "source_id"))
    found = compare_edits(edits, true_counterparts(edits, edits), "no_true_edit")
    assert (found.values, found.details["left_out"]["identical"]) == ([], count)


def greedy(folder: Path, count: int) -> None:
    """What none of them may do."""
    assert np.array(images_of(folder)[:count]).sum() == 0


def limited(work: Callable[[Path, int], None], folder: Path) -> None:
    """Some work on a few images, which allocates what stays; then on all of them, in limited memory."""
    torch.set_num_threads(1)
    work(folder, 64)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    used = next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmData"))
    resource.setrlimit(resource.RLIMIT_DATA, (used + ALLOWED, used + ALLOWED))
    work(folder, COUNT)


@pytest.mark.parametrize(("work", "exit_code"), [(generation, 0), (features, 0), (accuracy, 0), (psnr, 0), (greedy, 1)])
def test_memory_does_not_grow_with_the_number_of_images(
    work: Callable[[Path, int], None], exit_code: int, tmp_path: Path
) -> None:
    np.lib.format.open_memmap(tmp_path / "images.npy", mode="w+", dtype=np.uint8, shape=(COUNT, SIDE, SIDE, 3))
    process = processes.Process(target=limited, args=(work, tmp_path))
    process.start()
    process.join(300)
    assert process.exitcode == exit_code
