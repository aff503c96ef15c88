"""Numbers that only claims need, on edits, maps and paths whose values are known."""

import numpy as np
import pandas as pd
import pytest

from cascade_efgan.claims.edit_numbers import attention_of_maps, left_over, path_of_readings, region_error
from cascade_efgan.claims.wild_numbers import change_outside
from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.crops import crop_image, crop_square, to_crop
from cascade_efgan.data.face_crops.dataset import INDEX_COLUMNS
from cascade_efgan.data.face_crops.patches import PatchBox
from cascade_efgan.data.openface.csv_files import read_openface
from cascade_efgan.data.openface.detected import choose_face
from cascade_efgan.data.photo_files.images import decode_image
from cascade_efgan.data.records import landmark_values
from cascade_efgan.stages import wild_values


def test_left_overs_and_region_errors_of_known_edits() -> None:
    source, target = np.zeros((3, 17)), np.zeros((3, 17))
    source[:2, :2] = 4.0
    target[:, 1] = 1.0
    seen = np.zeros((3, 17))
    seen[0, :3] = [2.0, 0.5, 5.0]  # the second is below its target, the third was never there
    assert left_over(source, target, seen).tolist()[:2] == [1.0, 0.0]
    assert np.isnan(left_over(source, target, seen)[2])
    truth = np.zeros((1, 8, 8, 3), dtype=np.uint8)
    edit = truth.copy()
    edit[0, 0:2] = 60  # inside the eyes' box; the nose's does not count
    edit[0, 3] = 255
    boxes = {"eyes": PatchBox(0, 0, 2, 8), "nose": PatchBox(3, 0, 1, 8), "mouth": PatchBox(6, 0, 2, 8)}
    assert region_error(edit, truth, boxes).tolist() == [30.0]


def test_change_outside_the_face_leaves_out_what_editing_may_change() -> None:
    sources = np.full((2, 64, 64, 3), 100, dtype=np.uint8)
    turn = np.linspace(0, 2 * np.pi, 68)
    points = np.stack([32 + 12 * np.cos(turn), 40 + 12 * np.sin(turn)], axis=1)
    points[17:27] = np.stack([np.linspace(24, 40, 10), np.full(10, 30.0)], axis=1)
    landmarks = np.stack([points, np.tile([[-64.0, -64], [128, -64], [128, 128], [-64, 128]], (17, 1))])
    edits = sources[[0, 0, 1]].copy()
    edits[0, 36:44, 28:36] = 0  # the face
    edits[0, 20:24, 30:34] = 0  # its forehead
    edits[1, :2] = 130
    found = change_outside(edits, sources, landmarks, np.array([0, 0, 1]))
    assert found[0] == 0
    assert 30 * 128 / 64**2 < found[1] < 30 * 128 / 64**2 * 1.5
    assert np.isnan(found[2]), "a face that fills the crop"


