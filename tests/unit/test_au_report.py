"""The AU sanity report: no false alarm on real faces, and a warning for every way in which AUs go wrong."""

import logging

import numpy as np
import pandas as pd
import pytest

from cascade_efgan.data import AUS, EXPRESSIONS
from cascade_efgan.data.checks.au_checks import EXPECTED_AUS, au_warnings, constant_aus
from cascade_efgan.data.checks.au_report import au_table, read_au_rows, render_report
from cascade_efgan.data.rendered.photographs import sample_plan
from cascade_efgan.errors import InputError

COLUMNS = list(AUS)


@pytest.fixture(scope="module")
def london(repository):
    """The real OpenFace's AUs of the London photographs, neutral (03) and smiling (08), the surest face of each."""
    rows = pd.read_csv(repository / "resources" / "london" / "openface.csv")
    rows = rows.sort_values("confidence").drop_duplicates("file", keep="last").sort_values("file", ignore_index=True)
    index = rows[[f"{au}_r" for au in AUS]].set_axis(COLUMNS, axis=1)
    expression = np.where(rows["file"].str.contains("_08"), "happy", "neutral")
    return index.assign(id=rows["file"], expression=expression, dataset="london")


def changed(index, change):
    """The index with other AUs: `change` takes and gives `(N, 17)`."""
    return index.assign(**dict(zip(AUS, change(index[COLUMNS].to_numpy().copy()).T, strict=True)))


def warnings_of(index):
    return au_warnings(index, au_table(index))


def column(au, values):
    """A change of one column: values, or a function of all columns."""

    def change(aus):
        aus[:, AUS.index(au)] = values(aus) if callable(values) else values
        return aus

    return change


#: All smiles a fifth as strong.
WEAK_SMILE = column("AU12", lambda aus: aus[:, 8] / 5)


def posed(**rises):
    """Ten people with every expression whose expected AUs rise by 1, or by `rises[expression]`."""
    people = np.random.default_rng(0).uniform(0.2, 0.4, (10, len(AUS)))
    rows = []
    for name in EXPRESSIONS:
        aus = people.copy()
        aus[:, [AUS.index(au) for au in EXPECTED_AUS.get(name, ())]] += rises.get(name, 1)
        rows.append(pd.DataFrame(aus, columns=COLUMNS).assign(expression=name))
    index = pd.concat(rows, ignore_index=True)
    return index.assign(id=[str(place) for place in range(len(index))], dataset="folder")


def rendered(*expressions):
    faces = [face for face in sample_plan(20, ("frontal", "left", "right"), seed=0) if face.expression in expressions]
    index = pd.DataFrame(np.array([face.aus for face in faces]), columns=COLUMNS)
    return index.assign(id=[f.id for f in faces], dataset="rendered", expression=[f.expression for f in faces])


def surprised_by(au):
    index = posed(surprised=0)
    index.loc[index["expression"] == "surprised", au] += 1
    return index


@pytest.mark.parametrize(
    "change",
    [
        lambda london: london,
        lambda london: london[london["id"] < "025"],
        lambda london: london[london["expression"] != "neutral"],
        lambda london: london[london["expression"] != "happy"],
        lambda london: london.assign(expression="unknown"),
        lambda london: london.head(1),  # nothing is concluded from a few
        *(
            lambda london, change=change: changed(london.head(4), change)
            for change in (np.array, np.round, lambda aus: aus / 5, lambda aus: aus[:, [0] * 17] + 1.2)
        ),
        lambda london: posed(contemptuous=0),
        *(lambda london, au=au: surprised_by(au) for au in EXPECTED_AUS["surprised"]),  # one of them is enough
        *(lambda london, names=names: rendered(*names) for names in (EXPRESSIONS, ("neutral", "happy"), ("happy",))),
    ],
)
def test_faces_that_are_as_they_should_be_give_no_warning(change, london):
    assert len(london) == 204
    index = change(london)
    assert warnings_of(index) == []
    assert len(index) >= 5 or constant_aus(au_table(index)) == []


