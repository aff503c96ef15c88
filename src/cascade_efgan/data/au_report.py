"""Do a data set's AUs look as OpenFace's do? A table of statistics, and warnings about what does not fit.

Not in the paper: users of the public GANimation code lose weeks to wrong AU columns and dynamic calibration.
"""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cascade_efgan.data import AU_MAX, AUS, EXPRESSIONS, UNKNOWN
from cascade_efgan.data.dataset import check_expressions, check_ids
from cascade_efgan.data.records import read_records
from cascade_efgan.errors import InputError

#: AUs of which at least one must rise from neutral to the expression (EMFACS). Contempt is left out: its AU14 is
#: one-sided, and a mean need not show it.
EXPECTED_AUS = {
    "happy": ("AU12",),
    "surprised": ("AU26", "AU25", "AU05"),
    "disgusted": ("AU09", "AU10"),
    "sad": ("AU15", "AU01", "AU04"),
    "angry": ("AU04",),
    "fearful": ("AU05", "AU01", "AU20"),
}

#: Least rise of a mean from neutral; on the London photographs AU12 rises by 1.4 when people smile.
LEAST_RISE = 0.5
#: Standard deviation below which an AU does not vary; the least of the London photographs' is 0.12 (AU04).
LEAST_DEVIATION = 0.05
#: Photographs below which nothing is concluded from a mean or a deviation.
FEWEST = 5
#: Least mean AU12 of photographs called happy; on the London photographs it is 1.4, and 0.07 on neutral ones.
LEAST_SMILE = 0.5
#: Pairs of AUs that rise and fall together on any faces: inner and outer brow, cheek with lip corner and with upper
#: lip, and both openings of the mouth. London's correlations are 0.6, 0.8, 0.8 and 0.4; of neutral faces alone alike.
PAIRS = (("AU01", "AU02"), ("AU06", "AU12"), ("AU06", "AU10"), ("AU25", "AU26"))
#: Photographs below which correlations and shares of zeros are chance. Of 2,000 draws of 50 London or rendered faces
#: none gave a false alarm; of as many with turned columns, 1 in 80 gave none.
FEWEST_FOR_ORDER = 50
#: Mean correlation of the pairs from which a turned order is believed, and by how much it must exceed the given one's;
#: London's is 0.63, that of its columns in any turned order at most 0.30.
LEAST_CORRELATION, LEAST_GAIN = 0.35, 0.2
#: Share of exact zeros that every AU reaches where each person's usual face was subtracted; of the London photographs,
#: the AU that is 0 least often (AU26) is so in 17%, and in 55% after each person's mean was subtracted.
MOST_ZEROS = 0.45
#: Mean of AU45 above which eyes look closed in general; the London photographs' is 0.2.
MOST_AU45 = 1.0

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

From neutral to another expression, the mean of at least one of these AUs should rise by {least_rise:g} or more:

{expected}

For happy, AU12 should also rise at least half as much as the AU that rises most; without neutral photographs, the mean
AU12 of happy ones should be {least_smile:g} or more. Contempt is not judged: its AU14 is one-sided, and a mean need not
show it. Nothing is judged on fewer than {fewest} photographs.

Two checks need no expressions, and {fewest_for_order} photographs:

- **Order**: some AUs rise and fall together on any faces ({pairs}).
  If they do so clearly better after the columns are turned by some places, the columns are turned. Other orders, and
  rows of other photographs, are seen by the means above only, and not at all where no expressions are known.
- **Calibration**: if every one of the 17 AUs is exactly 0 in {most_zeros:.0%} of the photographs or more, a person's
  usual face was probably subtracted. A calibration that subtracts less, such as a person's least value, is not seen: it
  looks like other faces. Keep the command with which the values were made.

## Mean by expression

{by_expression}

## All photographs

AUs that do not vary (standard deviation below {least_deviation:g}): {constant}.

