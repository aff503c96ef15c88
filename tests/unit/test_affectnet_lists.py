"""AffectNet's lists and annotations: the forms that are read, and what is refused with file and line."""

import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from layouts import LIST_HEADER, source, write_list
from programs import write_files

from cascade_efgan.errors import InputError

BOX = ("1", "2", "3", "4")
HEADER = ",".join(LIST_HEADER)


def write(folder, rows, name="training.csv"):
    """A list of (path, expression) rows, and the photographs that they name."""
    cells = [[path, *BOX, "1.0;2.0", expression, "0", "0"] for path, expression in rows]
    write_list(folder / name, [LIST_HEADER, *cells])
    write_files(folder, {path: path for path, _ in rows})


def photos(folder):
    return list(source("affectnet", folder).photos)


@pytest.mark.parametrize(
    ("text", "expression", "box"),
    [
        ("7/x.jpg,1,2,3,4,1;2,6,0,0", "angry", (1, 2, 3, 4)),
        (f"expression,{','.join(LIST_HEADER[:6])}\n3,7/x.jpg,1,2,3,4,5;6", "surprised", (1, 2, 3, 4)),
        (f"{HEADER}\n7/x.jpg,NULL,NULL,NULL,NULL,1;2,1,0,0", "happy", None),
        (f"{HEADER}\n7/x.jpg,,,,,1;2,1,0,0", "happy", None),
        (f"{HEADER}\n7/x.jpg,1,2,-1,4,1;2,1,0,0", "happy", None),
        (f"{HEADER}\n7/x.jpg,1,2,3,0,1;2,1,0,0", "happy", None),
    ],
)
def test_lists_lie_anywhere_without_header_in_any_order_of_columns_or_without_a_box(tmp_path, text, expression, box):
    write_files(tmp_path, {"a b/Training.CSV": f"{text}\n", "some folder/7/x.jpg": b"x"})
    (photo,) = photos(tmp_path)
    assert (photo.id, photo.expression, photo.face_box) == ("7-x", expression, box)


def test_suffixes_may_be_any_in_any_case_and_ids_stay_unique(tmp_path):
    names = ["1/a.jpg", "1/a.PNG", "1/b.JPG", "1/c.jpeg", "1/d.TIF", "1/e.bmp", "1/f.webp", "1/g h.jpg"]
    write(tmp_path, [(name, "1") for name in names])
    ids = {photo.file: photo.id for photo in photos(tmp_path)}
    assert sorted(ids) == sorted(names)
    assert [ids[name] for name in names[2:]] == ["1-b", "1-c", "1-d", "1-e", "1-f", "1-g_h"]
    assert ids["1/a.jpg"].startswith("1-a-") and ids["1/a.PNG"].startswith("1-a-")
    assert len(set(ids.values())) == len(names)


def test_a_photograph_listed_again_is_used_once_and_never_with_two_labels(tmp_path, caplog):
    twice = [("1/a.jpg", "1"), ("1/a.jpg", "1"), ("1/b.jpg", "2"), ("1/c.jpg", "0")]
    write(tmp_path, twice)
    write(tmp_path, [("1/b.jpg", "3")], name="validation.csv")
    found = source("affectnet", tmp_path)
    assert [photo.id for photo in found.photos] == ["1-a", "1-c"]
    assert found.completeness.left_out == {"listed with two expressions": 1}
    assert found.completeness.unexpected == []
    assert "lists 2 photographs more than once" in caplog.text
    write(tmp_path, twice, name="again/Training.csv")
    with pytest.raises(InputError, match=r"raining\.csv are the same list twice; delete one"):
        source("affectnet", tmp_path)


def test_an_annotation_may_be_a_number_or_its_digits(tmp_path):
    for number, value in enumerate((np.array("4"), np.array(4), np.array(4, np.uint8), np.array(["4"]))):
        write_files(tmp_path / "train_set", {f"annotations/{number}_exp.npy": "", f"images/{number}.jpg": b"x"})
        np.save(tmp_path / f"train_set/annotations/{number}_exp.npy", value)
    assert [photo.expression for photo in photos(tmp_path)] == ["fearful"] * 4


CODE = np.array({"a": 1}, dtype=object)  # it would run while it is read


@pytest.mark.parametrize("value", [*map(np.array, ("happy", 11, -1, [1, 2], 1.5)), CODE, None])
def test_an_annotation_that_is_no_expression_is_named(tmp_path, value):
    write_files(tmp_path, {"train_set/annotations/2_exp.npy": "", "train_set/images/2.jpg": "2.jpg"})
    if value is not None:
        np.save(tmp_path / "train_set/annotations/2_exp.npy", value, allow_pickle=True)
    with pytest.raises(InputError, match=r"train_set/annotations/2_exp\.npy: expected one number from 0 to 10"):
        source("affectnet", tmp_path)


HEADED = f"{HEADER}\r\n\r\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEADED}7/x.jpg,1,2,3,4,1;2,11,0,0", r"expression is '11' in line 3, expected an expression from 0 to 10"),
        (f"{HEADED}7/x.jpg,1,2,3,4,1;2,1.5,0,0", r"expression is '1\.5' in line 3, expected"),
        (f"{HEADED}7/x.jpg,1,2,3,4,1;2,happy,0,0", r"expression is 'happy' in line 3, expected"),
        (f"{HEADED}7/x.jpg,1,2,3,4,1;2", r"expression is '' in line 3, expected"),
        (f"{HEADED}7/x.jpg,1,2,wide,4,1;2,1,0,0", r"face_width is 'wide' in line 3, expected pixels or NULL"),
        (f"{HEADED}x.jpg,1,2,3,4,1;2,1,0,0", r"subDirectory_filePath is 'x\.jpg' in line 3, expected a folder and a "),
        (f'{HEADED}"7/x.jpg,1,2,3,4,1;2,1,0,0', r"not a list of AffectNet \(.*EOF inside string"),
        ("subDirectory_filePath,expression\n7/x.jpg,1\n", "the first line has no column face_x; expected subDir"),
        ("", "the first line has no column "),
    ],
)
def test_a_list_that_cannot_be_right_is_named_with_its_line(tmp_path, text, message):
    write_files(tmp_path, {"training.csv": f"{text}\r\n" if text else ""})
    with pytest.raises(InputError, match=rf"training\.csv: {message}"):
        source("affectnet", tmp_path)


def test_a_long_list_takes_seconds_and_little_memory(tmp_path):
    rows = (f"{n % 997}/{n:056x}.jpg,1,2,30,40,1.0;2.0,{n % 11},0.1,0.2\n" for n in range(30_000))
    archive = tmp_path / "many.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("training.csv", f"{HEADER}\n" + "".join(rows))
        packed.writestr(f"0/{0:056x}.jpg", b"x")
    tracemalloc.start()
    start = time.process_time()
    completeness = source("affectnet", archive, partial=True).completeness
    seconds = time.process_time() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert completeness.expected == len(completeness.missing) + 1 == 21_819
    # 3 s and 620 bytes per row on the machine where this was written: the bounds leave room for a slower one.
    assert seconds < 20
    assert peak < 30_000 * 1500
