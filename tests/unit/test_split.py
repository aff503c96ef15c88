"""Train and test parts: shares, strata, seeds, people, and what cannot be split."""

import numpy as np
import pandas as pd
import pytest

from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.split import make_split
from cascade_efgan.errors import InputError


def index_of(people=20, expressions=EXPRESSIONS, gazes=3):
    rows = [
        (f"p{person:03d}_{expression}_{gaze}", f"{person:03d}", expression)
        for person in range(people)
        for expression in expressions
        for gaze in range(gazes)
    ]
    return pd.DataFrame(rows, columns=["id", "person", "expression"])


def test_rafds_size_splits_as_the_paper_says():
    split = make_split(index_of(people=67), "image", 0.1, 0, "crops.csv")
    assert (split["part"] == "test").sum() == round(0.1 * 1608)
    assert list(split["id"]) == sorted(split["id"])
    assert set(split["part"]) == {"train", "test"}


@pytest.mark.parametrize("share", [0.07, 0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize(("people", "gazes"), [(3, 1), (12, 3), (10, 1)])
def test_every_expression_gives_its_share_to_within_one_image(share, people, gazes):
    index = index_of(people, gazes=gazes)
    split = make_split(index, "image", share, 1, "crops.csv")
    # One image of every expression always stays for training: at 3 images and 90 %, that is less than the share.
    most = len(index) - len(EXPRESSIONS)
    assert (split["part"] == "test").sum() == min(int(np.floor(len(index) * share + 0.5)), most)
    for expression, rows in index.merge(split).groupby("expression"):
        tested = (rows["part"] == "test").sum()
        assert abs(tested - share * people * gazes) < 1, expression
        assert tested < len(rows)


def test_the_order_of_rows_does_not_matter():
    index = index_of()
    shuffled = index.sample(frac=1, random_state=3)
    for by in ("image", "person"):
        pd.testing.assert_frame_equal(
            make_split(index, by, 0.1, 5, "crops.csv"), make_split(shuffled, by, 0.1, 5, "crops.csv")
        )


def test_the_seed_decides():
    index = index_of()
    for by in ("image", "person"):
        first, same, other = (make_split(index, by, 0.1, seed, "crops.csv") for seed in (0, 0, 1))
        assert first.equals(same)
        assert not first.equals(other)


def test_by_person_no_person_is_in_both_parts():
    index = index_of(people=20)
    rows = index.merge(make_split(index, "person", 0.1, 0, "crops.csv"))
    parts = rows.groupby("person")["part"].unique()
    assert (parts.str.len() == 1).all()
    assert (parts.str[0] == "test").sum() == 2


def test_an_empty_test_part_is_an_error():
    with pytest.raises(InputError, match=r"crops\.csv: the test part is empty, because 0\.1 of 4 \(person\) rounds"):
        make_split(index_of(people=4), "person", 0.1, 0, "crops.csv")
    with pytest.raises(InputError, match=r"the test part is empty, because 0\.1 of 4 \(image\) rounds to none"):
        make_split(index_of(people=2, expressions=("happy", "sad"), gazes=1), "image", 0.1, 0, "crops.csv")


def test_a_class_that_is_empty_in_train_is_an_error():
    index = index_of(people=2, gazes=1)
    lonely = index["expression"].eq("sad") & index["person"].eq("000")
    test_people = [make_split(index, "person", 0.5, seed, "crops.csv").query("part == 'test'") for seed in range(8)]
    tested = [rows["id"].iloc[0][:4] for rows in test_people]
    assert set(tested) == {"p000", "p001"}
    with pytest.raises(InputError, match=r"crops\.csv: expression sad has no image in the train part"):
        make_split(index[~lonely], "person", 0.5, tested.index("p001"), "crops.csv")
    split = make_split(index[~lonely], "person", 0.5, tested.index("p000"), "crops.csv")
    assert split.set_index("id")["part"]["p001_sad_0"] == "train"


def test_the_only_image_of_a_class_is_never_a_test_image():
    index = pd.concat([index_of(people=9, expressions=("happy",), gazes=1), index_of(1, ("sad",), 1)])
    for seed in range(20):
        split = make_split(index, "image", 0.5, seed, "crops.csv").set_index("id")["part"]
        assert split["p000_sad_0"] == "train"


def test_the_stage_writes_the_split(efgan, cropped_data):
    efgan("split", "--index", cropped_data.path("crops.csv"), "--split", cropped_data.path("split.csv"),
          "--set", "split.test_share=0.25")  # fmt: skip
    split = pd.read_csv(cropped_data.path("split.csv"))
    assert list(split.columns) == ["id", "part"]
    assert split["part"].value_counts().to_dict() == {"train": 6, "test": 2}


def test_the_stage_refuses_an_empty_class(efgan, cropped_data):
    crops = cropped_data.path("crops.csv")
    lines = crops.read_text().splitlines()
    crops.write_text("\n".join([lines[0], *[line for line in lines[1:] if "p00" in line]]) + "\n")
    with pytest.raises(InputError, match=r"crops\.csv: expression happy has no image in the train part"):
        efgan("split", "--index", crops, "--split", cropped_data.path("split.csv"), "--set", "split.by=person",
              "--set", "split.test_share=0.9")  # fmt: skip
    assert not cropped_data.path("split.csv").exists()
