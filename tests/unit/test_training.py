"""The training loop: it learns, repeats itself bit for bit, resumes, and stops on a NaN."""

from pathlib import Path
from typing import Any

import pytest
import torch
from evaluation_helpers import random_faces
from small_models import SETTINGS, resumed_position, schedule, small_spec

from cascade_efgan.config.training_sections import Schedule
from cascade_efgan.errors import InputError
from cascade_efgan.methods import METHODS
from cascade_efgan.training.checkpoint import Checkpoint
from cascade_efgan.training.loop import Run, learning_rate_factor
from cascade_efgan.training.objective import Batch, Objective, build_objective
from cascade_efgan.training.start import prepare
from cascade_efgan.training.tensorboard_logger import TensorBoardLogger
from cascade_efgan.training.training_data import TrainingData

#: `cascade_from_scratch` has those of `cascade_ef_gan`.
NETWORKS = [name for name in METHODS if name != "cascade_from_scratch"]


def fresh_run(method: str, plan: Schedule, seed: int = 0) -> Run:
    return prepare(small_spec(method), random_faces(8), SETTINGS, plan, seed)


def run_once(tmp_path: Path, method: str, plan: Schedule, seed: int = 0) -> Run:
    run = fresh_run(method, plan, seed)
    checkpoint = Checkpoint(tmp_path / "checkpoint.pt", "same")
    run.train(checkpoint, TensorBoardLogger(None), every_minutes=0)
    checkpoint.remove()
    return run


def weights_of(run: Run) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in run.objective.generator.parameters()])


def test_learning_rate_is_constant_then_falls_linearly_to_zero() -> None:
    plan = Schedule(epochs=100, constant_epochs=50)
    factors = [learning_rate_factor(epoch, plan) for epoch in range(101)]
    assert factors[0] == factors[49] == factors[50] == 1.0
    assert factors[75] == 0.5 and factors[99] == pytest.approx(0.02) and factors[100] == 0.0


def test_the_discriminators_rate_is_a_multiple_of_the_generators() -> None:
    run = fresh_run("baseline", schedule(discriminator_rate=4))
    adams = run.optimizers.generator_optimiser, run.optimizers.discriminators_optimiser
    for rate in (1e-4, 5e-5):
        run.optimizers.learning_rate = rate
        assert [adam.param_groups[0]["lr"] for adam in adams] == pytest.approx([rate, 4 * rate])


@pytest.mark.parametrize("method", NETWORKS)
def test_same_seed_gives_the_same_weights_bit_for_bit(tmp_path: Path, method: str) -> None:
    first, again = (weights_of(run_once(tmp_path, method, schedule(epochs=1))) for _ in range(2))
    assert torch.isfinite(first).all()
    assert torch.equal(first, again)


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    first, other = (weights_of(run_once(tmp_path, "baseline", schedule(), seed)) for seed in (0, 1))
    assert not torch.equal(first, other)


def objective_of(method: str, **losses: Any) -> Objective:
    """A small objective whose loss weights are the default ones but for these."""
    return build_objective(small_spec(method), SETTINGS.losses.model_copy(update=losses), 0, torch.device("cpu"))


def batch_of_two() -> Batch:
    """Two random faces."""
    (batch,) = TrainingData(random_faces(2), torch.device("cpu")).epoch(2, False, 0)
    return batch


@pytest.mark.parametrize(
    ("method", "name", "most"),
    [
        ("stargan", "G/L_rec", 0.7), ("ganimation", "G/L_cont", 0.7), ("ef_gan", "G/L_cont", 0.7),
        ("baseline", "D/L_cond", 0.5), ("stargan", "D/L_cls", 0.5),
    ],
)  # fmt: skip
def test_a_batch_of_two_overfits(method: str, name: str, most: float) -> None:
    """A few steps on one batch: its reconstruction, or what a discriminator reads from it, gets clearly better.

    The AU heads are untrained as generators are, so their large weights would only drown what is tested.
    """
    side = name[0]
    weights = {"cond": 1.0, "ganimation_au": 1.0} if side == "G" else {}
    objective, batch = objective_of(method, **weights), batch_of_two()
    trained, loss_of, rate = {
        "G": (objective.generator, objective.generator_loss, 5e-3),
        "D": (objective.discriminators, objective.discriminator_loss, 2e-3),
    }[side]
    optimiser = torch.optim.Adam(trained.parameters(), lr=rate, betas=(0.5, 0.999))
    terms = []
    for _ in range(40):
        loss = loss_of(batch)
        optimiser.zero_grad()
        loss.total.backward()
        optimiser.step()
        terms.append(loss.terms[name].item())
    assert terms[-1] < most * terms[0]


def test_discriminator_losses_leave_the_generator_alone_and_vice_versa() -> None:
    objective, batch = objective_of("cascade_ef_gan"), batch_of_two()
    objective.discriminator_loss(batch).total.backward()
    assert all(p.grad is None for p in objective.generator.parameters())
    assert all(p.grad is not None for p in objective.discriminators.parameters())
    objective.discriminators.requires_grad_(False)
    objective.generator_loss(batch).total.backward()
    assert all(p.grad is not None for p in objective.generator.parameters())


def test_the_cascade_is_trained_end_to_end() -> None:
    """A loss on the last module reaches the first one's weights through the images between them."""
    objective, batch = objective_of("baseline_cascade"), batch_of_two()
    objective.edit(batch)[-1].sum().backward()
    color = objective.generator.get_submodule("steps.0.branches.face.color")
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in color.parameters())