{by_au}
"""


def read_aus(path: str | Path) -> pd.DataFrame:
    """Read `id, expression, dataset` and the AUs of `crops.csv`, AUs of any size: the report is to name those.

    Raises:
        InputError: missing file, column or number, no row, an id twice, or an unknown expression.
    """
    index = read_records(path, ("id", "expression", "dataset"), AUS)
    if index.empty:
        raise InputError(f"{path}: no rows; expected one row per face crop, so look at excluded.csv beside it")
    check_ids(index["id"], path)
    check_expressions(index["expression"], path)
    return index[["id", "expression", "dataset", *AUS]]


def au_table(index: pd.DataFrame) -> pd.DataFrame:
    """Statistics of every AU, the form of `au_report.csv`.

    Args:
        index: rows with `expression` and the AUs.

    Returns:
        `statistic, expression, n, AU01..AU45`: the mean of each expression that occurs, then of all photographs min,
        max, mean, deviation (standard deviation, of the population) and share_at_0 (exactly 0).
    """
    aus = index[list(AUS)]
    present = set(index["expression"])
    rows: list[dict[str, object]] = []
    for name in (*EXPRESSIONS, UNKNOWN):
        if name in present:
            part = aus[index["expression"] == name]
            rows.append({"statistic": "mean", "expression": name, "n": len(part), **part.mean()})
    deviation = aus.std(ddof=0)
    overall = {"min": aus.min(), "max": aus.max(), "mean": aus.mean(), "deviation": deviation,
               "share_at_0": (aus == 0).mean()}  # fmt: skip
    rows += [{"statistic": name, "expression": "all", "n": len(aus), **row} for name, row in overall.items()]
    return pd.DataFrame(rows).round(dict.fromkeys(AUS, 4))


def render_report(table: pd.DataFrame, warnings: Sequence[str], datasets: Sequence[str]) -> str:
    """The report as Markdown.

    Args:
        table: as `au_table` gives it.
        warnings: as `au_warnings` gives them.
        datasets: names of the data sets in the index.
    """
    overall = {str(row["statistic"]): row for row in table[table["expression"] == "all"].to_dict("records")}
    means = table[(table["statistic"] == "mean") & (table["expression"] != "all")].to_dict("records")
    heads = [f"{row['expression']} (n={row['n']})" for row in means]
    by_expression = [[au, NAMES[au], *(f"{row[au]:.2f}" for row in means)] for au in AUS]
    by_au = [
        [au, *(f"{overall[name][au]:.2f}" for name in ("min", "max", "mean", "deviation")),
         f"{overall['share_at_0'][au]:.0%}"]
        for au in AUS
    ]  # fmt: skip
    return TEXT.format(
        datasets=", ".join(datasets),
        count=f"{overall['mean']['n']:,}",
        warnings="\n".join(f"- {sentence}" for sentence in warnings) or "No warning.",
        least_rise=LEAST_RISE,
        least_smile=LEAST_SMILE,
        fewest=FEWEST,
        fewest_for_order=FEWEST_FOR_ORDER,
        pairs=", ".join(" with ".join(pair) for pair in PAIRS),
        most_zeros=MOST_ZEROS,
        expected="\n".join(f"- {name}: {', '.join(aus)}" for name, aus in EXPECTED_AUS.items()),
        constant=", ".join(constant_aus(table)) or "none",
        least_deviation=LEAST_DEVIATION,
        by_expression=_markdown(["AU", "movement", *heads], by_expression, text=2),
        by_au=_markdown(["AU", "min", "max", "mean", "deviation", "at exactly 0"], by_au, text=1),
    )


def constant_aus(table: pd.DataFrame) -> list[str]:
    """AUs that hardly vary over all photographs; none where there are too few photographs to tell."""
    row = _row(table, "deviation", "all")
    return [au for au in AUS if row[au] < LEAST_DEVIATION] if row["n"] >= FEWEST else []


def au_warnings(index: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    """What does not look like OpenFace's AU intensities, a sentence each: the finding, and what to look for.

    Args:
        index: rows with `expression` and the AUs.
        table: as `au_table` gives it.
    """
    aus = index[list(AUS)].to_numpy(dtype=np.float64)
    general = [*_out_of_range(aus), *_identical(aus)]
    if scale := _presence(aus) or _rescaled(aus):
        return [*scale, *general]  # on another scale, the checks below would only repeat it
    faces = [*_constant(table), *_closed_eyes(table), *_calibrated(table)]
    return [*general, *faces, *(_turned(aus) or _expressions(table))]  # both would tell of one cause


def _presence(aus: np.ndarray) -> list[str]:
    if len(aus) < FEWEST or (aus % 1).any() or aus.min() == aus.max():
        return []
    return [
        "All values are whole numbers, which intensities are not: look whether OpenFace's presence columns (AU12_c, 0 "
        "or 1) or hand-coded AUs were taken for the intensities (AU12_r)."
    ]


def _rescaled(aus: np.ndarray) -> list[str]:
    if len(aus) < FEWEST or aus.max() > 1:
        return []
    return [
        f"No value is above 1 (the largest is {aus.max():.2f}), where OpenFace's go to 5: look whether the values were "
        "divided by 5 or normalised before; the data loader divides by 5 itself."
    ]


def _out_of_range(aus: np.ndarray) -> list[str]:
    wrong = {
        "negative": (aus < 0, "look whether columns were standardised (mean 0) or a person's neutral face subtracted"),
        "above 5": (aus > AU_MAX, "look whether columns were multiplied, or are no AU intensities"),
    }
    return [
        f"Values of {', '.join(np.array(AUS)[where.any(axis=0)])} are {what} in {where.any(axis=1).mean():.1%} of the "
        f"photographs, where OpenFace's are 0 to 5: {look}."
        for what, (where, look) in wrong.items()
        if where.any()
    ]


def _constant(table: pd.DataFrame) -> list[str]:
    return [
        f"{au} does not vary (standard deviation below {LEAST_DEVIATION:g}): look whether OpenFace loaded its model of "
        f"{au} and whether a column was filled or lost on the way."
        for au in constant_aus(table)
    ]


def _identical(aus: np.ndarray) -> list[str]:
    """One sentence for each group of equal columns; columns that do not vary are another matter."""
    if len(aus) < FEWEST:
        return []
    groups: dict[bytes, list[str]] = {}
    for au, values in zip(AUS, aus.T, strict=True):
        if values.std() >= LEAST_DEVIATION:
            groups.setdefault(values.tobytes(), []).append(au)
    return [
        f"{' and '.join(group)} are identical in all photographs: look whether a column was copied over another."
        for group in groups.values()
        if len(group) > 1
    ]


def _closed_eyes(table: pd.DataFrame) -> list[str]:
    row = _row(table, "mean", "all")
    if row["n"] < FEWEST or row["AU45"] <= MOST_AU45:
        return []
    return [
        f"AU45 (blink) has a mean of {row['AU45']:.2f}, as if most eyes were closed: look at the contact sheet, and "
        "whether OpenFace ran with its dynamic models, made for video, instead of its static ones."
    ]


def _calibrated(table: pd.DataFrame) -> list[str]:
    row = _row(table, "share_at_0", "all")
    least = min(AUS, key=lambda au: row[au])
    if row["n"] < FEWEST_FOR_ORDER or row[least] < MOST_ZEROS:
        return []
    return [
        f"Every AU is exactly 0 in {row[least]:.0%} of the photographs or more, where OpenFace's static models give a "
        "small value to most faces in some of them: look whether its dynamic models or a script subtracted each "
        "person's usual face."
    ]


def _turned(aus: np.ndarray) -> list[str]:
    """Columns that stand some places from where they belong: pairs that move together do so elsewhere."""
    varying = aus.std(axis=0) > 0
    if len(aus) < FEWEST_FOR_ORDER or not varying.any():
        return []
    correlation = np.zeros((len(AUS), len(AUS)))
    correlation[np.ix_(varying, varying)] = np.corrcoef(aus[:, varying].T)
    pairs = np.array([[AUS.index(au) for au in pair] for pair in PAIRS])
    places = (pairs + np.arange(len(AUS))[:, None, None]) % len(AUS)
    together = correlation[places[..., 0], places[..., 1]].mean(axis=1)
    best = int(together.argmax())
    if together[best] < max(LEAST_CORRELATION, together[0] + LEAST_GAIN):
        return []
    return [
        f"AUs that move together on any face ({', '.join('/'.join(pair) for pair in PAIRS)}) have a mean correlation "
        f"of {together[0]:.2f}, and of {together[best]:.2f} if {AUS[best]} is read as {AUS[0]}, "
        f"{AUS[(best + 1) % len(AUS)]} as {AUS[1]} and so on: look whether columns are shifted or in another order."
    ]


def _expressions(table: pd.DataFrame) -> list[str]:
    """Expressions whose AUs do not rise from neutral, and smiles without it; nothing on too few photographs."""
    means = table[(table["statistic"] == "mean") & (table["expression"] != "all") & (table["n"] >= FEWEST)]
    by_name = {row["expression"]: row for row in means.to_dict("records")}
    if "neutral" not in by_name:
        return _smiles(by_name)
    look = "look whether columns are shifted or in another order and whether rows belong to other photographs."
    sentences = []
    for name, expected in EXPECTED_AUS.items():
        if name not in by_name:
            continue
        rise = {au: by_name[name][au] - by_name["neutral"][au] for au in AUS}
        most = max(rise, key=lambda au: rise[au])
        if max(rise[au] for au in expected) < LEAST_RISE:
            rises = ", ".join(f"{au} by {rise[au]:+.2f}" for au in expected)
            sentences.append(
                f"From neutral to {name}, the mean changes: {rises}; at least {LEAST_RISE:g} was expected "
                f"{'of it' if len(expected) == 1 else 'of one of these'}: {look}"
            )
        # A smile moves other AUs too (AU10 and AU14 by a third of AU12): a shifted column still rises a little.
        elif name == "happy" and rise["AU12"] < rise[most] / 2:
            sentences.append(
                f"From neutral to happy, {most} rises by {rise[most]:.2f} and AU12, the smile, by {rise['AU12']:.2f} "
                f"only: {look}"
            )
    return sentences


def _smiles(means: Mapping[str, Mapping[Hashable, float]]) -> list[str]:
    """Without neutral photographs, the one expression that is an AU by definition: a smile is AU12 (EMFACS)."""
    if "happy" not in means or means["happy"]["AU12"] >= LEAST_SMILE:
        return []
    return [
        f"The mean AU12, the smile, of happy photographs is {means['happy']['AU12']:.2f}; at least {LEAST_SMILE:g} was "
        "expected (there are too few neutral ones to compare with): look whether columns are shifted or in another "
        "order and whether rows belong to other photographs."
    ]


def _markdown(heads: list[str], rows: list[list[str]], text: int) -> str:
    """A Markdown table; the first `text` columns are aligned to the left, the others to the right."""
    rule = ["---" if place < text else "--:" for place in range(len(heads))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))


def _row(table: pd.DataFrame, statistic: str, expression: str) -> pd.Series:
    chosen: pd.Series = table[(table["statistic"] == statistic) & (table["expression"] == expression)].iloc[0]
    return chosen
