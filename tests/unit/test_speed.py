"""The fast training step is exact: it equals a plain one by PyTorch's own layers (benchmarks/plain.py)."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from benchmarks.gpu_setup import TOY_BOXES, TOY_NETWORK, random_batch
from benchmarks.plain import PlainOptimizers
from cascade_efgan.config import Settings
from cascade_efgan.config.training_sections import Losses, Schedule
from cascade_efgan.methods import METHODS
from cascade_efgan.models.blocks import initialize
from cascade_efgan.models.build import ModelSpec
from cascade_efgan.training.objective import build_objective
from cascade_efgan.training.optimizers import Optimizers

CPU = torch.device("cpu")
NETWORK = Settings().network.model_dump() | TOY_NETWORK
RATE = 1e-3


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Toy layers are too small to share."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def steps_of(
    kind: type[Optimizers], method: str, precision: str = "float32", losses: Losses | None = None
) -> Optimizers:
    spec = ModelSpec(method, 32, NETWORK, TOY_BOXES if METHODS[method].local_focuses else {})
    objective = build_objective(spec, losses or Losses(), 0, CPU)
    return kind(objective, Schedule.model_validate({"learning_rate": RATE, "precision": precision}), CPU)


def one_step(kind: type[Optimizers], method: str, of: str) -> dict[str, Tensor]:
    """Loss terms, gradients (Adam's moments as such too), and new weights and singular vectors of a D or a G step."""
    steps = steps_of(kind, method)
    networks = {name: getattr(steps.objective, name) for name in ("generator", "discriminators")}
    torch.manual_seed(1)
    for module in [module for network in networks.values() for module in network.modules()]:
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU | nn.LeakyReLU):  # smooth: rounding that crosses 0 moves gradients by percents
                setattr(module, name, nn.SiLU())
        for parameter in module.parameters(recurse=False):
            # Orthogonal weights have converged singular vectors, and an Interpolator starts at 0.
            parameter.data.add_(0.03 * torch.randn_like(parameter))
    found = {f"term {name}": term.detach() for name, term in getattr(steps, of)(random_batch(32, 2, CPU)).items()}
    for name, parameter in networks[of].named_parameters():
        if parameter.grad is not None:
            moments = getattr(steps, f"{of}_optimiser").state[parameter]
            found[f"gradient {name}"] = parameter.grad
            found[f"gradient {name}, first moment"] = moments["exp_avg"] / (1 - 0.5)
            found[f"gradient {name}, second moment"] = (moments["exp_avg_sq"] / (1 - 0.999)).sqrt()
    return found | {
        f"{of} {key}": value for of, network in networks.items() for key, value in network.state_dict().items()
    }


def differing(method: str, of: str) -> list[str]:
    """What a fast step makes otherwise than a plain one."""
    fast, plain = (one_step(kind, method, of) for kind in (Optimizers, PlainOptimizers))
    assert fast.keys() == plain.keys()
    largest = max(float(value.abs().max()) for name, value in plain.items() if name.startswith("gradient"))
    beyond, weights = [], []
    for name, value in plain.items():
        difference, size = (fast[name] - value).abs(), float(value.abs().max())
        if name.startswith("term"):  # sums of some thousand float32 products in another order
            allowed = 1e-4 * size + 1e-5
        elif name.startswith("gradient"):  # the last part: what rounding leaves of one that cancels to nothing
            allowed = 2e-3 * size + 1e-6 * largest
        elif name.endswith(("_u", "_v")):
            allowed = 1e-5
        else:  # Adam's first step is the rate times the gradient's sign, which is free where that is but rounding
            allowed = 2.01 * RATE
            weights.append(difference.flatten())
        if float(difference.max()) > allowed:
            beyond.append(f"{name}: {float(difference.max()):.3g}, allowed {allowed:.3g}")
    share = float((torch.cat(weights) < 0.01 * RATE).float().mean())
    return beyond if share > 0.995 else [*beyond, f"only {share:.3f} of the weights agree"]


@pytest.mark.parametrize("of", ["discriminators", "generator"])
# `cascade_from_scratch` has the networks and losses of `cascade_ef_gan`.
@pytest.mark.parametrize("method", [name for name in METHODS if name != "cascade_from_scratch"])
def test_a_step_equals_a_plain_one(method: str, of: str) -> None:
    assert differing(method, of) == []


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
def test_spectral_norm_is_pytorchs_own(kind: type[nn.Conv2d] | type[nn.ConvTranspose2d]) -> None:
    """Names, random draws, values over several steps, and the derivative, in float64 for the rounding's sake."""
    torch.manual_seed(0)
    ours = initialize(kind(6, 5, 3).double(), "orthogonal")
    torch.manual_seed(0)
    theirs = kind(6, 5, 3).double()
    nn.init.orthogonal_(theirs.weight)
    spectral_norm(theirs)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    image = torch.randn(2, 6, 8, 8, dtype=torch.float64)
    for _ in range(3):
        for layer in (ours, theirs):
            layer.zero_grad()
            layer(image).square().sum().backward()
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value, rtol=1e-12, atol=1e-12)
    gradient, expected = (layer.parametrizations.weight.original.grad for layer in (ours, theirs))
    torch.testing.assert_close(gradient, expected, rtol=1e-9, atol=1e-10)


def test_bfloat16_follows_the_loss_curve_of_float32() -> None:
    """AU loss and reconstruction over 60 toy steps, by means of 20: within 10 % of float32's.

    They were seen to differ by 1 %.
    """

    def curve(precision: str) -> Tensor:
        steps = steps_of(Optimizers, "baseline", precision, Losses(cond=1, ganimation_au=1))
        torch.manual_seed(1)
        terms = []
        for number in range(60):
            batch = random_batch(32, 4, CPU, seed=number % 4)
            judged, edited = steps.discriminators(batch), steps.generator(batch)
            terms.append(torch.stack([judged["D/L_cond"], edited["G/L_cont"]]).detach())
        return torch.stack(terms).reshape(3, 20, 2).mean(1)

    exact, half = curve("float32"), curve("bfloat16")
    assert (exact[-1] < 0.6 * exact[0]).all() and not torch.equal(exact, half)
    torch.testing.assert_close(half, exact, rtol=0.1, atol=0)
