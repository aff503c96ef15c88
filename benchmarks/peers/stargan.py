"""yunjey/stargan: its own `Solver.train()`, RaFD mode with 8 expressions, its main's default options."""

from types import SimpleNamespace

import torch

from benchmarks.sides import SIZE, Feed, Task, TrainingSide

#: Intervals of logs, samples and checkpoints: never within a measurement.
NEVER = 10**9


class StarGANTraining(TrainingSide):
    """Its optimiser iteration; `.item()` of its losses in every iteration belongs to it.

    Nothing is patched. It takes the GPU where PyTorch shows one: the worker hides it for measurements on the CPU.
    """

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        import solver

        torch.backends.cudnn.benchmark = True  # as its main.py sets it
        config = SimpleNamespace(
            c_dim=8, c2_dim=8, image_size=SIZE, g_conv_dim=64, d_conv_dim=64, g_repeat_num=6, d_repeat_num=6,
            lambda_cls=1, lambda_rec=10, lambda_gp=10, dataset="RaFD", batch_size=task.batch, num_iters=0,
            num_iters_decay=100000, g_lr=1e-4, d_lr=1e-4, n_critic=task.every, beta1=0.5, beta2=0.999,
            resume_iters=None, selected_attrs=[], test_iters=0, use_tensorboard=False, log_dir="", sample_dir="",
            model_save_dir="", result_dir="", log_step=NEVER, sample_step=NEVER, model_save_step=NEVER,
            lr_update_step=NEVER,
        )  # fmt: skip
        self.solver = solver.Solver(None, None, config)
        images = (torch.rand(task.batch, 3, SIZE, SIZE) * 2 - 1 for _ in range(4))
        self.batches = [(image, torch.randint(8, (task.batch,))) for image in images]
        self.split(self.solver.d_optimizer)

    def loop(self, iterations: int) -> None:
        """Its training loop; the first batch that it fetches is for its pictures and is not counted."""
        self.solver.rafd_loader = Feed(self.batches, self.stopwatch, iterations + 1)
        self.solver.num_iters = iterations
        self.solver.train()
        self.stopwatch.tick()
        del self.stopwatch.ticks[0]
