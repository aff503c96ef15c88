"""Closed forms of the losses."""

import pytest
import torch

from cascade_efgan.training import losses


def test_gradient_penalty_of_a_linear_critic_is_known() -> None:
    weight = torch.tensor([3.0, 4.0])  # gradient norm 5 everywhere, so (5 - 1)^2
    real, generated = torch.randn(6, 2), torch.randn(6, 2)
    penalty = losses.gradient_penalty(lambda x: x @ weight, real, generated)
    assert penalty.item() == pytest.approx(16.0, rel=1e-6)


def test_gradient_penalty_tells_mean_from_sum_of_a_map() -> None:
    def critic(x: torch.Tensor) -> torch.Tensor:  # a map of four equal scores
        return (2 * x).reshape(-1, 1, 1, 1).expand(-1, 1, 2, 2)

    real, generated = torch.randn(5, 1), torch.randn(5, 1)
    assert losses.gradient_penalty(critic, real, generated, "mean").item() == pytest.approx((2 - 1) ** 2)
    assert losses.gradient_penalty(critic, real, generated, "sum").item() == pytest.approx((8 - 1) ** 2)


def test_gradient_penalty_reaches_the_critic() -> None:
    critic = torch.nn.Linear(3, 1)
    losses.gradient_penalty(critic, torch.randn(4, 3), torch.randn(4, 3)).backward()
    assert critic.weight.grad is not None and critic.weight.grad.abs().sum() > 0


def test_adversarial_losses_have_opposite_signs() -> None:
    real, generated = torch.tensor([2.0, 4.0]), torch.tensor([1.0])
    assert losses.critic_loss(real, generated).item() == -2.0
    assert losses.generator_adversarial_loss(generated).item() == -1.0


def test_conditional_expression_and_content_losses_are_means() -> None:
    assert losses.conditional_expression_loss(torch.full((2, 17), 0.5), torch.zeros(2, 17)).item() == 0.25
    assert losses.content_loss(torch.full((2, 3, 4, 4), -0.5), torch.zeros(2, 3, 4, 4)).item() == 0.5


def test_attention_loss_sums_the_sizes_of_all_maps() -> None:
    face, eyes = torch.ones(2, 1, 4, 4), torch.full((2, 1, 2, 2), 0.5)
    assert losses.attention_loss([face, eyes], "norm").item() == pytest.approx(4 + 1)
    assert losses.attention_loss([face, eyes], "mean").item() == pytest.approx(1 + 0.5)


def test_image_variation_is_the_mean_step_along_rows_and_columns() -> None:
    edge = torch.zeros(1, 3, 4, 4)
    edge[..., 2:] = 1
    assert losses.image_variation(edge).item() == pytest.approx(1 / 3)
    assert losses.image_variation(torch.ones(1, 3, 4, 4)).item() == 0


def test_interpolation_regression_is_a_distance_with_a_finite_gradient_at_zero() -> None:
    near = torch.zeros(1, 17, requires_grad=True)
    losses.interpolation_regression(near, torch.zeros(1, 17)).backward()
    assert near.grad is not None and torch.isfinite(near.grad).all()
    far = torch.zeros(1, 17)
    far[0, :2] = torch.tensor([3.0, 4.0])
    assert losses.interpolation_regression(far, torch.zeros(1, 17)).item() == pytest.approx(5.0, rel=1e-5)


def test_total_variation_counts_steps_of_the_map() -> None:
    edge = torch.zeros(1, 1, 3, 3)
    edge[..., 2] = 1.0  # one step per row
    assert losses.total_variation(edge).item() == 3.0
    assert losses.total_variation(torch.ones(4, 1, 5, 5)).item() == 0.0
