"""Generators whose weights no longer change: quicker, and fit to be exported."""

from typing import TypeVar

from torch import nn
from torch.nn.utils import parametrize

M = TypeVar("M", bound=nn.Module)


def fix_weights(generator: M) -> M:
    """Put the spectrally normalised weights in the place of what computes them, in place: the same function, quicker.

    Args:
        generator: a module with or without spectral normalisation; it is returned in evaluation mode.
    """
    generator.eval()
    for module in list(generator.modules()):
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
    return generator.requires_grad_(False)
