"""The contact sheet: which crops it shows, and that their places, frames and bytes are right."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cascade_efgan.data import EXPRESSIONS, UNKNOWN
from cascade_efgan.data.checks.contact_sheet import choose_crops, draw_contact_sheet
from cascade_efgan.data.dataset import Faces
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


def checks_of(index, flags):
    return pd.DataFrame({"id": index["id"], "flags": [flags.get(place, "") for place in range(len(index))]})


def pixels_of(picture, colour):
    """How many pixels of a picture have exactly a colour."""
    return int((np.asarray(Image.open(picture).convert("RGB")) == colour).all(axis=2).sum())


def test_rows_are_people_and_columns_expressions():
    index = people_index(people=20)
    sheet = choose_crops(index, seed=0)
    assert sheet.people
    assert len(sheet.rows) == 8
    assert sheet.columns == list(EXPRESSIONS)
    for person, cells in zip(sheet.rows, sheet.cells, strict=True):
        assert list(index["person"].iloc[cells]) == [person] * 8
        assert list(index["expression"].iloc[cells]) == list(EXPRESSIONS)


def test_a_person_without_an_expression_leaves_its_place_empty():
    index = index_of([("a", "happy"), ("a", "neutral"), ("b", "happy"), ("b", UNKNOWN)])
    sheet = choose_crops(index, seed=0)
    assert (sheet.rows, sheet.columns) == (["a", "b"], ["happy", "neutral", UNKNOWN])
    assert sheet.cells.tolist() == [[0, 1, -1], [2, -1, 3]]


def test_photographs_of_strangers_are_drawn_for_every_expression():
    names = np.random.default_rng(0).choice([*EXPRESSIONS, UNKNOWN], 500)
    index = index_of([(f"{place}", name) for place, name in enumerate(names)])
    sheet = choose_crops(index, seed=0)
    assert not sheet.people
    assert sheet.columns == [*EXPRESSIONS, UNKNOWN]
    assert sheet.cells.shape == (8, 9)
    assert len(set(sheet.cells.ravel())) == 72
    for name, cells in zip(sheet.columns, sheet.cells.T, strict=True):
        assert set(index["expression"].iloc[cells]) == {name}


def test_a_data_set_without_labels_fills_eight_columns():
    sheet = choose_crops(index_of([(f"{place}", UNKNOWN) for place in range(100)]), seed=0)
    assert sheet.cells.shape == (8, 8)
    assert sheet.columns == [UNKNOWN] * 8


def test_few_photographs_give_no_empty_row_or_column():
    index = index_of([("a", "happy"), ("b", "happy"), ("c", "happy"), ("d", "sad")])
    sheet = choose_crops(index, seed=0)
    assert sheet.columns == ["happy", "happy", "happy", "sad"]
    assert sorted(sheet.cells.ravel()) == [0, 1, 2, 3]


def test_one_crop_is_enough(tmp_path):
    index = index_of([("a", UNKNOWN)])
    draw_contact_sheet(faces_of(index), checks_of(index, {}), 0, tmp_path / "sheet.png")
    assert choose_crops(index, seed=0).cells.tolist() == [[0]]
    assert Image.open(tmp_path / "sheet.png").height > 100


def test_the_seed_decides():
    index = people_index(people=30)
    first, same, other = (choose_crops(index, seed).cells.tolist() for seed in (0, 0, 1))
    assert first == same
    assert first != other


def test_only_the_crops_shown_are_read(tmp_path):
    class Counted(np.ndarray):
        reads = 0

        def __getitem__(self, key):
            Counted.reads += np.ndim(key) == 0
            return super().__getitem__(key)

    index = index_of([(f"{place}", "happy") for place in range(1000)])
    images = np.zeros((1000, 8, 8, 3), np.uint8).view(Counted)
    draw_contact_sheet(Faces(images, index), checks_of(index, {}), 0, tmp_path / "sheet.png")
    assert Counted.reads == 64


def test_every_crop_is_at_its_place(tmp_path):
    index = people_index(people=3, expressions=("happy", "neutral", "sad"), photographs=1)
    faces = faces_of(index)
    draw_contact_sheet(faces, checks_of(index, {}), 0, tmp_path / "sheet.png")
    picture = np.asarray(Image.open(tmp_path / "sheet.png").convert("RGB"))
    # Where each crop's grey is, give or take some text: row by row in the order of the index.
    found = [np.median(np.argwhere((picture == faces.images[place, 0, 0]).all(axis=2)), axis=0) for place in range(9)]
    rows, columns = (np.reshape(values, (3, 3)) for values in np.transpose(found))
    assert (np.diff(rows, axis=0) > 50).all() and np.ptp(rows, axis=1).max() < 15
    assert (np.diff(columns, axis=1) > 50).all() and np.ptp(columns, axis=0).max() < 15


def test_flagged_crops_have_a_frame_and_a_line_in_the_legend(tmp_path):
    index = people_index(people=2, expressions=("happy", "sad"), photographs=1)
    cases = {0: "small", 1: "padded", 2: "small padded"}
    plain, one, all_three = (tmp_path / name for name in ("plain.png", "one.png", "three.png"))
    draw_contact_sheet(faces_of(index), checks_of(index, {}), 0, plain)
    draw_contact_sheet(faces_of(index), checks_of(index, {0: "small"}), 0, one)
    draw_contact_sheet(faces_of(index), checks_of(index, cases), 0, all_three)
    assert [pixels_of(plain, colour) for colour in (ORANGE, BLUE, VERMILLION)] == [0, 0, 0]
    assert pixels_of(one, ORANGE) > 1000
    assert pixels_of(one, BLUE) == pixels_of(one, VERMILLION) == 0
    assert min(pixels_of(all_three, colour) for colour in (ORANGE, BLUE, VERMILLION)) > 1000
    assert Image.open(plain).height < Image.open(one).height < Image.open(all_three).height


def test_the_same_input_gives_the_same_bytes(tmp_path):
    index = people_index(people=3, photographs=1)
    for name in ("first.png", "second.png"):
        draw_contact_sheet(faces_of(index), checks_of(index, {1: "small"}), 0, tmp_path / name)
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()


def test_a_name_with_dollar_signs_is_a_name(tmp_path):
    index = index_of([("$a_{b$", "happy"), ("$a_{b$", "sad")])
    draw_contact_sheet(faces_of(index), checks_of(index, {}), 0, tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").exists()


def test_the_stage_draws_a_data_set(efgan, small_data):
    small_data.extract_aus()
    paths = {name: small_data.path(name) for name in ("crops.npy", "crops.csv", "crop_checks.csv", "sheet.png")}
    efgan(
        "crop", "--photos", small_data.photos, "--manifest", small_data.manifest, "--faces",
        small_data.path("faces.csv"), "--crops", paths["crops.npy"], "--index", paths["crops.csv"],
        "--checks", paths["crop_checks.csv"], "--set", "crop.size=32", "--set", "crop.margin=0.25",
    )  # fmt: skip
    flags = ["--crops", paths["crops.npy"], "--index", paths["crops.csv"], "--checks", paths["crop_checks.csv"]]
    efgan("contact_sheet", *flags, "--picture", paths["sheet.png"], "--seed", "3")
    assert pixels_of(paths["sheet.png"], BLUE) > 1000  # their squares all leave the photographs
    paths["crop_checks.csv"].write_text(paths["crop_checks.csv"].read_text().replace("p00_happy", "stranger"))
    with pytest.raises(InputError, match=r"crop_checks\.csv: its ids are not those of .*crops\.csv"):
        efgan("contact_sheet", *flags, "--picture", paths["sheet.png"])
