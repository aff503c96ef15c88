"""TensorBoard records of a run: losses by their paper names, and what the generator makes of fixed faces."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from cascade_efgan.training.objective import Objective
from cascade_efgan.training.training_data import TrainingData

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

#: Faces in a sample grid, and how many grids a run leaves.
FACES, GRIDS = 8, 10


class TensorBoardLogger:
    """Writes to one TensorBoard folder.

    Args:
        folder: emptied first, so that curves of a former run do not mix in; None records nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.writer: SummaryWriter | None = None
        if folder is not None:
            from torch.utils import tensorboard  # here: with it come a dozen other packages

            shutil.rmtree(folder, ignore_errors=True)
            self.writer = tensorboard.SummaryWriter(str(folder))

    def losses(self, epoch: int, values: Mapping[str, float]) -> None:
        """Scalars of one epoch."""
        if self.writer is not None:
            for name, value in values.items():
                self.writer.add_scalar(name, value, epoch)

    @torch.no_grad()
    def samples(self, epoch: int, epochs: int, objective: Objective, samples: TrainingData) -> None:
        """In about `GRIDS` epochs of a run, the last among them: the first faces, then every step's edit of them.

        Their targets are the AUs of the faces after them.
        """
        if self.writer is None or (epoch != epochs and epoch % max(1, epochs // GRIDS)):
            return
        count = min(FACES, len(samples))
        rows = torch.arange(count, device=samples.images.device)
        batch = samples.batch(rows, (rows + count) % len(samples), torch.zeros_like(rows, dtype=torch.bool))
        objective.generator.eval()
        grid = torch.cat([torch.cat(list(images), dim=2) for images in (batch.image, *objective.edit(batch))], dim=1)
        objective.generator.train()
        self.writer.add_image("edits", (grid.float().cpu() + 1) / 2, epoch)

    def close(self) -> None:
        """Flush and close the files."""
        if self.writer is not None:
            self.writer.close()
