"""The contact sheet: which crops it shows, and that their places, frames and bytes are right."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cascade_efgan.data import EXPRESSIONS, UNKNOWN
from cascade_efgan.data.checks.contact_sheet import choose_crops, draw_contact_sheet
from cascade_efgan.data.face_crops.dataset import Faces
from cascade_efgan.errors import InputError

ORANGE, BLUE, VERMILLION = (230, 159, 0), (86, 180, 233), (213, 94, 0)  # Okabe and Ito


def index_of(rows):
    """An index of (person, expression) rows."""
    index = pd.DataFrame(rows, columns=["person", "expression"])
    return index.assign(id=[f"photo{place}" for place in range(len(index))], dataset="london")


def people_index(people, expressions=EXPRESSIONS, photographs=3):
    return index_of([(f"{p:02d}", name) for p in range(people) for name in expressions for _ in range(photographs)])


def faces_of(index, size=32):
    """Crops of one grey level each, 40 apart from white: no two neighbours in the index look alike."""
    grey = (np.arange(len(index)) * 37 % 180).astype(np.uint8)
    images = np.broadcast_to(grey[:, None, None, None], (len(index), size, size, 3))
    return Faces(images, index)


def pixels_of(picture, colour):
    """How many pixels of a picture have exactly a colour."""
    return int((np.asarray(Image.open(picture).convert("RGB")) == colour).all(axis=2).sum())


def drawn(folder, index, flags=None):
    """The picture of a contact sheet of these crops, where `flags` are those of some places."""
    flags = flags or {}
    checks = pd.DataFrame({"id": index["id"], "flags": [flags.get(place, "") for place in range(len(index))]})
    draw_contact_sheet(faces_of(index), checks, 0, folder / "sheet.png")
    return folder / "sheet.png"


def test_rows_are_people_and_columns_expressions():
    index = people_index(people=20)
    sheet = choose_crops(index, seed=0)
    assert sheet.people
    assert len(sheet.rows) == 8
    assert sheet.columns == list(EXPRESSIONS)
    for person, cells in zip(sheet.rows, sheet.cells, strict=True):
        assert list(index["person"].iloc[cells]) == [person] * 8
        assert list(index["expression"].iloc[cells]) == list(EXPRESSIONS)
    assert sheet.cells.tolist() == choose_crops(index, seed=0).cells.tolist() != choose_crops(index, 1).cells.tolist()


def test_a_person_without_an_expression_leaves_its_place_empty():
    index = index_of([("a", "happy"), ("a", "neutral"), ("b", "happy"), ("b", UNKNOWN)])
    sheet = choose_crops(index, seed=0)
    assert (sheet.rows, sheet.columns) == (["a", "b"], ["happy", "neutral", UNKNOWN])
    assert sheet.cells.tolist() == [[0, 1, -1], [2, -1, 3]]


@pytest.mark.parametrize(
    ("expressions", "columns", "shape"),
    [
        (np.random.default_rng(0).choice([*EXPRESSIONS, UNKNOWN], 500), [*EXPRESSIONS, UNKNOWN], (8, 9)),
        ([UNKNOWN] * 100, [UNKNOWN] * 8, (8, 8)),  # a data set without labels fills eight columns
        (["happy"] * 3 + ["sad"], ["happy"] * 3 + ["sad"], (1, 4)),  # few give no empty row or column
        ([UNKNOWN], [UNKNOWN], (1, 1)),
    ],
)
def test_photographs_of_strangers_are_drawn_for_every_expression(expressions, columns, shape):
    index = index_of([(f"{place}", name) for place, name in enumerate(expressions)])
    sheet = choose_crops(index, seed=0)
    assert (sheet.people, sheet.columns, sheet.cells.shape) == (False, columns, shape)
    assert len(set(sheet.cells.ravel())) == sheet.cells.size and sheet.cells.min() >= 0
    for name, cells in zip(columns, sheet.cells.T, strict=True):
        assert set(index["expression"].iloc[cells]) == {name}


def test_only_the_crops_shown_are_read(tmp_path):
    class Counted(np.ndarray):
        reads = 0

        def __getitem__(self, key):
            Counted.reads += np.ndim(key) == 0
            return super().__getitem__(key)

    index = index_of([(f"{place}", "happy") for place in range(1000)])
    images = np.zeros((1000, 8, 8, 3), np.uint8).view(Counted)
    draw_contact_sheet(Faces(images, index), index.assign(flags=""), 0, tmp_path / "sheet.png")
    assert Counted.reads == 64


def test_every_crop_is_at_its_place(tmp_path):
    index = people_index(people=3, expressions=("happy", "neutral", "sad"), photographs=1)
    picture = np.asarray(Image.open(drawn(tmp_path, index)).convert("RGB"))
    # Where each crop's grey is, give or take some text: row by row in the order of the index.
    greys = faces_of(index).images[:, 0, 0]
    found = [np.median(np.argwhere((picture == grey).all(axis=2)), axis=0) for grey in greys]
    rows, columns = (np.reshape(values, (3, 3)) for values in np.transpose(found))
    assert (np.diff(rows, axis=0) > 50).all() and np.ptp(rows, axis=1).max() < 15
    assert (np.diff(columns, axis=1) > 50).all() and np.ptp(columns, axis=0).max() < 15


def test_flagged_crops_have_a_frame_and_a_line_in_the_legend_and_equal_input_gives_equal_bytes(tmp_path):
    index = people_index(people=2, expressions=("happy", "sad"), photographs=1)
    heights = []
    for flags, colours in (
        ({}, []),
        ({0: "small"}, [ORANGE]),
        ({0: "small", 1: "padded", 2: "small padded"}, [ORANGE, BLUE, VERMILLION]),
    ):
        picture = drawn(tmp_path, index, flags)
        counts = {colour: pixels_of(picture, colour) for colour in (ORANGE, BLUE, VERMILLION)}
        assert all(count > 1000 if colour in colours else count == 0 for colour, count in counts.items())
        heights.append(Image.open(picture).height)
    assert 100 < heights[0] < heights[1] < heights[2]
    assert picture.read_bytes() == drawn(tmp_path, index, flags).read_bytes()


def test_a_name_with_dollar_signs_is_a_name(tmp_path):
    assert drawn(tmp_path, index_of([("$a_{b$", "happy"), ("$a_{b$", "sad")])).exists()


def test_the_stage_draws_a_data_set(efgan, cropped_data):
    crops, index, checks, picture = map(cropped_data.path, ("crops.npy", "crops.csv", "crop_checks.csv", "sheet.png"))
    flags = ["--crops", crops, "--index", index, "--checks", checks, "--picture", picture]
    efgan("contact_sheet", *flags, "--seed", "3")
    assert pixels_of(picture, BLUE) > 1000  # their squares all leave the photographs
    checks.write_text(checks.read_text().replace("p00_happy", "stranger"))
    with pytest.raises(InputError, match=r"crop_checks\.csv: its ids are not those of .*crops\.csv"):
        efgan("contact_sheet", *flags)
