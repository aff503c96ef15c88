"""ResNet-18, its training, and the accuracies R, G and R+G."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from evaluation_helpers import write_edits, write_faces
from torchvision.models import resnet18

from cascade_efgan.config.evaluation_sections import Classifier
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.classifier import ResNet18, accuracy_details, load_classifier
from cascade_efgan.evaluation.metric import Metric, read_metric
from cascade_efgan.evaluation.trainer import Examples, augment, fit
from cascade_efgan.stages import accuracy, classify, classify_again

SETTINGS = ["classifier.width=8", "classifier.epochs=15", "classifier.batch=8", "classifier.learning_rate=0.005"]


def real_images(faces: dict[str, Path]) -> dict[str, Path]:
    """The files of faces that a stage asks for."""
    return {key: faces[key] for key in ("crops", "index", "split")}


def train(faces: dict[str, Path], name: str, seed: int = 0, **edits: Path) -> dict[str, Path]:
    """Run the classify stage; its two files."""
    folder = faces["crops"].parent
    files = {"weights": folder / f"{name}.safetensors", "model": folder / f"{name}.json"}
    classify.command(seed=seed, **real_images(faces), **files, **edits, settings=SETTINGS)
    return files


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Faces on disk and the classifier of R."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("classifier")
    faces = write_faces(folder)
    return SimpleNamespace(faces=faces, folder=folder, files=train(faces, "real"))


def measured(trained: SimpleNamespace, name: str, **inputs: Path) -> Metric:
    """The number that the accuracy stage writes."""
    out = trained.folder / "number.json"
    accuracy.command(name, "ef_gan", "rendered", 0, **trained.files, metric=out, **inputs)
    return read_metric(out)


def test_width_64_is_torchvisions_resnet18() -> None:
    ours, theirs = ResNet18(1000, 64), resnet18(weights=None)
    assert [(name, tensor.shape) for name, tensor in ours.state_dict().items()] == [
        (name, tensor.shape) for name, tensor in theirs.state_dict().items()
    ]
    theirs.load_state_dict(ours.state_dict())
    images = torch.randn(1, 3, 128, 128)
    with torch.inference_mode():
        assert torch.equal(ours.eval()(images), theirs.eval()(images))


@pytest.mark.parametrize(("size", "positions"), [(32, 1), (128, 4), (224, 7)])
def test_narrow_networks_have_the_same_form_at_every_crop_size(size: int, positions: int) -> None:
    network = ResNet18(8, 16)
    assert list(network.state_dict()) == list(resnet18(weights=None).state_dict())
    seen = []
    network.layer4.register_forward_hook(lambda _, __, out: seen.append(tuple(out.shape)))
    assert network(torch.zeros(2, 3, size, size)).shape == (2, 8)
    assert seen == [(2, 128, positions, positions)]


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


def test_augmentation_repeats_the_border() -> None:
    batch = augment(np.full((20, 32, 32, 3), 100, dtype=np.uint8), np.random.default_rng(0))
    assert batch.dtype == np.uint8
    assert all(len(np.unique(image)) == 1 for image in batch)


class Shade(torch.nn.Module):
    """The mean of each image."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.scale * images.mean(dim=(1, 2, 3))


