"""ResNet-18, its training, and the accuracies R, G and R+G."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from evaluation_helpers import LEVELS, write_edits, write_faces
from torchvision.models import resnet18

from cascade_efgan.config.evaluation_sections import Classifier
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.classifier import ResNet18, accuracy_details, load_classifier
from cascade_efgan.evaluation.metric import read_metric
from cascade_efgan.evaluation.trainer import Examples, augment, count_steps, examples, to_input
from cascade_efgan.stages import accuracy, classify

SETTINGS = ["classifier.width=8", "classifier.epochs=15", "classifier.batch=8", "classifier.learning_rate=0.005"]


def train(faces: dict[str, Path], name: str, seed: int = 0, **edits: Path) -> dict[str, Path]:
    """Run the classify stage; its two files."""
    folder = faces["crops"].parent
    files = {"weights": folder / f"{name}.safetensors", "model": folder / f"{name}.json"}
    inputs = {key: faces[key] for key in ("crops", "index", "split")}
    classify.command(seed=seed, **inputs, **files, **edits, settings=SETTINGS)
    return files


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Faces on disk and the classifier of R."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("classifier")
    faces = write_faces(folder)
    return SimpleNamespace(faces=faces, folder=folder, files=train(faces, "real"))


def test_width_64_is_torchvisions_resnet18() -> None:
    ours, theirs = ResNet18(1000, 64), resnet18(weights=None)
    assert [(name, tensor.shape) for name, tensor in ours.state_dict().items()] == [
        (name, tensor.shape) for name, tensor in theirs.state_dict().items()
    ]
    assert sum(tensor.numel() for tensor in ours.parameters()) == 11_689_512
    theirs.load_state_dict(ours.state_dict())
    images = torch.randn(1, 3, 128, 128)
    with torch.inference_mode():
        assert torch.equal(ours.eval()(images), theirs.eval()(images))


@pytest.mark.parametrize(("size", "positions"), [(32, 1), (64, 2), (128, 4), (224, 7)])
def test_shapes_at_every_crop_size(size: int, positions: int) -> None:
    network = ResNet18(8, 16)
    seen = []
    network.layer4.register_forward_hook(lambda _, __, out: seen.append(tuple(out.shape)))
    assert network(torch.zeros(2, 3, size, size)).shape == (2, 8)
    assert seen == [(2, 128, positions, positions)]


def test_narrow_networks_keep_torchvisions_layer_names() -> None:
    assert list(ResNet18(8, 16).state_dict()) == list(resnet18(weights=None).state_dict())


def test_input_scale() -> None:
    images = np.array([0, 255], dtype=np.uint8).reshape(2, 1, 1, 1).repeat(3, axis=3)
    assert to_input(images, torch.device("cpu")).flatten().tolist() == [-1, -1, -1, 1, 1, 1]


def test_augmentation_flips_shifts_zooms_and_brightens_within_its_bounds() -> None:
    image = np.zeros((1, 64, 64, 3), dtype=np.uint8)
    image[0, 21:31, 11:21] = 100  # a block whose middle lies 16 pixels left of and 6 above the picture's
    batch = augment(np.repeat(image, 300, axis=0), np.random.default_rng(0)).astype(float)[..., 0]
    assert batch.shape == (300, 64, 64)
    mass = batch.sum(axis=(1, 2))
    steps = np.arange(64) - 31.5
    across = (batch.sum(axis=1) * steps).sum(axis=1) / mass
    down = (batch.sum(axis=2) * steps).sum(axis=1) / mass
    assert 0.4 < (across < 0).mean() < 0.6
    assert 19 < np.abs(across).max() < 16 * 1.1 + 2.1
    assert 16 / 1.1 - 2.1 < np.abs(across).min() < 13.5
    assert -6 * 1.1 - 2.1 < down.min() < -7.5
    assert -4.5 < down.max() < -6 / 1.1 + 2.1
    brightness = batch.max(axis=(1, 2))
    assert 90 <= brightness.min() < 92
    assert 108 < brightness.max() <= 110
    area = mass / brightness
    assert 100 / 1.1**2 - 4 < area.min() < 88
    assert 115 < area.max() < 100 * 1.1**2 + 4


def test_augmentation_repeats_the_border_and_depends_on_its_generator_only() -> None:
    grey = np.full((20, 32, 32, 3), 100, dtype=np.uint8)
    batch = augment(grey, np.random.default_rng(0))
    assert batch.dtype == np.uint8
    assert all(len(np.unique(image)) == 1 for image in batch)
    noise = np.random.default_rng(1).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    again = [augment(noise, np.random.default_rng(2)) for _ in range(2)]
    assert np.array_equal(*again)
    assert not np.array_equal(again[0], noise)


def test_every_classifier_takes_as_many_steps_as_real_images_ask_for() -> None:
    settings = Classifier(epochs=3, batch=32)
    assert count_steps(65, settings) == 9
    joined = examples(
        [
            (np.zeros((5, 2, 2, 3), np.uint8), np.array([1, 3]), np.array([0, 1])),
            (np.full((4, 2, 2, 3), 9, np.uint8), np.arange(4), np.array([1, 1, 1, 0])),
        ]
    )
    assert isinstance(joined, Examples)
    assert len(joined) == 6
    assert joined.images(np.array([1, 2]))[:, 0, 0, 0].tolist() == [0, 9]
    assert joined.picks.tolist() == [[0, 1], [0, 3], [1, 0], [1, 1], [1, 2], [1, 3]]


def test_accuracy_closed_form() -> None:
    value, details = accuracy_details(["happy", "happy", "sad", "neutral"], ["happy", "sad", "sad", "happy"])
    assert value == 50
    assert details["per_expression"] == {"happy": 50, "neutral": 0, "sad": 100}
    assert details["confusion"]["happy"] == {"happy": 1, "sad": 1}


def test_r_and_g_of_an_easy_data_set(trained: SimpleNamespace) -> None:
    faces, out = trained.faces, trained.folder / "R.json"
    real = {key: faces[key] for key in ("crops", "index", "split")}
    listed = trained.folder / "predictions.csv"
    common = {"dataset": "rendered", "seed": 0, **trained.files}
    accuracy.command(name="R", method="real", metric=out, predictions=listed, **common, **real)
    r = read_metric(out)
    assert (r.value, r.n, r.unit) == (100, 6, "%")
    assert len(r.inputs) == 5
    predictions = pd.read_csv(listed)
    assert list(predictions.columns) == ["id", "true", "predicted"]
    assert (predictions["true"] == predictions["predicted"]).all()
    edits, edits_index = write_edits(trained.folder, faces, "test")
    accuracy.command(name="G", method="ef_gan", metric=out, edits=edits, edits_index=edits_index, **common)
    g = read_metric(out)
    assert (g.value, g.n) == (100, 18)
    assert g.details["classifier"]["n_edits"] == 0


def test_unchanged_inputs_score_chance(trained: SimpleNamespace) -> None:
    edits, edits_index = write_edits(trained.folder, trained.faces, "test", "unchanged")
    sources = pd.read_csv(edits_index)["source_id"]
    ids = pd.read_csv(trained.faces["index"])["id"].tolist()
    np.save(edits, np.load(trained.faces["crops"])[[ids.index(name) for name in sources]])
    out = trained.folder / "G_unchanged.json"
    accuracy.command(
        name="G", method="unchanged", dataset="rendered", seed=0, metric=out, edits=edits, edits_index=edits_index,
        **trained.files,
    )  # fmt: skip
    assert read_metric(out).value == pytest.approx(100 / len(LEVELS))


def test_same_seed_same_bits_and_another_seed_others(trained: SimpleNamespace) -> None:
    first = trained.files["weights"].read_bytes()
    assert train(trained.faces, "again")["weights"].read_bytes() == first
    assert train(trained.faces, "other", seed=1)["weights"].read_bytes() != first


def test_training_leaves_pytorchs_generator_alone(trained: SimpleNamespace) -> None:
    before = torch.random.get_rng_state()
    train(trained.faces, "rng")
    assert torch.equal(before, torch.random.get_rng_state())


def test_r_plus_g_learns_from_edits_of_training_images_only(trained: SimpleNamespace) -> None:
    edits, edits_index = write_edits(trained.folder, trained.faces, "train")
    _, description = load_classifier(*train(trained.faces, "with", edits=edits, edits_index=edits_index).values())
    assert (description["n_real"], description["n_edits"]) == (18, 54)
    assert description["steps"] == load_classifier(*trained.files.values())[1]["steps"]
    assert {Path(name).name for name in description["inputs"]} >= {"edits_train.npy", "crops.npy", "split.csv"}
    leaking, leaking_index = write_edits(trained.folder, trained.faces, "test", "leak")
    with pytest.raises(InputError, match=r"leak_test\.csv: edits p06_happy, which is no training image"):
        train(trained.faces, "leak", edits=leaking, edits_index=leaking_index)


def test_an_empty_class_is_named(trained: SimpleNamespace, tmp_path: Path) -> None:
    faces = write_faces(tmp_path)
    split = pd.read_csv(faces["split"])
    split.loc[split["id"].str.contains("sad"), "part"] = "test"
    split.to_csv(faces["split"], index=False)
    with pytest.raises(InputError, match="no training image shows sad"):
        train(faces, "empty")


def test_wrong_files_are_one_sentence(trained: SimpleNamespace, tmp_path: Path) -> None:
    weights, model = trained.files["weights"], trained.files["model"]
    (tmp_path / "broken.safetensors").write_bytes(b"no weights")
    with pytest.raises(InputError, match=r"broken\.safetensors: not a safetensors file"):
        load_classifier(tmp_path / "broken.safetensors", model)
    with pytest.raises(InputError, match="no such file"):
        load_classifier(tmp_path / "absent.safetensors", model)
    (tmp_path / "other.json").write_text(model.read_text().replace('"width": 8', '"width": 16'))
    with pytest.raises(InputError, match="weights of another network"):
        load_classifier(weights, tmp_path / "other.json")
    (tmp_path / "kind.json").write_text(model.read_text().replace("expression_classifier", "au_regressor"))
    with pytest.raises(InputError, match="kind expression_classifier"):
        load_classifier(weights, tmp_path / "kind.json")
    with pytest.raises(InputError, match="--name F1"):
        accuracy.command("F1", "real", "rendered", 0, weights, model, tmp_path / "m.json")
