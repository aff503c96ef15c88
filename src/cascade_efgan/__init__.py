"""Cascade EF-GAN (Wu et al., CVPR 2020), reproduced from photographs to tables."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["EditedFace", "EditedPhoto", "Editor", "__version__"]


def __getattr__(name: str) -> Any:
    """`from cascade_efgan import Editor`, imported only then: stages and the workflow start quickly.

    By its name in a string, and typed in `__init__.pyi`: an import statement here would make every stage depend on the
    editor (`code_graph`), so that a change of it would train everything again.
    """
    if name in ("EditedFace", "EditedPhoto", "Editor"):
        return getattr(import_module("cascade_efgan.editing.editor"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
