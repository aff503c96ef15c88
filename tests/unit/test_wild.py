"""Wild images: data sets put together, targets from the pre-training, and fine-tuning from its weights."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evaluation_helpers import write_faces
from safetensors.torch import load_file

from cascade_efgan.data import AUS, UNKNOWN
from cascade_efgan.data.face_crops.combine import Cropped, combine
from cascade_efgan.data.face_crops.dataset import load_faces, part_rows
from cascade_efgan.errors import InputError
from cascade_efgan.files import write_json
from cascade_efgan.generation.edit_plan import expression_means, plan_edits
from cascade_efgan.orchestration.cli_args import named_paths, same_names

SETTINGS = [
    "crop.size=32", "network.width=4", "network.blocks=1", "network.discriminator_width=4", "network.face_layers=3",
    "network.patch_layers=2", "network.interpolator_width=8",
]  # fmt: skip
BOXES = {"eyes": (4, 4, 12, 24), "nose": (14, 10, 12, 12), "mouth": (18, 8, 12, 16)}


def files(folder: Path, **sizes: int) -> Cropped:
    folder.mkdir()
    faces = write_faces(folder, **sizes)
    return Cropped(faces["crops"], faces["index"], faces["split"])


@pytest.fixture
def posed(tmp_path: Path) -> dict[str, Cropped]:
    """Two data sets of posed photographs."""
    return {"rafd": files(tmp_path / "a", people=3), "cfeed": files(tmp_path / "b", people=4)}


@pytest.fixture
def out(tmp_path: Path) -> Cropped:
    """Where they are put together."""
    return Cropped(*(tmp_path / "out" / name for name in ("crops.npy", "crops.csv", "split.csv")))


def ids_of(source: Cropped, part: str) -> list[str]:
    index = load_faces(source.crops, source.index).index
    return index["id"].iloc[part_rows(index, source.split, part)].tolist()  # type: ignore[arg-type]


def test_data_sets_put_together_keep_their_images_parts_and_people_apart(posed, out: Cropped) -> None:
    assert combine(posed, out) == 3 * 3 + 4 * 3
    whole = load_faces(out.crops, out.index)
    images = [load_faces(source.crops, source.index).images for source in posed.values()]
    np.testing.assert_array_equal(whole.images, np.concatenate(images))
    assert whole.index["person"].nunique() == 7
    for part in ("train", "test"):
        assert ids_of(out, part) == [f"{name}.{own}" for name, source in posed.items() for own in ids_of(source, part)]


def test_a_photograph_of_two_data_sets_is_not_trained_where_one_tests_it(posed, out: Cropped) -> None:
    index = pd.read_csv(posed["cfeed"].index).set_index("id", drop=False)
    learned, tested = ids_of(posed["cfeed"], "train")[0], ids_of(posed["rafd"], "test")[0]
    index.loc[learned, "pixels"] = pd.read_csv(posed["rafd"].index).set_index("id")["pixels"][tested]
    index.to_csv(posed["cfeed"].index, index=False)
    combine(posed, out)
    parts = pd.read_csv(out.split, index_col="id")["part"]
    assert parts[f"cfeed.{learned}"] == parts[f"rafd.{tested}"] == "test"
    assert (parts == "test").sum() == 2 * 6 + 1


def test_crops_of_different_sizes_are_not_put_together(tmp_path: Path, posed, out: Cropped) -> None:
    large = files(tmp_path / "large", people=3, size=64)
    with pytest.raises(InputError, match=r"crops have different sides \(rafd 32, cfeed 64 pixels\)"):
        combine(posed | {"cfeed": large}, out)
    assert not out.crops.parent.exists()


def test_wild_images_without_a_label_are_edited_to_the_expressions_of_the_pre_training(posed) -> None:
    source = posed["cfeed"]
    index = load_faces(source.crops, source.index).index
    means = expression_means(index, part_rows(index, source.split, "train"))
    plan = plan_edits(index.head(2).assign(expression=UNKNOWN, person=["x", "y"]), np.arange(2), means, None, 0)
    assert list(plan["target_expression"]) == ["happy", "neutral", "sad"] * 2
    assert set(plan["counterpart_id"]) == {""}
    happy = index[(index["expression"] == "happy") & index["person"].isin(["00", "01"])]
    np.testing.assert_allclose(plan[list(AUS)].to_numpy(float)[0], happy[list(AUS)].mean())
    with pytest.raises(InputError, match="no training image is happy"):
        expression_means(index, np.flatnonzero(index["expression"] != "happy"))


def words(**named: object) -> list[object]:
    """`--name VALUE` of each."""
    return [word for name, value in named.items() for word in (f"--{name.replace('_', '-')}", value)]


def outputs(folder: Path) -> list[object]:
    names = ("weights.safetensors", "discriminators.safetensors", "model.json", "curves.csv")
    return words(**{Path(name).stem: folder / name for name in names})


def schedule(section: str, **changes: float) -> list[object]:
    chosen = {"epochs": 1, "constant_epochs": 0, "batch": 8, "n_critic": 1, **changes}
    return [word for key, value in chosen.items() for word in ("--set", f"{section}.{key}={value}")]


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory, efgan) -> Path:
    """A folder with the cascade that the stages train on a tiny data set."""
    tmp_path = tmp_path_factory.mktemp("pretraining")
    data = words(seed=0, **vars(files(tmp_path / "posed", people=4)))
    folder, single, centers = tmp_path / "pretrained", tmp_path / "single", tmp_path / "patch_centers.json"
    places = {name: dict(zip(("top", "left", "height", "width"), box, strict=True)) for name, box in BOXES.items()}
    write_json(centers, {"crop_size": 32, **places})
    sizes = [word for setting in SETTINGS for word in ("--set", setting)]
    first = words(method="ef_gan", centers=centers)
    efgan("train", *data, *first, *sizes, *outputs(single), *schedule("train"))
    second = words(method="cascade_ef_gan", schedule="finetune", init_from=single / "weights.safetensors")
    efgan("train", *data, *second, *outputs(folder), *schedule("finetune"))
    return folder


def finetune(efgan, folder: Path, wild: Cropped, out: Path, method: str = "cascade_ef_gan", rate: float = 1e-3) -> None:
    """Fine-tune what is in a folder on wild images."""
    start = words(method=method, seed=0, schedule="wild", init_from=folder / "weights.safetensors")
    efgan("train", *start, *words(**vars(wild)), *outputs(out), *schedule("wild", learning_rate=rate))


def test_fine_tuning_goes_on_from_the_pre_trained_weights(tmp_path: Path, pretrained: Path, efgan) -> None:
    wild = files(tmp_path / "wild", people=3)
    pd.read_csv(wild.index, dtype=str).assign(expression=UNKNOWN).to_csv(wild.index, index=False)
    still, moved = tmp_path / "still", tmp_path / "moved"
    finetune(efgan, pretrained, wild, still, rate=1e-30)
    finetune(efgan, pretrained, wild, moved)
    for name in ("weights.safetensors", "discriminators.safetensors"):
        before, kept, changed = (load_file(folder / name) for folder in (pretrained, still, moved))
        # Power iteration of spectral normalisation goes on without a step; weights do not.
        trained = [key for key in before if key.endswith("original")]
        assert len(trained) > 20 and all(before[key].equal(kept[key]) for key in trained)
    assert not any(before[key].equal(changed[key]) for key in trained)
    assert (moved / "model.json").read_bytes() == (pretrained / "model.json").read_bytes()


@pytest.mark.parametrize(("size", "method", "message"), [
    (64, "cascade_ef_gan", r"crops\.npy: the crops are 64 pixels wide, but .*model\.json was trained on 32"),
    (32, "baseline_cascade", "weights of cascade_ef_gan, from which baseline_cascade does not start"),
])  # fmt: skip
def test_weights_that_do_not_fit_are_refused(tmp_path, pretrained: Path, efgan, size, method, message) -> None:
    with pytest.raises(InputError, match=message):
        finetune(efgan, pretrained, files(tmp_path / "wild", people=3, size=size), tmp_path / "out", method)


@pytest.mark.parametrize("given", [["rafd"], ["=x"], ["rafd="], ["rafd=a", "rafd=b"]])
def test_words_of_another_form_are_refused(given: list[str]) -> None:
    with pytest.raises(InputError, match="expected NAME=PATH, every name once"):
        named_paths("--index", given)


def test_flags_that_name_different_data_sets_are_refused() -> None:
    with pytest.raises(InputError, match="--index, --split: give the same names in the same order"):
        same_names(("--index", "--split"), {"a": Path("1")}, {"b": Path("2")})