@pytest.mark.parametrize("expressions", ["known", "unknown", "happy", "neutral"])
@pytest.mark.parametrize("shift", range(1, len(AUS)))
def test_columns_shifted_by_any_number_of_places_are_noticed_on_real_faces(shift, expressions, london):
    index = {"known": london, "unknown": london.assign(expression="unknown")}.get(expressions)
    index = london[london["expression"] == expressions] if index is None else index
    sentences = warnings_of(changed(index, lambda aus: np.roll(aus, shift, axis=1)))
    assert any(f"if {AUS[shift]} is read as AU01, {AUS[(shift + 1) % 17]} as AU02" in text for text in sentences)
    assert "look whether columns are shifted" in sentences[-1]


@pytest.mark.parametrize("shift", [-1, 1])
def test_shifted_columns_of_few_faces_are_noticed_by_the_smile(shift, london):
    few = london[london["id"] < "025"]
    assert 30 < len(few) < 50
    sentences = warnings_of(changed(few, lambda aus: np.roll(aus, shift, axis=1)))
    assert any(text.startswith("From neutral to happy") and "columns are shifted" in text for text in sentences)


@pytest.mark.parametrize("usual", ["mean", "median"])
@pytest.mark.parametrize("expression", ["as they are", "unknown"])
def test_a_usual_face_that_was_subtracted_is_noticed_on_real_faces(usual, expression, london):
    people = london[COLUMNS].groupby(london["id"].str[:3]).transform(usual).to_numpy()
    calibrated = changed(london, lambda aus: (aus - people).clip(0, 5))
    calibrated = calibrated.assign(expression=expression) if expression == "unknown" else calibrated
    sentences = [text for text in warnings_of(calibrated) if "subtracted each person's usual face" in text]
    assert [text[:34] for text in sentences] == ["Every AU is exactly 0 in 54% of th"]


@pytest.mark.parametrize("count", [50, 100])
def test_no_draw_of_real_faces_gives_an_alarm_about_order_or_calibration(count, london):
    rng = np.random.default_rng(0)
    for _ in range(100):
        draw = london.iloc[rng.choice(len(london), count, replace=False)].assign(expression="unknown")
        assert [text for text in warnings_of(draw) if "move together" in text or "subtracted" in text] == []


@pytest.mark.parametrize(
    ("change", "start", "look"),
    [
        (lambda aus: aus / 5, "No value is above 1 (the largest is 0.72)", "divided by 5"),
        (lambda aus: (aus > 0.5) * 1.0, "All values are whole numbers", "presence columns"),
        (column("AU05", 0.0), "AU05 does not vary", "loaded its model of AU05"),
        (column("AU05", 1.3), "AU05 does not vary", "loaded its model of AU05"),
        (column("AU05", lambda aus: aus[:, AUS.index("AU06")]), "AU05 and AU06 are identical", "copied"),
        (column("AU45", lambda aus: aus[:, -1] + 1.5), "AU45 (blink) has a mean of 1.71", "dynamic models"),
        (column("AU02", lambda aus: aus[:, 1] - 0.7), "Values of AU02 are negative in 63.7%", "standardised"),
        (column("AU02", lambda aus: aus[:, 1] * 5), "Values of AU02 are above 5 in 28.9%", "multiplied"),
        (WEAK_SMILE, "From neutral to happy, the mean changes: AU12 by +0.27", "order"),
        (np.random.default_rng(0).permutation, "From neutral to happy, the mean changes: AU12 by", "rows belong"),
    ],
)
def test_what_is_broken_gives_one_warning_that_says_what_to_look_for(change, start, look, london):
    (sentence,) = warnings_of(changed(london, change))
    assert sentence.startswith(start)
    assert "look" in sentence and look in sentence


def test_happy_photographs_without_smile_and_without_neutral_ones_are_noticed(london):
    (sentence,) = warnings_of(changed(london[london["expression"] == "happy"], WEAK_SMILE))
    assert sentence.startswith("The mean AU12, the smile, of happy photographs is 0.29; at least 0.5 was expected")


@pytest.mark.parametrize("name", list(EXPECTED_AUS))
def test_an_expression_without_its_aus_is_named(name):
    (sentence,) = warnings_of(posed(**{name: 0.2}))
    assert sentence.startswith(f"From neutral to {name}, the mean changes: {EXPECTED_AUS[name][0]} by +0.2")


