"""Do a data set's AUs look as OpenFace's do? A table of statistics, and a report with what does not fit.

Not in the paper: users of the public GANimation code lose weeks to wrong AU columns and dynamic calibration.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from cascade_efgan.data import AUS, EXPRESSIONS, UNKNOWN
from cascade_efgan.data.checks import au_checks
from cascade_efgan.data.records import check_expressions, read_rows

#: Movement that an AU stands for (FACS).
NAMES = {
    "AU01": "inner brow raiser", "AU02": "outer brow raiser", "AU04": "brow lowerer", "AU05": "upper lid raiser",
    "AU06": "cheek raiser", "AU07": "lid tightener", "AU09": "nose wrinkler", "AU10": "upper lip raiser",
    "AU12": "lip corner puller", "AU14": "dimpler", "AU15": "lip corner depressor", "AU17": "chin raiser",
    "AU20": "lip stretcher", "AU23": "lip tightener", "AU25": "lips part", "AU26": "jaw drop", "AU45": "blink",
}  # fmt: skip

TEXT = """# AUs of {datasets}: do they look as they should?

{count} face crops. Facial action units (AUs) are movements of single parts of the face. Networks learn from them and
are told by them what to paint; with wrong AUs they still train, and then edit nothing or the wrong thing.

## Warnings

{warnings}

A warning stops nothing: it says what to look for before days of training. A data set can be unusual and right. Without
a warning the AUs can still be wrong; the means below should look like the expressions.

## What was expected

OpenFace 2 measures 17 AUs. Its columns `AU01_r` to `AU45_r` are intensities from 0 (absent) to 5 (strongest); only
these are used. Its columns `AU01_c` to `AU45_c` are presence, 0 or 1, and are not used. The values here are as OpenFace
wrote them; networks see them divided by 5. (Rendered faces carry the AUs that they were drawn with, in the same form.)

Photographs need OpenFace's *static* AU models (`FaceLandmarkImg`, or `FeatureExtraction -au_static`). The dynamic
models, made for video, take a person's usual face as neutral and subtract it: the same photograph then gets other
values, and expressions can shrink or vanish.

From neutral to another expression, the mean of at least one of these AUs should rise by {limits.LEAST_RISE:g} or more:

{expected}

For happy, AU12 should also rise at least half as much as the AU that rises most; without neutral photographs, the mean
AU12 of happy ones should be {limits.LEAST_SMILE:g} or more. Contempt is not judged: its AU14 is one-sided, and a mean need not
show it. Nothing is judged on fewer than {limits.FEWEST} photographs.

Two checks need no expressions, and {limits.FEWEST_FOR_ORDER} photographs:

- **Order**: some AUs rise and fall together on any faces ({pairs}).
  If they do so clearly better after the columns are turned by some places, the columns are turned. Other orders, and
  rows of other photographs, are seen by the means above only, and not at all where no expressions are known.
- **Calibration**: if every one of the 17 AUs is exactly 0 in {limits.MOST_ZEROS:.0%} of the photographs or more, a person's
  usual face was probably subtracted. A calibration that subtracts less, such as a person's least value, is not seen: it
  looks like other faces. Keep the command with which the values were made.

## Mean by expression

{by_expression}

## All photographs

AUs that do not vary (standard deviation below {limits.LEAST_DEVIATION:g}): {constant}.

