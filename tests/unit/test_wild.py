"""Wild images: data sets put together, targets from the pre-training, and fine-tuning from its weights."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evaluation_helpers import write_faces
from safetensors.torch import load_file

from cascade_efgan.data import AUS, UNKNOWN
from cascade_efgan.data.combine import Cropped, combine
from cascade_efgan.data.dataset import load_faces, part_rows
from cascade_efgan.errors import InputError
from cascade_efgan.files import write_json
from cascade_efgan.generation.edit_plan import expression_means, plan_edits
from cascade_efgan.orchestration.cli_args import named_paths, same_names

SETTINGS = [
    "crop.size=32", "network.width=4", "network.blocks=1", "network.discriminator_width=4", "network.face_layers=3",
    "network.patch_layers=2", "network.interpolator_width=8",
]  # fmt: skip
SCHEDULE = {"epochs": 1, "constant_epochs": 0, "batch": 8, "n_critic": 1}


def files(folder: Path, **sizes: int) -> Cropped:
    folder.mkdir()
    faces = write_faces(folder, **sizes)
    return Cropped(faces["crops"], faces["index"], faces["split"])


def cropped(folder: Path) -> Cropped:
    return Cropped(folder / "crops.npy", folder / "crops.csv", folder / "split.csv")


def test_data_sets_put_together_keep_their_images_parts_and_people_apart(tmp_path: Path) -> None:
    sources = {"rafd": files(tmp_path / "a", people=3), "cfeed": files(tmp_path / "b", people=4)}
    out = cropped(tmp_path / "out")
    assert combine(sources, out) == 3 * 3 + 4 * 3
    whole = load_faces(out.crops, out.index)
    parts = {name: load_faces(source.crops, source.index) for name, source in sources.items()}
    np.testing.assert_array_equal(whole.images, np.concatenate([part.images for part in parts.values()]))
    assert whole.index["person"].nunique() == 7
    assert list(whole.index["id"][:2]) == ["rafd.p00_happy", "rafd.p00_neutral"]
    for part in ("train", "test"):
        expected = [
            f"{name}.{own}"
            for name, source in sources.items()
            for own in parts[name].index["id"].iloc[part_rows(parts[name].index, source.split, part)]  # type: ignore[arg-type]
        ]
        assert list(whole.index["id"].iloc[part_rows(whole.index, out.split, part)]) == expected  # type: ignore[arg-type]


def test_a_photograph_of_two_data_sets_is_not_trained_where_one_tests_it(tmp_path: Path) -> None:
    sources = {"rafd": files(tmp_path / "a", people=3), "cfeed": files(tmp_path / "b", people=3)}
    index = pd.read_csv(sources["cfeed"].index)
    tested, learned = (part_rows(index, sources["cfeed"].split, part)[0] for part in ("test", "train"))  # type: ignore[arg-type]
    index.loc[learned, "pixels"] = pd.read_csv(sources["rafd"].index)["pixels"][tested]
    index.to_csv(sources["cfeed"].index, index=False)
    out = cropped(tmp_path / "out")
    combine(sources, out)
    parts = pd.read_csv(out.split, index_col="id")["part"]
    assert parts[f"cfeed.{index['id'][learned]}"] == parts[f"rafd.{index['id'][tested]}"] == "test"
    assert (parts == "test").sum() == 2 * 6 + 1


def test_crops_of_different_sizes_are_not_put_together(tmp_path: Path) -> None:
    sources = {"rafd": files(tmp_path / "a", people=3), "cfeed": files(tmp_path / "b", people=3, size=64)}
    with pytest.raises(InputError, match=r"crops have different sides \(rafd 32, cfeed 64 pixels\)"):
        combine(sources, cropped(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_wild_images_without_a_label_are_edited_to_the_expressions_of_the_pre_training(tmp_path: Path) -> None:
    source = files(tmp_path / "a", people=4)
    faces = load_faces(source.crops, source.index)
    means = expression_means(faces.index, part_rows(faces.index, source.split, "train"))
    wild = faces.index.head(2).assign(expression=UNKNOWN, person=["x", "y"])
    plan = plan_edits(wild, np.arange(2), means, None, 0)
    assert list(plan["target_expression"]) == ["happy", "neutral", "sad"] * 2
    assert set(plan["counterpart_id"]) == {""}
    happy = faces.index[(faces.index["expression"] == "happy") & faces.index["person"].isin(["00", "01"])]
    np.testing.assert_allclose(plan[list(AUS)].to_numpy(float)[0], happy[list(AUS)].mean())


def test_an_expression_without_a_training_image_has_no_mean(tmp_path: Path) -> None:
    source = files(tmp_path / "a", people=3)
    index = load_faces(source.crops, source.index).index
    with pytest.raises(InputError, match="no training image is happy"):
        expression_means(index, np.flatnonzero(index["expression"] != "happy"))


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory, efgan) -> Path:
    """A folder with the cascade that the stages train on a tiny data set."""
    tmp_path = tmp_path_factory.mktemp("pretraining")
    source, folder = files(tmp_path / "posed", people=4), tmp_path / "pretrained"
    centers = folder / "patch_centers.json"
    boxes = {"eyes": (4, 4, 12, 24), "nose": (14, 10, 12, 12), "mouth": (18, 8, 12, 16)}
    places = {name: dict(zip(("top", "left", "height", "width"), box, strict=True)) for name, box in boxes.items()}
    write_json(centers, {"crop_size": 32, **places})
    common = ["--seed", 0, "--crops", source.crops, "--index", source.index, "--split", source.split]
    sizes = ["--centers", centers, *(word for setting in SETTINGS for word in ("--set", setting))]
    single = folder / "single"
    efgan("train", "--method", "ef_gan", *common, *sizes, *outputs(single), *schedule("train"))
    efgan("train", "--method", "cascade_ef_gan", *common, *outputs(folder), *schedule("finetune"),
          "--schedule", "finetune", "--init-from", single / "weights.safetensors")  # fmt: skip
    return folder


def outputs(folder: Path) -> list[object]:
    names = {"weights": "weights.safetensors", "discriminators": "discriminators.safetensors", "model": "model.json",
             "curves": "curves.csv"}  # fmt: skip
    return [word for flag, name in names.items() for word in (f"--{flag}", folder / name)]


def schedule(section: str) -> list[str]:
    return [word for key, value in SCHEDULE.items() for word in ("--set", f"{section}.{key}={value}")]


def finetune_flags(wild: Cropped, folder: Path) -> list[object]:
    return [
        "--method", "cascade_ef_gan", "--seed", 0, "--crops", wild.crops, "--index", wild.index, "--split", wild.split,
        "--schedule", "wild", "--init-from", folder / "weights.safetensors",
    ]  # fmt: skip


def test_fine_tuning_goes_on_from_the_pre_trained_weights(tmp_path: Path, pretrained: Path, efgan) -> None:
    wild = files(tmp_path / "wild", people=3)
    index = pd.read_csv(wild.index, dtype=str).assign(expression=UNKNOWN)
    index.to_csv(wild.index, index=False)
    flags = [*finetune_flags(wild, pretrained), *schedule("wild")]
    for name in ("weights", "discriminators"):
        still = tmp_path / f"still_{name}"
        efgan("train", *flags, *outputs(still), "--set", "wild.learning_rate=1e-30")
        before, after = (load_file(folder / f"{name}.safetensors") for folder in (pretrained, still))
        # Power iteration of spectral normalisation goes on without a step; weights do not.
        kept = [tensor.equal(after[key]) for key, tensor in before.items() if key.endswith("original")]
        assert len(kept) > 20 and all(kept)
    moved = tmp_path / "moved"
    efgan("train", *flags, *outputs(moved), "--set", "wild.learning_rate=1e-3")
    after = load_file(moved / "discriminators.safetensors")
    assert not any(tensor.equal(after[key]) for key, tensor in before.items() if key.endswith("original"))
    assert (moved / "model.json").read_bytes() == (pretrained / "model.json").read_bytes()


def test_wild_crops_of_another_size_are_refused(tmp_path: Path, pretrained: Path, efgan) -> None:
    wild = files(tmp_path / "wild", people=3, size=64)
    message = r"crops\.npy: the crops are 64 pixels wide, but .*model\.json was trained on 32"
    with pytest.raises(InputError, match=message):
        efgan("train", *finetune_flags(wild, pretrained), *outputs(tmp_path / "out"))


def test_weights_that_a_method_does_not_start_from_are_refused(tmp_path: Path, pretrained: Path, efgan) -> None:
    flags = ["--method", "baseline_cascade", *finetune_flags(files(tmp_path / "wild", people=3), pretrained)[2:]]
    with pytest.raises(InputError, match="weights of cascade_ef_gan, from which baseline_cascade does not start"):
        efgan("train", *flags, *outputs(tmp_path / "out"))


@pytest.mark.parametrize("words", [["rafd"], ["=x"], ["rafd="], ["rafd=a", "rafd=b"]])
def test_words_of_another_form_are_refused(words: list[str]) -> None:
    with pytest.raises(InputError, match="expected NAME=PATH, every name once"):
        named_paths("--index", words)


def test_flags_that_name_different_data_sets_are_refused() -> None:
    with pytest.raises(InputError, match="--index, --split: give the same names in the same order"):
        same_names(("--index", "--split"), {"a": Path("1")}, {"b": Path("2")})
