"""Training curves: the losses of every method, epoch by epoch."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from cascade_efgan.data.records import read_records
from cascade_efgan.errors import InputError
from cascade_efgan.figures.caption import Caption, Drawn, Made
from cascade_efgan.figures.style import TEXT_WIDTH, TITLES, line_style
from cascade_efgan.methods import METHODS

#: Loss -> what it is. The paper's names; StarGAN's own losses last.
LOSSES = {
    "D/L_adv": "critic: adversarial (Eq. 3)",
    "D/L_gp": "critic: gradient penalty",
    "D/L_cond": "critic: AUs of real images (Eq. 4)",
    "D/L_interp": "critic of the Interpolator (Eq. 7)",
    "D/gradient_norm": "critic: size of the gradient",
    "G/L_adv": "generator: adversarial (Eq. 3)",
    "G/L_cond": "generator: AUs of edits (Eq. 4)",
    "G/L_cont": "generator: content (Eq. 5)",
    "G/L_attn": "generator: attention (Eq. 6)",
    "G/L_interp": "Interpolator (Eq. 7)",
    "G/L_tv": "generator: total variation",
    "G/attention_mean": "mean attention, 0 to 1",
    "G/gradient_norm": "generator: size of the gradient",
    "D/L_cls": "StarGAN critic: expression",
    "G/L_cls": "StarGAN: expression of edits",
    "G/L_rec": "StarGAN: reconstruction",
}

_COLUMNS, _ROW_HEIGHT = 4, 1.25


def read_curves(path: Path) -> pd.DataFrame:
    """`epoch` and losses of a training, one row per epoch; NaN where an epoch had no step of the generator.

    Raises:
        InputError: missing file, no epoch, or a loss that is no number.
    """
    found = read_records(path, (), ["epoch"])
    curves = found.replace("", "nan")
    try:
        curves = curves.astype(float)
    except ValueError as error:
        raise InputError(f"{path}: a loss is no number ({error}); train again") from None
    if curves.empty:
        raise InputError(f"{path}: no epoch; train again")
    return curves


def draw_curves(curves: Mapping[str, pd.DataFrame], made: Made) -> Drawn:
    """A panel for every loss, a line for every method of `curves` that has it.

    A cascade is drawn after the epochs of the single-step method that it starts from.
    """
    present = {name for frame in curves.values() for name in frame.columns if name != "epoch"}
    losses = [*(name for name in LOSSES if name in present), *sorted(present - set(LOSSES))]
    rows = -(-len(losses) // _COLUMNS)
    figure, axes = plt.subplots(
        rows, _COLUMNS, figsize=(TEXT_WIDTH, rows * _ROW_HEIGHT + 0.35), squeeze=False, layout="constrained"
    )
    figure.get_layout_engine().set(h_pad=0.09)  # type: ignore[union-attr,call-arg]
    starts = {name: _start(name, curves) for name in curves}
    for axis, loss in zip(axes.flat, losses, strict=False):
        for method, frame in curves.items():
            if loss in frame:
                style = line_style(method) | ({"marker": ""} if len(frame) > 3 else {})
                axis.plot(frame["epoch"] + starts[method], frame[loss], **style)
        _dress(axis, loss, [frame[loss] for frame in curves.values() if loss in frame])
        for start in {start for name, start in starts.items() if start and loss in curves[name]}:
            axis.axvline(start + 0.5, color="#777777", linewidth=0.6, linestyle=(0, (1, 2)))
    for axis in axes.flat[len(losses) :]:
        axis.set_axis_off()
    for axis in axes[-1]:
        axis.set_xlabel("epoch")
    handles = [plt.Line2D([], [], **line_style(name)) for name in curves]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure, _caption(curves, made)


def _start(method: str, curves: Mapping[str, pd.DataFrame]) -> float:
    info = METHODS.get(method)
    before = curves.get(info.pretrained) if info and info.pretrained else None
    return 0.0 if before is None else float(before["epoch"].max())


def _dress(axis: Axes, loss: str, values: list[pd.Series]) -> None:
    words = [loss.replace("/", " "), *([LOSSES[loss]] if loss in LOSSES else [])]
    title = axis.set_title("\n".join(words), fontsize=5.8, linespacing=1.15, loc="left")
    title.set_in_layout(False)  # wider than its panel, which must not become narrower for it
    low, high = min(one.min() for one in values), max(one.max() for one in values)
    if low > 0 and high / low > 30:
        axis.set_yscale("log")
        axis.yaxis.set_minor_formatter("")
    axis.margins(x=0.03)
    axis.xaxis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]


def _caption(curves: Mapping[str, pd.DataFrame], made: Made) -> Caption:
    epochs = {name: len(frame) for name, frame in curves.items()}
    counts = ", ".join(f"{TITLES[name]} {count}" for name, count in epochs.items())
    return Caption(
        title="Training curves",
        text=f"""Training curves. Losses of every method, mean over an epoch, before their weights of Eq. 8; D are
            critics, G generators. Critic losses of different methods cannot be compared: each has critics of its own. A
            cascade starts where its single-step method ends, at the dotted line. Ordinates with a wide range are
            logarithmic. Epochs: {counts}.""",
        n=epochs,
    )
