"""The packed crops, their index and their parts."""

import numpy as np
import pandas as pd
import pytest

from cascade_efgan.data import AUS, EXPRESSIONS, UNKNOWN
from cascade_efgan.data.face_crops.dataset import INDEX_COLUMNS, Faces, load_faces, part_rows
from cascade_efgan.data.records import landmarks_of, read_records, write_records
from cascade_efgan.errors import InputError


@pytest.fixture
def stored(tmp_path):
    """Paths of four crops and their index; ids and people begin with zeros."""
    count = 4
    index = pd.DataFrame({name: np.linspace(0, 5, count) for name in INDEX_COLUMNS})
    index["id"] = ["001", "002", "003", "004"]
    index["person"] = ["01", "01", "02", "NA"]
    index["expression"] = ["happy", "neutral", "surprised", "happy"]
    index["gaze"], index["dataset"], index["pixels"] = "frontal", "london", index["id"]
    write_records(tmp_path / "crops.csv", index)
    np.save(tmp_path / "crops.npy", np.arange(count * 48, dtype=np.uint8).reshape(count, 4, 4, 3))
    (tmp_path / "split.csv").write_text("id,part\n004,test\n003,train\n002,test\n001,train\n")
    return tmp_path


def load(folder):
    return load_faces(folder / "crops.npy", folder / "crops.csv")


def test_faces_carry_images_intensities_and_labels(stored):
    faces = load(stored)
    assert (len(faces), faces.size) == (4, 4)
    assert isinstance(faces.images, np.memmap)
    assert not faces.images.flags.writeable
    assert faces.aus.dtype == np.float32
    np.testing.assert_allclose(faces.aus[:, 0], [0, 1 / 3, 2 / 3, 1], rtol=1e-6)
    assert faces.labels.dtype == np.int64
    assert [EXPRESSIONS[label] for label in faces.labels] == ["happy", "neutral", "surprised", "happy"]
    assert faces.expressions == ("happy", "neutral", "surprised")
    assert Faces(faces.images, faces.index.assign(expression=UNKNOWN)).labels.tolist() == [-1] * 4
    assert list(faces.index["person"]) == ["01", "01", "02", "NA"]


def test_floats_read_back_bit_for_bit_and_landmarks_pair_x_with_y(stored):
    values = np.random.default_rng(0).random(4) * 5
    index = load(stored).index.assign(AU01=values, x_5=[1.0, 2, 3, 4], y_5=[5.0, 6, 7, 8])
    write_records(stored / "crops.csv", index)
    read = load(stored).index
    np.testing.assert_array_equal(read["AU01"], values)
    np.testing.assert_array_equal(landmarks_of(read)[:, 5], [[1, 5], [2, 6], [3, 7], [4, 8]])


def test_take_keeps_rows_together(stored):
    faces = load(stored)
    some = faces.take(np.array([2, 0]))
    np.testing.assert_array_equal(some.images, faces.images[[2, 0]])
    assert list(some.index["id"]) == ["003", "001"]
    assert list(some.index.index) == [0, 1]
    np.testing.assert_array_equal(some.aus, faces.aus[[2, 0]])


def test_parts_are_rows_of_the_index(stored):
    index = load(stored).index
    assert list(part_rows(index, stored / "split.csv", "train")) == [0, 2]
    assert list(part_rows(index, stored / "split.csv", "test")) == [1, 3]
    assert list(part_rows(index, stored / "split.csv", "all")) == [0, 1, 2, 3]
    with pytest.raises(InputError, match="part 'val' is unknown"):
        part_rows(index, stored / "split.csv", "val")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("split", "003,train", "003,val", "part 'val' is unknown"),
        ("split", "003,train\n", "", "id 003 is missing"),
        ("split", "003,train", "001,train", "id 001 appears twice"),
        ("split", "id,part", "id,half", "column part is missing"),
        ("crops", "\n002,", "\n001,", "id 001 appears twice"),
        ("crops", "surprised", "astonished", "unknown expression 'astonished' in line 4"),
        ("crops", ",london,0.0", ",london,-1", "AU01 of 001 is -1, expected OpenFace's 0 to 5"),
        ("crops", ",london,0.0", ",london,", "column AU01 holds '' in line 2"),
        ("crops", ",london,0.0", ",london,nan", "column AU01 holds 'nan' in line 2"),
        ("crops", "AU45", "AU46", "column AU45 is missing"),
    ],
)
def test_a_bad_split_or_index_is_named(file, old, new, message, stored):
    path = stored / f"{file}.csv"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=rf"{file}\.csv: {message}"):
        part_rows(load(stored).index, stored / "split.csv", "train")


def test_the_line_of_a_wrong_number_is_named(tmp_path):
    """Where a later one was wrong, a number that is read elsewhere ("1_0" is 10) was called wrong instead."""
    path = tmp_path / "a.csv"
    path.write_text("id,value\na,1_0\nb,x\n")
    with pytest.raises(InputError, match=r"a\.csv: column value holds 'x' in line 3"):
        read_records(path, ("id",), ("value",))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((3, 4, 4, 3), np.uint8), r"crops\.csv: 4 rows, but .*crops\.npy holds 3 crops"),
        (np.zeros((4, 4, 5, 3), np.uint8), r"crops\.npy: holds .*, expected uint8 \(N, S, S, 3\)"),
        (np.zeros((4, 4, 4, 3), np.float32), r"crops\.npy: holds .*, expected uint8 \(N, S, S, 3\)"),
        (b"words", r"crops\.npy: not a NumPy array file"),
        (None, r"crops\.npy: no such file"),
    ],
)
def test_crops_that_are_none_of_the_index_are_refused(images, message, stored):
    (stored / "crops.npy").unlink()
    if isinstance(images, bytes):
        (stored / "crops.npy").write_bytes(images)
    elif images is not None:
        np.save(stored / "crops.npy", images)
    with pytest.raises(InputError, match=message):
        load(stored)


def test_the_column_order_is_openfaces():
    assert INDEX_COLUMNS[5:22] == AUS
    assert INDEX_COLUMNS[22:25] == ("crop_x", "crop_y", "crop_side")
    assert INDEX_COLUMNS[25] == "x_0"
    assert INDEX_COLUMNS[93] == "y_0"
