"""Training images in memory, and the batches that a seed decides."""

import torch
from evaluation_helpers import random_faces

from cascade_efgan.training.training_data import TrainingData, to_float, to_uint8, translated


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


def test_an_epoch_entered_in_the_middle_has_the_batches_of_a_whole_one() -> None:
    samples = TrainingData(random_faces(9), torch.device("cpu"))
    whole = list(samples.epoch(2, True, 1))
    for skip in range(5):
        rest = list(samples.epoch(2, True, 1, skip=skip))
        assert len(rest) == 4 - skip
        for one, other in zip(rest, whole[skip:], strict=True):
            assert torch.equal(one.image, other.image) and torch.equal(one.target_aus, other.target_aus)


def test_images_are_moved_and_their_edges_repeated() -> None:
    image = torch.arange(1, 10).reshape(1, 1, 3, 3).repeat(2, 1, 1, 1)
    down, left = translated(image, torch.tensor([[1, 0], [0, -2]]))
    assert down[0].tolist() == [[1, 2, 3], [1, 2, 3], [4, 5, 6]]
    assert left[0].tolist() == [[3, 3, 3], [6, 6, 6], [9, 9, 9]]


def test_a_shift_moves_images_and_changes_neither_order_nor_targets() -> None:
    samples = TrainingData(random_faces(8), torch.device("cpu"))
    still, moved, again = (list(samples.epoch(2, True, 1, shift=shift)) for shift in (0, 2, 2))
    for before, after, same in zip(still, moved, again, strict=True):
        assert torch.equal(before.aus, after.aus) and torch.equal(before.target_aus, after.target_aus)
        assert torch.equal(after.image, same.image)
    assert any(not torch.equal(before.image, after.image) for before, after in zip(still, moved, strict=True))
    rest = list(samples.epoch(2, True, 1, skip=2, shift=2))
    assert all(torch.equal(a.image, b.image) for a, b in zip(moved[2:], rest, strict=True))
