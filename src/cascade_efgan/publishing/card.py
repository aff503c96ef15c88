"""The model card of published weights; every number in it is read from the run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import StrictUndefined, Template

from cascade_efgan.audit.release import RESULTS, Release
from cascade_efgan.audit.trail import commit_words
from cascade_efgan.config.resolve import config_words
from cascade_efgan.data.records import read_records
from cascade_efgan.editing.runs import DESCRIPTION, WEIGHTS
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import UNITS
from cascade_efgan.evaluation.significance import bootstrap_interval
from cascade_efgan.evaluation.values import read_several
from cascade_efgan.methods import METHODS
from cascade_efgan.models.build import ModelSpec
from cascade_efgan.tables.columns import table_columns
from cascade_efgan.tables.comparison_text import aligned
from cascade_efgan.tables.context import head_lines, read_context

CARD, TEMPLATE = "README.md", Path(__file__).with_name("card.md.jinja")
#: Tables whose numbers stand on the card.
_TABLES = ("accuracy", "quality", "ablation", "measures")
_THESE = "These weights"
_ROWS = {"unchanged": "Doing nothing", "real": "Real images"}


@dataclass(frozen=True)
class DatasetNotes:
    """What a card says of a data set: name, source and licence; what weights that saw nothing else cannot do."""

    origin: str
    limits: str


#: Numbers of wild images in words.
WILD_NUMBERS = {
    "au_approach": "how much nearer to the target the AUs read from an edit are than its source's",
    "change_outside": "change outside the face",
}

#: Data sets of which samples may be published.
PUBLISHABLE = {
    "london": DatasetNotes(
        "Face Research Lab London Set: DeBruine, L., & Jones, B. (2017), figshare, "
        "<https://doi.org/10.6084/m9.figshare.5047666.v5>, CC BY 4.0 (<https://creativecommons.org/licenses/by/4.0/>). "
        "The people photographed agreed to their images being used in studies, in their original or altered forms, and "
        "to illustrate research. `samples.png` shows crops of them, unchanged in its first and third row and edited in "
        "its second. AUs: OpenFace 2.2.",
        "Of photographs they saw adults, frontal, in one studio light, neutral and smiling: no photograph showed them "
        "another expression. Expect less of turned heads, glasses, beards, children, hard light, and of people unlike "
        "those of the set, whose ages and ethnicities `resources/london/people.csv` lists.",
    ),
    "rendered": DatasetNotes(
        "Faces rendered by this project (`cascade_efgan.data.rendered`), of no living person; MIT licence. AUs: exact.",
        "They never saw a photograph: of photographs, expect stains and hardly any expression.",
    ),
}


def card_numbers(release: Release, dataset: str, source: str) -> dict[str, list[list[str]]]:
    """File of the results -> lines of Markdown cells (number, row, value, interval, people, images) that it gives.

    `source`: folder of the weights, as the record names it. `InputError`: the run has no numbers of the data set.
    """
    settings = read_context(release.path(f"{RESULTS}run.json"))["settings"]
    if source.endswith("/wild"):  # no table has a row of wild images
        name = f"{source}/values_claims.csv"
        files = {name.removeprefix(RESULTS): _wild_numbers(release.path(name), settings["statistics"])}
    else:
        method = source.rpartition("/")[2]
        files = {f"{name}_statistics.csv": _statistics(release, name, dataset, method, settings) for name in _TABLES}
    found = {name: lines for name, lines in files.items() if lines}
    if not found:
        raise InputError(f"{release.folder}: no *_statistics.csv with numbers of {dataset}; publish a whole run")
    return found


def _statistics(release: Release, name: str, dataset: str, method: str, settings: dict[str, Any]) -> list[list[str]]:
    path = release.path(f"{RESULTS}{name}_statistics.csv")
    if not path.is_file():
        return []
    text = ("kind", "dataset", "column", "first", "value", "interval_low", "interval_high", "people", "n")
    lines = read_records(path, (*text, "missing_because"))
    rows = {method: _THESE, **_ROWS}
    lines = lines[(lines["kind"] == "interval") & (lines["dataset"] == dataset) & lines["first"].isin(rows)]
    columns = {column.key: column for column in table_columns(name, settings)}
    found = []
    for line in lines.to_dict("records"):
        column, ends = columns[line["column"]], [line["interval_low"], line["interval_high"]]
        low, value, high = (f"{float(x):.{column.decimals}f}" if x else "" for x in (ends[0], line["value"], ends[1]))
        interval = f"{low} to {high}" if low else f"none: {line['missing_because']}"
        found.append([column.heading, rows[line["first"]], value, interval, line["people"], line["n"]])
    return found


def _wild_numbers(path: Path, chosen: Mapping[str, Any]) -> list[list[str]]:
    """What editing changes in wild images, as the claim of Sec. 4.5 measures it."""
    if not path.is_file():
        return []
    found = []
    for values in read_several(path):
        mean = bootstrap_interval(values.table, chosen["resamples"], chosen["seed"], chosen["level"])
        ends = "none" if mean.low is None else f"{mean.low:.3g} to {mean.high:.3g}"
        number = f"{mean.value:.3g} {UNITS[values.metric]}"
        found.append([WILD_NUMBERS[values.metric], _THESE, number, ends, str(mean.people), str(mean.n)])
    return found


def card(release: Release, dataset: str, source: str, psnr: dict[str, float], samples: pd.DataFrame) -> str:
    """The card as Markdown. `source`: as in `card_numbers`; `psnr`: of all test edits, dB, `float32` and `bfloat16`."""
    context = read_context(release.path(f"{RESULTS}run.json"))
    level = f"{100 * context['settings']['statistics']['level']:g} %"
    lines = card_numbers(release, dataset, source).values()
    numbers = list({(line[0], line[1]): line for of_file in lines for line in of_file}.values())  # tables share rows
    weights = f"{source}/{WEIGHTS}"
    wild = context["settings"]["wild"]
    pretraining = " and ".join(wild["pretrain"] or context["settings"]["datasets"])
    if start := wild.get("init_from"):
        pretraining = f"rendered faces (the package's `{start}`)"
    spec = ModelSpec.from_json(release.path(f"{source}/{DESCRIPTION}"))
    template = Template(TEMPLATE.read_text(encoding="utf-8"), undefined=StrictUndefined, keep_trailing_newline=True)
    return template.render(
        dataset=dataset, method=METHODS[spec.method].title, crop_size=spec.crop_size,
        data=PUBLISHABLE[dataset], head=head_lines(context, [dataset]),
        commit=commit_words(release),
        pretraining=pretraining if source.endswith("/wild") else "",
        config=config_words(context["settings"]), weights=weights, weights_sha256=release.sha256(weights),
        record_sha256=release.fingerprint, level=level, psnr=psnr, samples=samples,
        table=aligned(["Number", "Of", "Value", f"{level} interval", "People", "Images"], numbers),
    )  # fmt: skip
