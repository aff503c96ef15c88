"""What does not look like OpenFace's AU intensities: the checks behind the AU report's warnings."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pandas as pd

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.errors import enough_decimals

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

_LOOK_AT_ORDER = "look whether columns are shifted or in another order and whether rows belong to other photographs."


def constant_aus(table: pd.DataFrame) -> list[str]:
    """AUs that hardly vary over all photographs; none where there are too few photographs to say."""
    row = _row(table, "deviation")
    return [au for au in AUS if row[au] < LEAST_DEVIATION] if row["n"] >= FEWEST else []


def au_warnings(index: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    """What does not look like OpenFace's AU intensities, a sentence each: the finding, and what to look for.

    `index` has rows with `expression` and the AUs, `table` is their `au_table`.
    """
    aus = index[list(AUS)].to_numpy(dtype=np.float64)
    general = [*_out_of_range(aus), *_identical(aus)]
    if scale := [*_presence(aus)] or [*_rescaled(aus)]:
        return [*scale, *general]  # on another scale, the checks below would only repeat it
    faces = [*_constant(table), *_closed_eyes(table), *_calibrated(table)]
    return [*general, *faces, *([*_turned(aus)] or _expressions(table))]  # both would report one cause


def _presence(aus: np.ndarray) -> Iterator[str]:
    if len(aus) >= FEWEST and not (aus % 1).any() and aus.min() < aus.max():
        yield (
            "All values are whole numbers, which intensities are not: look whether OpenFace's presence columns "
            "(AU12_c, 0 or 1) or hand-coded AUs were taken for the intensities (AU12_r)."
        )


def _rescaled(aus: np.ndarray) -> Iterator[str]:
    if len(aus) >= FEWEST and aus.max() <= 1:
        yield (
            f"No value is above 1 (the largest is {aus.max():.2f}), where OpenFace's go to 5: look whether the values "
            "were divided by 5 or normalised before; the data loader divides by 5 itself."
        )


def _out_of_range(aus: np.ndarray) -> Iterator[str]:
    for what, where, look in (
        ("negative", aus < 0, "look whether columns were standardised (mean 0) or a person's neutral face subtracted"),
        ("above 5", aus > AU_MAX, "look whether columns were multiplied, or are no AU intensities"),
    ):
        if where.any():
            (share,) = enough_decimals(lambda share: share > 0, 100 * where.any(axis=1).mean(), least=1)
            yield (
                f"Values of {', '.join(np.array(AUS)[where.any(axis=0)])} are {what} in {share}% of the photographs, "
                f"where OpenFace's are 0 to 5: {look}."
            )


def _constant(table: pd.DataFrame) -> Iterator[str]:
    for au in constant_aus(table):
        yield (
            f"{au} does not vary (standard deviation below {LEAST_DEVIATION:g}): look whether OpenFace loaded its "
            f"model of {au} and whether a column was filled or lost on the way."
        )


def _identical(aus: np.ndarray) -> Iterator[str]:
    """One sentence for each group of equal columns; columns that do not vary are another matter."""
    groups: dict[bytes, list[str]] = defaultdict(list)
    for au, values in zip(AUS, aus.T, strict=True):
        if len(aus) >= FEWEST and values.std() >= LEAST_DEVIATION:
            groups[values.tobytes()].append(au)
    for group in groups.values():
        if len(group) > 1:
            yield (
                f"{' and '.join(group)} are identical in all photographs: look whether a column was copied over "
                "another."
            )


def _closed_eyes(table: pd.DataFrame) -> Iterator[str]:
    row = _row(table, "mean")
    if row["n"] >= FEWEST and row["AU45"] > MOST_AU45:
        (mean,) = enough_decimals(lambda mean: mean > MOST_AU45, row["AU45"])
        yield (
            f"AU45 (blink) has a mean of {mean}, as if most eyes were closed: look at the contact sheet, and "
            "whether OpenFace ran with its dynamic models, made for video, instead of its static ones."
        )


def _calibrated(table: pd.DataFrame) -> Iterator[str]:
    row = _row(table, "share_at_0")
    least = row[list(AUS)].min()
    if row["n"] >= FEWEST_FOR_ORDER and least >= MOST_ZEROS:
        yield (
            f"Every AU is exactly 0 in {least:.0%} of the photographs or more, where OpenFace's static models give a "
            "small value to most faces in some of them: look whether its dynamic models or a script subtracted each "
            "person's usual face."
        )


def _turned(aus: np.ndarray) -> Iterator[str]:
    """Columns that are some places away from where they belong: pairs that move together do so elsewhere."""
    varying = aus.std(axis=0) > 0
    if len(aus) < FEWEST_FOR_ORDER or not varying.any():
        return
    correlation = np.zeros((len(AUS), len(AUS)))
    correlation[np.ix_(varying, varying)] = np.corrcoef(aus[:, varying].T)
    pairs = np.array([[AUS.index(au) for au in pair] for pair in PAIRS])
    places = (pairs + np.arange(len(AUS))[:, None, None]) % len(AUS)
    together = correlation[places[..., 0], places[..., 1]].mean(axis=1)
    best = int(together.argmax())
    if together[best] >= max(LEAST_CORRELATION, together[0] + LEAST_GAIN):
        yield (
            f"AUs that move together on any face ({', '.join('/'.join(pair) for pair in PAIRS)}) have a mean "
            f"correlation of {together[0]:.2f}, and of {together[best]:.2f} if {AUS[best]} is read as {AUS[0]}, "
            f"{AUS[(best + 1) % len(AUS)]} as {AUS[1]} and so on: look whether columns are shifted or in another order."
        )


def _expressions(table: pd.DataFrame) -> Iterator[str]:
    """Expressions whose AUs do not rise from neutral, and smiles without it; nothing on too few photographs."""
    means = table[(table["statistic"] == "mean") & (table["expression"] != "all") & (table["n"] >= FEWEST)]
    means = means.set_index("expression")[list(AUS)]
    if "neutral" not in means.index:
        yield from _smile(means)
        return
    # Means have four decimals; a difference of floats may miss the limit that it is on.
    rises = (means - means.loc["neutral"]).round(4)
    for name, expected in EXPECTED_AUS.items():
        if name not in rises.index:
            continue
        rise = dict(zip(AUS, rises.loc[name], strict=True))
        most = max(AUS, key=lambda au: rise[au])
        if max(rise[au] for au in expected) < LEAST_RISE:
            shown = enough_decimals(lambda *rises: max(rises) < LEAST_RISE, *(rise[au] for au in expected), sign="+")
            changes = ", ".join(f"{au} by {number}" for au, number in zip(expected, shown, strict=True))
            yield (
                f"From neutral to {name}, the mean changes: {changes}; at least {LEAST_RISE:g} was expected "
                f"{'of it' if len(expected) == 1 else 'of one of these'}: {_LOOK_AT_ORDER}"
            )
        # A smile moves other AUs too (AU10 and AU14 by a third of AU12): a shifted column still rises a little.
        elif name == "happy" and rise["AU12"] < rise[most] / 2:
            highest, smile = enough_decimals(lambda highest, smile: smile < highest / 2, rise[most], rise["AU12"])
            yield (
                f"From neutral to happy, {most} rises by {highest} and AU12, the smile, by {smile} only: "
                f"{_LOOK_AT_ORDER}"
            )


def _smile(means: pd.DataFrame) -> Iterator[str]:
    """Without neutral photographs, the one expression that is an AU by definition: a smile is AU12 (EMFACS)."""
    mean = means["AU12"].to_dict().get("happy", LEAST_SMILE)
    if mean < LEAST_SMILE:
        (smile,) = enough_decimals(lambda shown: shown < LEAST_SMILE, mean)
        yield (
            f"The mean AU12, the smile, of happy photographs is {smile}; at least {LEAST_SMILE:g} was "
            f"expected (there are too few neutral ones to compare with): {_LOOK_AT_ORDER}"
        )


def _row(table: pd.DataFrame, statistic: str) -> pd.Series:
    """That statistic of all photographs."""
    chosen: pd.Series = table[(table["statistic"] == statistic) & (table["expression"] == "all")].iloc[0]
    return chosen
