"""Closed forms of the losses."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from cascade_efgan.training import losses

ONES, HALVES = torch.ones(2, 1, 4, 4), torch.full((2, 1, 2, 2), 0.5)
#: A map of one column at 1, the last of four.
EDGE = torch.zeros(1, 3, 4, 4).index_fill(3, torch.tensor(3), 1.0)


@pytest.mark.parametrize(
    ("loss", "given", "expected"),
    [
        (losses.critic_loss, (torch.tensor([2.0, 4.0]), torch.tensor([1.0])), -2.0),
        (losses.generator_adversarial_loss, (torch.tensor([1.0]),), -1.0),
        (losses.conditional_expression_loss, (torch.full((2, 17), 0.5), torch.zeros(2, 17)), 0.25),
        (losses.content_loss, (torch.full((2, 3, 4, 4), -0.5), torch.zeros(2, 3, 4, 4)), 0.5),
        (losses.attention_loss, ([ONES, HALVES], "norm"), 4 + 1),
        (losses.attention_loss, ([ONES, HALVES], "mean"), 1 + 0.5),
        (losses.total_variation, (EDGE[:, :1],), 4.0),  # one step a row
        (losses.total_variation, (ONES,), 0.0),
        (losses.image_variation, (EDGE,), 1 / 3),
        (losses.image_variation, (EDGE.mT,), 1 / 3),
        (losses.image_variation, (ONES,), 0.0),
    ],
)
def test_a_loss_has_its_closed_form(loss: Callable[..., Tensor], given: tuple[object, ...], expected: float) -> None:
    assert loss(*given).item() == pytest.approx(expected)


def four_equal_scores(x: Tensor) -> Tensor:
    return (2 * x).reshape(-1, 1, 1, 1).expand(-1, 1, 2, 2)


@pytest.mark.parametrize(
    ("critic", "inputs", "score", "gradient"),
    [
        (lambda x: x @ torch.tensor([3.0, 4.0]), 2, "mean", 5),
        (four_equal_scores, 1, "mean", 2),
        (four_equal_scores, 1, "sum", 8),
    ],
)
def test_gradient_penalty_is_the_square_of_the_norm_less_one(
    critic: Callable[[Tensor], Tensor], inputs: int, score: losses.Score, gradient: float
) -> None:
    penalty = losses.gradient_penalty(critic, torch.randn(6, inputs), torch.randn(6, inputs), score)
    assert penalty.item() == pytest.approx((gradient - 1) ** 2, rel=1e-6)


def test_gradient_penalty_reaches_the_critic() -> None:
    critic = torch.nn.Linear(3, 1)
    losses.gradient_penalty(critic, torch.randn(4, 3), torch.randn(4, 3)).backward()
    assert critic.weight.grad is not None and critic.weight.grad.abs().sum() > 0


def test_interpolation_regression_is_a_distance_with_a_finite_gradient_at_zero() -> None:
    near = torch.zeros(1, 17, requires_grad=True)
    losses.interpolation_regression(near, torch.zeros(1, 17)).backward()
    assert near.grad is not None and torch.isfinite(near.grad).all()
    far = torch.tensor([[3.0, 4.0, *[0] * 15]])
    assert losses.interpolation_regression(far, torch.zeros(1, 17)).item() == pytest.approx(5.0, rel=1e-5)