@pytest.mark.parametrize(
    ("rises", "shown"),
    [
        ({"sad": 0.4996}, "AU15 by +0.4996, AU01 by +0.4996, AU04 by +0.4996;"),
        ({"sad": 0.499}, "AU15 by +0.499, AU01 by +0.499, AU04 by +0.499;"),
        ({"sad": 0.494}, "AU15 by +0.49, AU01 by +0.49, AU04 by +0.49;"),
        *(({name: 0.5}, None) for name in EXPECTED_AUS if name != "happy"),
        ({"happy": 0.9998}, "AU10 rises by 2.0000 and AU12, the smile, by 0.9998 only"),
        ({"happy": 0.99}, "AU10 rises by 2.00 and AU12, the smile, by 0.99 only"),
        ({"happy": 1}, None),
    ],
)
def test_a_number_beside_a_limit_does_not_contradict_it(rises, shown):
    """The report said: "+0.50; at least 0.5 was expected"."""
    index = posed(**rises)
    index.loc[index["expression"] == "happy", "AU10"] += 2 * ("happy" in rises)
    assert [shown in sentence for sentence in warnings_of(index)] == [True] * (shown is not None)


def test_the_table_holds_means_by_expression_and_statistics_of_all(london):
    table = au_table(london)
    assert list(table.columns) == ["statistic", "expression", "n", *AUS]
    assert list(zip(table["statistic"], table["expression"], strict=True)) == [
        ("mean", "happy"), ("mean", "neutral"), ("min", "all"), ("max", "all"), ("mean", "all"), ("deviation", "all"),
        ("share_at_0", "all"),
    ]  # fmt: skip
    assert table["n"].tolist() == [102, 102, 204, 204, 204, 204, 204]
    smiles = london.loc[london["expression"] == "happy", "AU12"].to_numpy()
    everyone = london["AU12"].to_numpy()
    expected = [smiles.mean(), everyone.min(), everyone.max(), everyone.std(), (everyone == 0).mean()]
    np.testing.assert_allclose(table["AU12"].iloc[[0, 2, 3, 5, 6]], expected, atol=5e-5)


def test_the_report_can_be_read_alone(london):
    index = changed(london, column("AU05", 0.0))
    table = au_table(index)
    text = render_report(table, au_warnings(index, table), ["london"])
    assert text.startswith("# AUs of london")
    assert "204 face crops" in text
    assert "- AU05 does not vary" in text
    assert "AUs that do not vary (standard deviation below 0.05): AU05." in text
    assert "| AU12 | lip corner puller | 1.43 | 0.07 |" in text
    assert "- surprised: AU26, AU25, AU05" in text
    assert "AU01 with AU02, AU06 with AU12, AU06 with AU10, AU25 with AU26" in text
    assert "every one of the 17 AUs is exactly 0 in 45% of the photographs or more" in text
    assert "No warning." not in text
    assert "No warning." in render_report(au_table(london), [], ["london"])


@pytest.mark.parametrize(
    ("change", "sentences", "au12"),
    [
        # Every happy face has 0 in every AU there and every neutral one 1: whole numbers, and all columns alike.
        (lambda aus: aus, ("All values are whole numbers", "AU01 and AU02 and AU04"), [0, 1, 0, 1, 0.5, 0.5, 0.5]),
        # What other stages refuse is reported.
        (column("AU02", [-0.5, 0.25] * 4), ("Values of AU02 are negative in 50.0% of the photographs",), None),
    ],
)
def test_the_stage_writes_report_and_table_and_logs_warnings(change, sentences, au12, efgan, cropped_data, caplog):
    crops, report, table = map(cropped_data.path, ("crops.csv", "au_report.md", "au_report.csv"))
    changed(pd.read_csv(crops, dtype={"person": str}), change).to_csv(crops, index=False)
    with caplog.at_level(logging.WARNING):
        efgan("au_report", "--index", crops, "--report", report, "--table", table)
    for sentence in sentences:
        assert f"warning: {sentence}" in caplog.text
        assert f"- {sentence}" in report.read_text()
    assert len(caplog.records) == report.read_text().partition("A warning stops")[0].count("\n- ") >= len(sentences)
    assert au12 is None or pd.read_csv(table)["AU12"].tolist() == au12


def test_an_unknown_expression_is_named(cropped_data):
    crops = cropped_data.path("crops.csv")
    crops.write_text(crops.read_text().replace(",happy,", ",merry,"))
    with pytest.raises(InputError, match=r"crops\.csv: unknown expression 'merry'"):
        read_au_rows(crops)
