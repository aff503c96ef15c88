"""mseitzer/pytorch-fid: its own features of PNG files and its own distance."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.fid_inputs import full_size_features, png_files
from benchmarks.sides import Side, Task

#: pytorch-fid's own defaults.
BATCH, DIMS = 50, 2048


class PytorchFid(Side):
    """Its functions, part by part, or the whole of what its command calls.

    Patched: its download of the weights reads `Task.weights` instead, the file that both sides use.
    """

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        from pytorch_fid import fid_score, inception

        state = torch.load(task.weights, map_location="cpu", weights_only=True)
        inception.load_state_dict_from_url = lambda *_, **__: state
        self.score = fid_score
        self.real, self.edits = (png_files(Path(task.pictures) / name) for name in ("real", "edits"))
        self.activations: list[np.ndarray] = []
        if task.full:
            return
        self.model = inception.InceptionV3([inception.InceptionV3.BLOCK_INDEX_BY_DIM[DIMS]]).to(task.device)
        self.full_size = full_size_features()

    def _features(self) -> dict[str, Any]:
        done = len(self.activations) * self.task.batch
        files = (self.real + self.edits)[done : done + self.task.batch]
        # No worker processes: starting them for one batch would cost more than they save.
        values = self.score.get_activations(files, self.model, self.task.batch, DIMS, self.task.device, 0)
        self.activations.append(values)
        return {"images": len(values)}

    def _statistics(self) -> None:
        self.gaussians = [(np.mean(values, axis=0), np.cov(values, rowvar=False)) for values in self.full_size]

    def _distance(self) -> dict[str, Any]:
        (mean1, covariance1), (mean2, covariance2) = self.gaussians
        return {"value": float(self.score.calculate_frechet_distance(mean1, covariance1, mean2, covariance2))}

    def _value(self) -> dict[str, Any]:
        values = np.concatenate(self.activations)
        parts = values[: len(self.real)], values[len(self.real) :]
        self.gaussians = [(np.mean(part, axis=0), np.cov(part, rowvar=False)) for part in parts]
        return self._distance()

    def _whole(self) -> dict[str, Any]:
        folders = [str(Path(self.task.pictures) / name) for name in ("real", "edits")]
        workers = min(8, torch.get_num_threads())
        value = self.score.calculate_fid_given_paths(folders, BATCH, self.task.device, DIMS, workers)
        return {"value": float(value)}
