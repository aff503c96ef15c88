"""The model card of published weights; every number in it is read from the run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, Template

from cascade_efgan.audit.release import RESULTS, Release
from cascade_efgan.audit.trail import commit_words
from cascade_efgan.data.records import read_records
from cascade_efgan.editing.runs import WEIGHTS
from cascade_efgan.errors import InputError
from cascade_efgan.tables.columns import table_columns
from cascade_efgan.tables.comparison_text import aligned
from cascade_efgan.tables.context import head_lines, read_context

if TYPE_CHECKING:
    from cascade_efgan.publishing.samples import Samples

CARD, TEMPLATE = "README.md", Path(__file__).with_name("card.md.jinja")
#: Tables whose numbers stand on the card: those of the ablation are in the others.
_TABLES = ("accuracy", "quality", "measures")
_ROWS = {"cascade_ef_gan": "These weights", "unchanged": "Doing nothing", "real": "Real images"}


@dataclass(frozen=True)
class Data:
    """What a card says of a data set.

    Attributes:
        origin: name, source and licence.
        limits: what weights that saw nothing else cannot do.
    """

    origin: str
    limits: str


#: Data sets of which samples may be published.
DATA = {
    "london": Data(
        "Face Research Lab London Set: DeBruine, L., & Jones, B. (2017), figshare, "
        "<https://doi.org/10.6084/m9.figshare.5047666.v5>, CC BY 4.0 (<https://creativecommons.org/licenses/by/4.0/>). "
        "The people photographed agreed to their images being used in studies, in their original or altered forms, and "
        "to illustrate research. `samples.png` shows crops of them, unchanged in its first and third row and edited in "
        "its second. AUs: OpenFace 2.2.",
        "Of photographs they saw adults, frontal, in one studio light, neutral and smiling: no photograph showed them "
        "another expression. Expect less of turned heads, glasses, beards, children, hard light, and of people unlike "
        "those of the set, whose ages and ethnicities `resources/london/people.csv` lists.",
    ),
    "rendered": Data(
        "Faces rendered by this project (`cascade_efgan.data.rendered`), of no living person; MIT licence. AUs: exact.",
        "They never saw a photograph: of photographs, expect stains and hardly any expression.",
    ),
}


def card_numbers(release: Release, dataset: str) -> dict[str, list[list[str]]]:
    """File of the results -> lines of Markdown cells (number, row, value, interval, people, images) that it gives.

    Raises:
        InputError: the run has no such numbers.
    """
    settings = read_context(release.path(f"{RESULTS}run.json"))["settings"]
    files = {f"{name}_statistics.csv": _statistics(release, name, dataset, settings) for name in _TABLES}
    if dataset == settings["wild"]["dataset"]:  # no table has a row of wild images
        files["claims.csv"] = _claims(release, dataset)
    found = {name: lines for name, lines in files.items() if lines}
    if not found:
        raise InputError(f"{release.folder}: no *_statistics.csv with numbers of {dataset}; publish a whole run")
    return found


def _statistics(release: Release, name: str, dataset: str, settings: dict[str, Any]) -> list[list[str]]:
    path = release.path(f"{RESULTS}{name}_statistics.csv")
    if not path.is_file():
        return []
    text = ("kind", "dataset", "column", "first", "value", "interval_low", "interval_high", "people", "n")
    lines = read_records(path, (*text, "missing_because"))
    lines = lines[(lines["kind"] == "interval") & (lines["dataset"] == dataset) & lines["first"].isin(_ROWS)]
    columns = {column.key: column for column in table_columns(name, settings)}
    found = []
    for line in lines.to_dict("records"):
        column, ends = columns[line["column"]], [line["interval_low"], line["interval_high"]]
        low, value, high = (f"{float(x):.{column.decimals}f}" if x else "" for x in (ends[0], line["value"], ends[1]))
        interval = f"{low} to {high}" if low else f"none: {line['missing_because']}"
        found.append([column.heading, _ROWS[line["first"]], value, interval, line["people"], line["n"]])
    return found


def _claims(release: Release, dataset: str) -> list[list[str]]:
    """What the claim about wild images measured."""
    text = ("kind", "id", "dataset", "words", "value", "unit", "interval_low", "interval_high", "people", "n")
    lines = read_records(release.path(f"{RESULTS}claims.csv"), text)
    lines = lines[(lines["kind"] == "part") & (lines["dataset"] == dataset) & (lines["value"] != "")]
    return [
        [line["words"], _ROWS["cascade_ef_gan"], f"{float(line['value']):.3g} {line['unit']}",
         f"{float(line['interval_low']):.3g} to {float(line['interval_high']):.3g}" if line["interval_low"] else "none",
         line["people"], line["n"]]
        for line in lines.to_dict("records")
    ]  # fmt: skip


def card(release: Release, dataset: str, source: str, psnr: dict[str, float], samples: "Samples") -> str:
    """The card as Markdown.

    Args:
        release: the run.
        dataset: data set that they were trained on.
        source: folder of the method, as the record names it.
        psnr: of all test edits, dB: `float32` and `bfloat16`.
        samples: what was stored.
    """
    context = read_context(release.path(f"{RESULTS}run.json"))
    level = f"{100 * context['settings']['statistics']['level']:g} %"
    numbers = [line for lines in card_numbers(release, dataset).values() for line in lines]
    weights = f"{source}/{WEIGHTS}"
    template = Template(TEMPLATE.read_text(encoding="utf-8"), undefined=StrictUndefined, keep_trailing_newline=True)
    return template.render(
        dataset=dataset, data=DATA[dataset], head=head_lines(context, [dataset]), commit=commit_words(release),
        pretraining=_pretraining(context["settings"]) if source.endswith("/wild") else "",
        init_from=context["settings"]["wild"].get("init_from"),  # records of former versions have none
        preset=context["preset"], weights=weights, weights_sha256=release.sha256(weights),
        record_sha256=release.fingerprint, level=level, psnr=psnr, samples=samples,
        table=aligned(["Number", "Of", "Value", f"{level} interval", "People", "Images"], numbers),
    )  # fmt: skip


def _pretraining(settings: Mapping[str, Any]) -> str:
    wild = settings["wild"]
    return wild.get("init_from") or " and ".join(wild["pretrain"] or settings["datasets"])