{by_au}
"""  # noqa: E501

#: Photographs that the report lists.
_LISTED = 100


def read_au_rows(path: str | Path) -> pd.DataFrame:
    """Read `id, expression, dataset` and the AUs of `crops.csv`, AUs of any size: the report is to name those.

    Raises:
        InputError: missing file, column or number, no row, an id twice, or an unknown expression.
    """
    index = read_rows(path, ("id", "expression", "dataset"), AUS)
    check_expressions(index["expression"], path)
    return index[["id", "expression", "dataset", *AUS]]


def au_table(index: pd.DataFrame) -> pd.DataFrame:
    """Statistics of every AU, from rows with `expression` and the AUs: the form of `au_report.csv`.

    It is `statistic, expression, n, AU01..AU45`: the mean of each expression that occurs, then of all photographs min,
    max, mean, deviation (standard deviation, of the population) and share_at_0 (exactly 0).
    """
    aus = index[list(AUS)]
    rows: list[dict[str, object]] = []
    for name in (*EXPRESSIONS, UNKNOWN):
        part = aus[index["expression"] == name]
        if len(part):
            rows.append({"statistic": "mean", "expression": name, "n": len(part), **part.mean()})
    overall = {"min": aus.min(), "max": aus.max(), "mean": aus.mean(), "deviation": aus.std(ddof=0),
               "share_at_0": (aus == 0).mean()}  # fmt: skip
    rows += [{"statistic": name, "expression": "all", "n": len(aus), **row} for name, row in overall.items()]
    return pd.DataFrame(rows).round(dict.fromkeys(AUS, 4))


def origin_warnings(origin: Mapping[str, Any]) -> Iterator[str]:
    """What the values' origin, `openface.json`, gives reason to look at, a sentence each."""
    if len(machines := origin.get("machines", [])) > 1:
        told = "; ".join(
            f"{one['processor'] or 'processor unknown'}, BLAS kernel {one['blas_kernel'] or 'unknown'}: "
            f"{one['chunks']} of the chunks, from {one['first']} on"
            for one in machines
        )
        yield (
            f"OpenFace ran on different machines: {told}. Between two kernels of one machine its AUs differed by up to "
            "0.33 and its landmarks by up to 0.6 pixels: for values that compare, delete the chunks of all but one "
            "kind and run the workflow on machines of that kind."
        )
    if count := origin.get("several_people", {}).get("photographs", 0):
        yield (
            f"Photographs in which OpenFace is sure of several people: {count}; the largest face is used: look at the "
            "list at the end, and cut out the right person where it is another one."
        )


def render_report(
    table: pd.DataFrame, warnings: Sequence[str], datasets: Sequence[str], origin: Mapping[str, Any] | None = None
) -> str:
    """The report as Markdown, of `au_table`, `au_warnings` and `openface.json` (`origin`), if it is there."""
    several = (origin or {}).get("several_people", {"photographs": 0, "files": []})
    overall = {str(row["statistic"]): row for row in table[table["expression"] == "all"].to_dict("records")}
    means = table[(table["statistic"] == "mean") & (table["expression"] != "all")].to_dict("records")
    heads = [f"{row['expression']} (n={row['n']})" for row in means]
    by_expression = [[au, NAMES[au], *(f"{row[au]:.2f}" for row in means)] for au in AUS]
    by_au = [
        [au, *(f"{overall[name][au]:.2f}" for name in ("min", "max", "mean", "deviation")),
         f"{overall['share_at_0'][au]:.0%}"]
        for au in AUS
    ]  # fmt: skip
    text = TEXT.format(
        datasets=", ".join(datasets),
        count=f"{overall['mean']['n']:,}",
        warnings="\n".join(f"- {sentence}" for sentence in warnings) or "No warning.",
        limits=au_checks,
        pairs=", ".join(" with ".join(pair) for pair in au_checks.PAIRS),
        expected="\n".join(f"- {name}: {', '.join(aus)}" for name, aus in au_checks.EXPECTED_AUS.items()),
        constant=", ".join(au_checks.constant_aus(table)) or "none",
        by_expression=_markdown(["AU", "movement", *heads], by_expression, text=2),
        by_au=_markdown(["AU", "min", "max", "mean", "deviation", "at exactly 0"], by_au, text=1),
    )
    if count := several["photographs"]:
        shown = "\n".join(f"- {file}" for file in several["files"][:_LISTED])
        more = f"\n- and {count - _LISTED} more (openface.json)" if count > _LISTED else ""
        text += f"\n## Photographs of several people ({count})\n\n{shown}{more}\n"
    return text


def _markdown(heads: list[str], rows: list[list[str]], text: int) -> str:
    """A Markdown table; the first `text` columns are aligned to the left, the others to the right."""
    rule = ["---" if place < text else "--:" for place in range(len(heads))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))
