"""donydchen/ganimation_replicate: its own `Solver.train_epoch()` and generator forward, its default options."""

import tempfile
from typing import Any

import torch

from benchmarks.sides import AUS, SIZE, Feed, Side, Task, TrainingSide


def options(task: Task, mode: str) -> Any:
    """Its default options, without visdom."""
    from options import Options

    words = ["--data_root", "none", "--visdom_display_id", "0", "--mode", mode, "--batch_size", str(task.batch)]
    opt = Options().initialize().parse_args(words)
    opt.gpu_ids = [0] if task.device == "cuda" else []
    if task.device == "cuda":  # as its Options.parse sets them
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    opt.name, opt.ckpt_dir = "benchmark", tempfile.gettempdir()
    return opt


def random_batch(size: int) -> dict[str, torch.Tensor]:
    """A batch as its data loader gives it: AUs in float64."""
    images = [torch.rand(size, 3, SIZE, SIZE) * 2 - 1 for _ in range(2)]
    aus = [torch.rand(size, AUS, dtype=torch.float64) for _ in range(2)]
    return {"src_img": images[0], "tar_img": images[1], "src_aus": aus[0], "tar_aus": aus[1]}


class ReplicateTraining(TrainingSide):
    """Its optimiser iteration. Nothing is patched."""

    generator_at = 0

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        from model import create_model
        from solvers import Solver

        opt = options(task, "train")
        opt.train_gen_iter = task.every
        self.solver = Solver()
        self.solver.initialize(opt)
        # What its init_train_setting and train_networks do, without a data set.
        self.solver.train_model = create_model(opt)
        self.solver.train_total_steps, self.solver.cur_lr = 0, opt.lr
        self.solver.epoch_len = opt.niter + opt.niter_decay
        self.batches = [random_batch(task.batch) for _ in range(4)]
        self.split(self.solver.train_model.optim_dis)

    def loop(self, iterations: int) -> None:
        """One epoch of its own, over ready batches."""
        self.solver.train_dataset = Feed(self.batches, self.stopwatch, iterations)
        self.solver.train_epoch(1)
        self.stopwatch.tick()


class ReplicateGeneration(Side):
    """Its generator forward in test mode under `no_grad`, as its test_ops calls it."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        from model import create_model

        self.model = create_model(options(task, "test"))
        self.model.feed_batch(random_batch(task.batch))

    def _repeat(self) -> None:
        """Edit one batch."""
        with torch.no_grad():
            self.model.forward()
