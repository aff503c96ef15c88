"""The data sets: what settings, workflow, tables and pages say of each, once.

A new one is a module of its name in `data/sources` with a function `NAME_photos(Request) -> SourcePhotos`, its name and
line here, and its section in `config.data_sections`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal


@dataclass(frozen=True)
class Licence:
    """Of a data set that others own: its name as they write it, and the public address where it is requested."""

    title: str
    request_at: str


@dataclass(frozen=True)
class DataSet:
    """What is known of a data set without opening it.

    Attributes:
        licence: where others own it and only its user can obtain it.
        true_edits: the perfect edit of each face is known, because the project renders it.
        in_paper: the paper's tables show it (Sec. 4.1).
    """

    title: str
    licence: Licence | None = None
    true_edits: bool = False
    in_paper: bool = False


DATASETS: dict[str, DataSet] = {
    "rendered": DataSet("Rendered faces", true_edits=True),
    "london": DataSet("London Set"),
    "rafd": DataSet("RaFD", Licence("the Radboud Faces Database (RaFD)", "https://rafd.socsci.ru.nl"), in_paper=True),
    "cfeed": DataSet(
        "CFEED",
        Licence(
            "the Compound Facial Expressions of Emotion database (CFEE)",
            "https://cbcsl.ece.ohio-state.edu/compound.html",
        ),
        in_paper=True,
    ),
    "affectnet": DataSet("AffectNet", Licence("AffectNet", "http://mohammadmahoor.com/pages/databases/affectnet/")),
    "folder": DataSet("Own photographs"),
}

#: A data set's name as a type that settings validate.
if TYPE_CHECKING:
    DatasetName = str
else:
    DatasetName = Literal[tuple(DATASETS)]

TRUE_EDITS = tuple(name for name, about in DATASETS.items() if about.true_edits)
PAPER_DATASETS = tuple(name for name, about in DATASETS.items() if about.in_paper)


def dataset_title(name: str) -> str:
    """A data set's name in a table; several that were put together, as they are called."""
    return DATASETS[name].title if name in DATASETS else name


def source_module(dataset: str) -> str:
    """The module that reads a data set."""
    return f"cascade_efgan.data.sources.{dataset}"