def test_training_sees_its_examples_for_as_many_steps_as_real_images_ask_for() -> None:
    """Parts of arrays with their targets; images reach the network in -1..1."""
    black, white = np.zeros((5, 8, 8, 3), np.uint8), np.full((4, 8, 8, 3), 255, np.uint8)
    black[[0, 2, 4]] = 77  # not among the rows used
    data = Examples((black, np.array([1, 3]), np.array([0.0, 0])), (white, np.arange(4), np.ones(4)))
    assert (len(data), data.images(np.array([1, 2]))[:, 0, 0, 0].tolist()) == (6, [0, 255])
    seen: list[tuple[float, float]] = []

    def loss(output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        seen.extend((round(image), target) for image, target in zip(output.tolist(), targets.tolist(), strict=True))
        return output.mean()

    settings = Classifier(epochs=3, batch=2)
    assert len(fit(Shade(), data, loss, settings, n_real=5, seed=0, device=torch.device("cpu"))) == 3 * 3
    assert set(seen) == {(-1, 0), (1, 1)}


def test_accuracy_closed_form() -> None:
    value, details = accuracy_details(["happy", "happy", "sad", "neutral"], ["happy", "sad", "sad", "happy"])
    assert value == 50
    assert details["per_expression"] == {"happy": 50, "neutral": 0, "sad": 100}
    assert details["confusion"]["happy"] == {"happy": 1, "sad": 1}


def test_r_and_g_of_an_easy_data_set(trained: SimpleNamespace) -> None:
    listed = trained.folder / "predictions.csv"
    r = measured(trained, "R", predictions=listed, **real_images(trained.faces))
    assert (r.value, r.n, r.unit, len(r.inputs)) == (100, 6, "%", 5)
    predictions = pd.read_csv(listed)
    assert list(predictions.columns) == ["id", "true", "predicted"]
    assert (predictions["true"] == predictions["predicted"]).all()
    edits, edits_index = write_edits(trained.folder, trained.faces, "test")
    g = measured(trained, "G", edits=edits, edits_index=edits_index)
    assert (g.value, g.n, g.details["classifier"]["n_edits"]) == (100, 18, 0)


def test_the_seed_alone_decides_the_bits(trained: SimpleNamespace) -> None:
    before = torch.random.get_rng_state()
    assert train(trained.faces, "again")["weights"].read_bytes() == trained.files["weights"].read_bytes()
    assert train(trained.faces, "other", seed=1)["weights"].read_bytes() != trained.files["weights"].read_bytes()
    assert torch.equal(before, torch.random.get_rng_state()), "PyTorch's own generator is left alone"


def test_r_plus_g_learns_from_edits_of_training_images_only(trained: SimpleNamespace) -> None:
    edits, edits_index = write_edits(trained.folder, trained.faces, "train")
    _, description = load_classifier(*train(trained.faces, "with", edits=edits, edits_index=edits_index).values())
    assert (description["n_real"], description["n_edits"]) == (18, 54)
    assert description["steps"] == load_classifier(*trained.files.values())[1]["steps"]
    assert {Path(name).name for name in description["inputs"]} >= {"edits_train.npy", "crops.npy", "split.csv"}
    leaking, leaking_index = write_edits(trained.folder, trained.faces, "test", "leak")
    with pytest.raises(InputError, match=r"leak_test\.csv: edits p06_happy, which is no training image"):
        train(trained.faces, "leak", edits=leaking, edits_index=leaking_index)


def test_further_classifiers_answer_for_every_test_image(tmp_path: Path) -> None:
    faces, values = write_faces(tmp_path, people=4), tmp_path / "values_again.csv"
    settings = ["classifier.width=8", "classifier.epochs=1", "measures.classifiers=2"]
    classify_again.command("real", "rendered", 0, **real_images(faces), values=values, settings=settings)
    found = pd.read_csv(values)
    tested = pd.read_csv(faces["split"]).query("part == 'test'")["id"]
    assert sorted(found["id"]) == sorted(f"{name}#{turn}" for name in tested for turn in (1, 2))
    assert set(found["metric"]) == {"R_again"} and set(found["value"]) <= {0.0, 100.0}


def test_an_empty_class_is_named(tmp_path: Path) -> None:
    faces = write_faces(tmp_path)
    split = pd.read_csv(faces["split"])
    split.loc[split["id"].str.contains("sad"), "part"] = "test"
    split.to_csv(faces["split"], index=False)
    with pytest.raises(InputError, match="no training image shows sad"):
        train(faces, "empty")


def test_wrong_files_are_one_sentence(trained: SimpleNamespace, tmp_path: Path) -> None:
    weights, model = trained.files["weights"], trained.files["model"]
    broken, other, kind = (tmp_path / name for name in ("broken.safetensors", "other.json", "kind.json"))
    broken.write_bytes(b"no weights")
    other.write_text(model.read_text().replace('"width": 8', '"width": 16'))
    kind.write_text(model.read_text().replace("expression_classifier", "au_regressor"))
    for files, message in (
        ((broken, model), r"broken\.safetensors: not a safetensors file"),
        ((tmp_path / "absent.safetensors", model), "no such file"),
        ((weights, other), "weights of another network"),
        ((weights, kind), "kind expression_classifier"),
    ):
        with pytest.raises(InputError, match=message):
            load_classifier(*files)
    with pytest.raises(InputError, match="--name F1"):
        measured(trained, "F1")