def test_a_checkpoint_of_other_settings_or_a_torn_one_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    Checkpoint(path, "one").save({"epoch": 1})
    assert Checkpoint(path, "one").load() == {"epoch": 1}
    assert Checkpoint(path, "two").load() is None
    path.write_bytes(path.read_bytes()[:50])
    assert Checkpoint(path, "one").load() is None


def test_a_nan_stops_the_run_and_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    run = fresh_run("baseline", schedule(epochs=4))

    def poison(generator: torch.nn.Module, _given: object) -> None:
        if run.iteration == 6:
            next(generator.parameters()).data.fill_(float("nan"))

    run.objective.generator.register_forward_pre_hook(poison)
    with pytest.raises(InputError, match="epoch 3.*is not a number; lower learning_rate"):
        run.train(Checkpoint(path, "same"), TensorBoardLogger(None), every_minutes=0)
    assert resumed_position(Checkpoint(path, "same")) == (2, 1), "not the state with the NaN, one batch later"
    state = Checkpoint(path, "same").load()
    assert state is not None
    assert all(torch.isfinite(value).all() for value in state["generator"].values())


def test_records_hold_losses_of_all_epochs_of_a_resumed_run_too_and_sample_grids(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def train() -> EventAccumulator:
        records = TensorBoardLogger(tmp_path / "board")
        run = fresh_run("ef_gan", schedule(epochs=3))
        run.train(Checkpoint(tmp_path / "checkpoint.pt", "same"), records, every_minutes=0)
        records.close()
        return EventAccumulator(str(tmp_path / "board")).Reload()

    def curves(events: EventAccumulator) -> list[tuple[str, int, float]]:
        return [(tag, e.step, e.value) for tag in events.Tags()["scalars"] for e in events.Scalars(tag)]

    events = train()
    losses = {"D/L_adv", "D/L_gp", "D/L_cond", "G/L_adv", "G/L_cond", "G/L_cont", "G/L_attn"}
    assert losses <= set(events.Tags()["scalars"]) and len(events.Images("edits")) == 3
    assert curves(train()) == curves(events) and {step for _, step, _ in curves(events)} == {1, 2, 3}


@pytest.mark.parametrize(
    ("level", "words"), [(8.0, "edits ignore their input"), (-8.0, "edits copy their input"), (0.0, None)]
)
def test_saturated_attention_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, level: float, words: str | None
) -> None:
    run = fresh_run("baseline", schedule(epochs=1, constant_epochs=1))

    def saturate(_branch: torch.nn.Module, _given: object, made: tuple[torch.Tensor, torch.Tensor]) -> tuple:
        return made[0], torch.sigmoid(torch.logit(made[1]) + level)

    run.objective.generator.get_submodule("steps.0.branches.face").register_forward_hook(saturate)
    run.train(Checkpoint(tmp_path / "checkpoint.pt", ""), TensorBoardLogger(None), every_minutes=10)
    warnings = [record.getMessage() for record in caplog.records if "saturate" in record.getMessage()]
    assert len(warnings) == (words is not None) and all(str(words) in warning for warning in warnings)


def test_the_stored_generator_is_the_moving_average_of_its_weights(tmp_path: Path) -> None:
    last = run_once(tmp_path, "baseline", schedule(epochs=1, constant_epochs=1, batch=8))
    # Of a single generator step, the average is the weights after it; of more, it lies behind the last ones.
    one = run_once(tmp_path, "baseline", schedule(epochs=1, constant_epochs=1, batch=8, average=0.9))
    for kept, stored in zip(last.generator.parameters(), one.generator.parameters(), strict=True):
        assert torch.equal(kept, stored)
    many = run_once(tmp_path, "baseline", schedule(average=0.9))
    pairs = zip(many.objective.generator.parameters(), many.generator.parameters(), strict=True)
    assert any(not torch.equal(kept, stored) for kept, stored in pairs)


def batch_to_its_own_aus() -> Batch:
    """Four random faces whose targets are what they show."""
    faces = TrainingData(random_faces(4), torch.device("cpu"))
    return faces.batch(*torch.arange(4).repeat(2, 1), torch.zeros(4).bool())


def test_the_au_weight_is_divided_by_the_batch_where_a_setting_asks_for_it() -> None:
    batch, totals = batch_to_its_own_aus(), []
    for changes in ({"cond": 40.0, "au_by_batch": True}, {"cond": 10.0}):
        objective = objective_of("baseline", **changes)
        torch.manual_seed(0)
        totals.append((objective.discriminator_loss(batch).total, objective.generator_loss(batch).total))
    torch.testing.assert_close(totals[0], totals[1])


def test_an_edit_to_the_aus_that_an_image_shows_is_compared_with_it_where_a_setting_asks_for_it() -> None:
    batch, losses = batch_to_its_own_aus(), []
    for weight in (0.0, 2.0):
        torch.manual_seed(0)
        losses.append(objective_of("baseline", self_reconstruction=weight).generator_loss(batch))
    torch.testing.assert_close(losses[1].total - losses[0].total, 2 * losses[1].terms["G/L_self"])
    edits = objective_of("baseline").edit(batch)[-1]
    torch.testing.assert_close(losses[1].terms["G/L_self"], (edits - batch.image).abs().mean())
