"""What a figure is of: its caption in a JSON file beside it, which the report and the web page show."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from cascade_efgan.config import Settings, settings_from_flags
from cascade_efgan.datasets import dataset_title
from cascade_efgan.errors import InputError
from cascade_efgan.figures.style import figure_style, save_figure
from cascade_efgan.files import write_json

#: PNG, PDF and JSON of a figure.
Files = tuple[Path, Path, Path]


@dataclass(frozen=True)
class Made:
    """What made a figure; `drawn`: the setting figures.seed, by which people and images are drawn."""

    dataset: str
    preset: str
    seed: int
    drawn: int

    @property
    def sentence(self) -> str:
        """The last words of a caption."""
        return f"Data: {dataset_title(self.dataset)}. Preset {self.preset}, seed {self.seed}."


@dataclass(frozen=True)
class Caption:
    """What a figure shows.

    Attributes:
        text: what is seen, which people and images were taken and how, and how many values are behind it.
        n: what is counted -> how many are shown or are behind the figure.
        paper_figure: number of the paper's figure, for instance `11, 13`; None where the paper has none.
        numbers: values that the figure shows, where they are no pictures.
    """

    title: str
    text: str
    n: dict[str, int]
    paper_figure: str | None = None
    numbers: dict[str, Any] = field(default_factory=dict)


Drawn = tuple[Figure, Caption]


def write_figure(files: Files, drawn: Drawn, made: Made) -> None:
    """Write a figure with its caption; the same figure gives the same bytes.

    Raises:
        InputError: the files are no PNG, PDF and JSON.
    """
    if [path.suffix for path in files] != [".png", ".pdf", ".json"]:
        raise InputError(f"{' '.join(map(str, files))}: expected a PNG, a PDF and a JSON file, in this order")
    figure, caption = drawn
    save_figure(figure, *files[:2])
    values = {
        "name": files[2].stem,
        "title": caption.title,
        "paper_figure": caption.paper_figure,
        "caption": f"{' '.join(caption.text.split())} {made.sentence}",
        **asdict(made),
        "n": caption.n,
        "numbers": caption.numbers,
    }
    # Signs stay signs: the report includes the caption as it is in this file.
    write_json(files[2], values, ensure_ascii=False)


@contextmanager
def drawing(
    dataset: str, seed: int, words: list[str]
) -> Iterator[tuple[Made, Settings, Callable[[Files, Drawn], None]]]:
    """Draw a stage's figures inside this block: what made them, the settings by its flags, and what writes one.

    Raises:
        InputError: a wrong setting.
    """
    settings = settings_from_flags(words)
    made = Made(dataset, settings.preset, seed, settings.figures.seed)
    with figure_style():
        yield made, settings, partial(write_figure, made=made)


def people_drawn(shown: pd.DataFrame, edits: pd.DataFrame, made: Made, shift: int = 0) -> str:
    """Whose edits some of a data set's edits are, and how they were chosen: by `figures.seed`, plus `shift`."""
    people = f"{shown['person'].nunique()} of the {edits['person'].nunique()} test people"
    return f"{people}, drawn at random (figures.seed {made.drawn}{f' + {shift}' if shift else ''})"
