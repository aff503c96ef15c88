"""Training images in memory, and the batches that a seed decides."""

import pytest
import torch
from evaluation_helpers import random_faces
from torch.nn import functional as F

from cascade_efgan.models.tensors import to_float, to_uint8
from cascade_efgan.training.training_data import DRAWS, TrainingData, augmented


def test_bytes_survive_the_way_to_networks_and_back() -> None:
    values = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    assert torch.equal(to_uint8(to_float(values)), values)


def test_an_epoch_shows_every_image_once_and_depends_on_its_seed_alone() -> None:
    samples = TrainingData(random_faces(9), torch.device("cpu"))
    first, again, other = (list(samples.epoch(3, True, seed)) for seed in (1, 1, 2))
    seen = torch.cat([batch.aus for batch in first])
    assert len(first) == 3 and torch.equal(seen.sort(0).values, samples.aus.sort(0).values)
    assert all(torch.equal(a.image, b.image) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a.image, b.image) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("augment", [0, 0.5])
def test_an_epoch_entered_in_the_middle_has_the_batches_of_a_whole_one(augment: float) -> None:
    samples = TrainingData(random_faces(9), torch.device("cpu"))
    whole = list(samples.epoch(2, True, 1, augment=augment))
    for skip in range(5):
        rest = list(samples.epoch(2, True, 1, skip=skip, augment=augment))
        assert len(rest) == 4 - skip
        for one, other in zip(rest, whole[skip:], strict=True):
            assert torch.equal(one.image, other.image) and torch.equal(one.target_aus, other.target_aus)


def test_no_draw_changes_nothing_and_each_does_what_it_says() -> None:
    noise = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    image = F.interpolate(noise - 0.5, 64, mode="bicubic").mul(0.5)
    assert torch.allclose(augmented(image, torch.zeros(1, DRAWS)), image, atol=1e-5)
    changed = [augmented(image, draw[None])[0] for draw in torch.eye(DRAWS)]
    turned, scaled, across, down, bright, contrast, saturated, red, *_ = changed
    # Moved by 7 % of half a side: what is shown at the middle was 2.24 pixels further right, or down.
    inner = slice(8, 56)
    shifted = [F.grid_sample(image, F.affine_grid(torch.tensor([[[1, 0, x], [0, 1, y]]]), [1, 3, 64, 64],
               align_corners=False), align_corners=False)[0] for x, y in ((0.07, 0.0), (0.0, 0.07))]  # fmt: skip
    for found, expected in zip((across, down), shifted, strict=True):
        assert torch.allclose(found[:, inner, inner], expected[:, inner, inner], atol=0.02)
    assert torch.allclose(bright + 1, (image[0] + 1) * 1.15, atol=1e-4)
    assert torch.allclose(contrast.std(), image.std() * 1.2, rtol=1e-3)
    assert torch.allclose(saturated.mean(0), image[0].mean(0), atol=1e-4)
    assert torch.allclose(red[0] + 1, (image[0, 0] + 1) * 1.1, atol=1e-4)
    assert torch.equal(red[1:], augmented(image, torch.zeros(1, DRAWS))[0, 1:])
    for found in (turned, scaled):
        assert not torch.allclose(found, image[0], atol=0.02)
        assert torch.allclose(found[:, 31:33, 31:33], image[0, :, 31:33, 31:33], atol=0.03)


def test_augmentation_changes_images_and_neither_order_nor_targets() -> None:
    samples = TrainingData(random_faces(8), torch.device("cpu"))
    still, changed = (list(samples.epoch(2, True, 1, augment=strength)) for strength in (0, 0.5))
    for before, after in zip(still, changed, strict=True):
        assert torch.equal(before.aus, after.aus) and torch.equal(before.target_aus, after.target_aus)
        assert not torch.equal(before.image, after.image)


def test_each_image_of_an_epoch_is_changed_by_draws_of_its_own() -> None:
    samples = TrainingData(random_faces(6), torch.device("cpu"))
    samples.images[:] = samples.images[:1].clone()
    shown = torch.cat([batch.image for batch in samples.epoch(2, False, 1, augment=0.5)])
    assert len(shown.unique(dim=0)) == 6
