"""Signs of a training that went wrong, below the tables."""

import pandas as pd
import pytest
from table_helpers import number, run, table

from cascade_efgan.tables.render import markdown


def warnings(losses: dict[str, float], **values: tuple[float, float]) -> list[str]:
    """Below the table of a cascade whose last epoch had these losses: metrics of its edits, and of doing nothing."""
    lines = [{"epoch": epoch, "loss": loss, "value": value * (epoch - 1)} for loss, value in losses.items()
             for epoch in (1, 2)]  # fmt: skip
    curves = pd.DataFrame(lines, columns=["epoch", "loss", "value"])
    curves = curves.assign(dataset="rendered", seed=0, method="cascade_ef_gan")
    numbers = [number(name, method, value) for name, pair in values.items()
               for method, value in zip(("cascade_ef_gan", "unchanged"), pair, strict=True)]  # fmt: skip
    made = table("measures", run("rendered"), *numbers, curves=curves)
    assert all(
        f"- {line}\n" in markdown(made) and line.startswith("Cascade EF-GAN, Rendered") for line in made.warnings
    )
    return made.warnings


@pytest.mark.parametrize(
    ("losses", "values", "said"),
    [
        ({"G/attention_mean": 0.01}, {}, "the masks are closed (mean 0.010)"),
        ({"G/attention_mean": 0.99}, {}, "the masks are open (mean 0.990)"),
        ({"G/attention_mean": 0.3}, {}, None),
        ({"D/L_gp": 0.95 * 15}, {}, "the critics' gradients are nearly zero (penalty 0.95 each)"),
        ({"D/L_gp": 0.95}, {}, None),
        # Twelve maps of three modules: edits that three quarters of a test recognised were said to copy their input.
        ({"G/attention_mean": 0.01, "G/L_attn": 1.2}, {}, None),
        ({"G/attention_mean": 0.01, "G/L_attn": 0.1}, {}, "the masks are closed"),
        # Maps of 0.003 and 0.014 made edits of which nine in ten were recognised, and were said to copy.
        ({"G/attention_mean": 0.003}, {"au_error": (0.27, 1.03)}, None),
        ({"G/attention_mean": 0.003}, {"psnr_true": (25.9, 25.0)}, None),
        ({"G/attention_mean": 0.003}, {"psnr_true": (25.0, 25.0)}, "the masks are closed"),
        ({}, {"au_error": (0.95, 1.0)}, "hardly nearer to their targets"),
        ({}, {"au_error": (0.85, 1.0)}, None),
        ({}, {"psnr_true": (22.5, 26.0)}, "3.5 dB below doing nothing"),
        ({}, {"psnr_true": (24.0, 26.0)}, None),
    ],
)
def test_what_went_wrong_is_named_below_the_table_and_nothing_else(losses, values, said: str | None) -> None:
    """Else a reader takes the number of a network that never learnt for the method's."""
    found = warnings(losses, **values)
    assert len(found) == (said is not None) and all(str(said) in line for line in found)
