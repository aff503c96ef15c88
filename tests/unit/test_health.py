"""Signs of a training that went wrong, below the tables."""

import pandas as pd
import pytest
from table_helpers import number, run, sorted_metrics

from cascade_efgan.tables.build import build_table
from cascade_efgan.tables.render import markdown


@pytest.mark.parametrize(
    ("loss", "value", "said"),
    [
        ("G/attention_mean", 0.01, "the masks are closed (mean 0.010)"),
        ("G/attention_mean", 0.99, "the masks are open (mean 0.990)"),
        ("D/L_gp", 0.95 * 15, "the critics' gradients are nearly zero (penalty 0.95 each)"),
        ("D/L_gp", 0.95, None),
        ("G/attention_mean", 0.3, None),
    ],
)
def test_a_training_that_failed_is_named_below_the_table(loss: str, value: float, said: str | None) -> None:
    """Else a reader takes the number of a network that never learnt for the method's."""
    lines = [{"epoch": 1, "value": 0.5}, {"epoch": 2, "value": value}]
    curves = pd.DataFrame(lines).assign(dataset="rendered", seed=0, method="cascade_ef_gan", loss=loss)
    made = build_table("measures", run("rendered"), {}, curves=curves)
    found = [line for line in made.warnings if said and said in line]
    assert len(found) == len(made.warnings) == (said is not None)
    assert all(f"- {line}\n" in markdown(made) and line.startswith("Cascade EF-GAN, Rendered") for line in found)


@pytest.mark.parametrize(("maps", "said"), [(1.2, 0), (0.1, 1)])
def test_masks_of_the_face_may_be_closed_where_local_ones_paint(maps: float, said: int) -> None:
    """Twelve maps of three modules: edits that three quarters of a test recognised were said to copy their input."""
    losses = {"G/attention_mean": 0.01, "G/L_attn": maps}
    lines = [{"epoch": 1, "loss": loss, "value": value} for loss, value in losses.items()]
    curves = pd.DataFrame(lines).assign(dataset="rendered", seed=0, method="cascade_ef_gan")
    assert len(build_table("measures", run("rendered"), {}, curves=curves).warnings) == said


@pytest.mark.parametrize(("metric", "edited", "unchanged"), [("au_error", 0.27, 1.03), ("psnr_true", 25.9, 25.0)])
def test_small_masks_are_no_copies_where_the_edits_differ_from_their_input(metric, edited, unchanged) -> None:
    """Maps of 0.003 and 0.014 made edits of which nine in ten were recognised, and were said to copy."""
    curves = pd.DataFrame([{"epoch": 1, "value": 0.003}]).assign(
        dataset="rendered", seed=0, method="cascade_ef_gan", loss="G/attention_mean"
    )
    for value, said in ((edited, 0), (unchanged, 1)):
        metrics = sorted_metrics(number(metric, "cascade_ef_gan", value), number(metric, "unchanged", unchanged))
        warnings = build_table("measures", run("rendered"), metrics, curves=curves).warnings
        assert sum("masks are closed" in line for line in warnings) == said


@pytest.mark.parametrize(
    ("metric", "edited", "unchanged", "said"),
    [
        ("au_error", 0.95, 1.0, "hardly nearer to their targets"),
        ("au_error", 0.85, 1.0, None),
        ("psnr_true", 22.5, 26.0, "3.5 dB below doing nothing"),
        ("psnr_true", 24.0, 26.0, None),
    ],
)
def test_edits_that_do_not_follow_or_do_damage_are_named(
    metric: str, edited: float, unchanged: float, said: str | None
) -> None:
    metrics = sorted_metrics(number(metric, "ef_gan", edited), number(metric, "unchanged", unchanged))
    warnings = build_table("ablation", run("rendered"), metrics).warnings
    assert [said in line for line in warnings if said] == [True] * (said is not None)
    assert len(warnings) == (said is not None)