def test_smiles_of_real_people_approach_their_aus_and_unchanged_photographs_do_not(
    tmp_path, london_mirror, models_mirror, openface_london, monkeypatch
):
    """Two neutral photographs, each "edited" into its person's real smile and into itself."""
    monkeypatch.setenv("EFGAN_MODELS_MIRROR", str(models_mirror))
    measured = read_openface(openface_london)

    def crop(person: str, kind: str, code: str):
        """A photograph's crop, its AUs, and its landmarks."""
        face, path = choose_face(measured[f"{person}_{code}"], 0.5), london_mirror / f"{kind}_front"
        square = crop_square(face.landmarks, margin=0.25)
        photo = decode_image((path / f"{person}_{code}.jpg").read_bytes(), person)
        landmarks = landmark_values(to_crop(face.landmarks, square, 160)[None])
        return crop_image(photo, square, 160), dict(zip(AUS, face.aus, strict=True)), landmarks

    images, rows = {"crops": [], "edits": []}, {"crops": [], "edits": []}
    for person in ("001", "004"):
        (neutral, aus, landmarks), (smiling, wanted, _) = crop(person, "neutral", "03"), crop(person, "smiling", "08")
        words = {"person": person, "gaze": "frontal"}
        images["crops"].append(neutral)
        about = words | {"id": person, "expression": "neutral", "dataset": "london", "pixels": person}
        landmarks = {key: value[0] for key, value in landmarks.items()}
        rows["crops"].append(dict.fromkeys(INDEX_COLUMNS, 1.0) | aus | landmarks | about)
        for target, edit in (("happy", smiling), ("sad", neutral), ("neutral", neutral)):
            asked = {"source_id": person, "source_expression": "neutral", "target_expression": target}
            images["edits"].append(edit)
            rows["edits"].append(words | asked | {"counterpart_id": ""} | wanted)
    for name in images:
        np.save(tmp_path / f"{name}.npy", np.stack(images[name]))
        pd.DataFrame(rows[name]).to_csv(tmp_path / f"{name}.csv", index=False)
    files = [tmp_path / f"{name}.{kind}" for name in ("crops", "edits") for kind in ("npy", "csv")]
    wild_values.command("folder", 0, *files, tmp_path / "values.csv", reader="mediapipe")
    found = pd.read_csv(tmp_path / "values.csv").set_index(["metric", "id"])["value"]
    for person in ("001", "004"):
        assert found["au_approach", f"{person}:happy"] > 0.1
        assert found["au_approach", f"{person}:sad"] == 0
        assert found["change_outside", f"{person}:sad"] == 0 < found["change_outside", f"{person}:happy"]
        assert ("au_approach", f"{person}:neutral") not in found.index, "that expression is there already"


def test_attention_of_known_maps() -> None:
    boxes = {"eyes": PatchBox(0, 0, 2, 10), "nose": PatchBox(2, 0, 1, 10), "mouth": PatchBox(6, 0, 2, 10)}
    local, change = np.full((1, 10, 10), np.nan), np.zeros((1, 10, 10))
    for box in boxes.values():
        local[0, box.top : box.top + box.height] = 0.1
    local[0, 0, :5] = change[0, 0, :5] = 0.9  # a tenth of the 50 pixels that have a branch
    whole = np.full((1, 10, 10), 0.2)
    whole[0, 6:8] = 0.6
    found = {name: float(values[0]) for name, values in attention_of_maps(local, whole, boxes, change).items()}
    assert found["focus_local"] == pytest.approx((2 * 0.9 / 6 + 0.1 + 0.1) / 3)
    assert found["focus_global"] == pytest.approx(0.1)  # even in every box, though the mouth's has more of it
    assert found["upper_local"] == pytest.approx((7 / 30) / (9 / 50))
    assert (found["upper_global"], found["mouth_global"]) == pytest.approx((0.2 / 0.36, 0.6 / 0.36))
    # How strong a map is does not count, and a map without attention is nowhere.
    fainter = attention_of_maps(local / 2, 0 * whole, boxes, change)
    assert fainter["upper_local"] == pytest.approx(found["upper_local"]) and np.isnan(fainter["mouth_global"]).all()
    assert found["hits_local"] == pytest.approx(1) and found["hits_global"] < 0
    assert "hits_local" not in attention_of_maps(local, whole, boxes, None)


def test_paths_of_known_readings() -> None:
    source, target = np.zeros((3, 17)), np.zeros((3, 17))
    target[:2, 0] = 5.0  # the third asks for no change
    seen = np.zeros((6, 3, 17))
    seen[:, 0, 0] = [0, 1, 2, 3, 4, 5]
    seen[:, 1, 0] = [0, -1, -1, 5, 4, 4]
    seen[:, 1, 3] = 2.0  # beside the way
    found = path_of_readings(seen, source, target)
    assert found["steps_forward"].tolist()[:2] == pytest.approx([1.0, 0.2])
    assert found["largest_step"].tolist()[:2] == pytest.approx([0.2, 0.75])
    assert found["steps_even"][0] == pytest.approx(1) and found["steps_even"][1] < 0.9
    assert all(np.isnan(values[2]) for values in found.values())
