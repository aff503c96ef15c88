"""Which source files a stage runs: the inputs that make Snakemake rerun it when its code changes.

The imports are read from the syntax trees, nothing is imported: a dry run stays quick, and an import inside a
function counts like one at the top of the module.
"""

import ast
from functools import cache
from importlib.util import resolve_name
from itertools import accumulate
from pathlib import Path

from cascade_efgan.errors import InputError

PACKAGE = "cascade_efgan"
#: Settings reach a stage as flags on its command line, and a changed flag reruns the rule by itself. Counting
#: these modules too would rerun everything whenever a setting of any other stage is added or reworded.
NOT_COUNTED = f"{PACKAGE}.config"


def stage_sources(stage: str, source_root: str | Path = "src", *modules: str) -> list[str]:
    """Files of the package that `efgan STAGE` may execute, sorted.

    Args:
        source_root: relative paths keep Snakemake's records valid when the repository is cloned elsewhere.
        modules: that this use of the stage imports by their names.

    Raises:
        InputError: no such stage, or a module that is no Python.
    """
    root = Path(source_root)
    start = f"{PACKAGE}.stages.{stage}"
    if _module_file(root, start) is None:
        raise InputError(
            f"{root / PACKAGE / 'stages' / stage}.py: the module of stage {stage} is missing; "
            "restore it, or run snakemake in the repository's root folder"
        )
    found: dict[str, Path] = {}
    waiting = [start, *modules]
    while waiting:
        module = waiting.pop()
        if module in found or f"{module}.".startswith(f"{NOT_COUNTED}."):
            continue
        if path := _module_file(root, module):
            found[module] = path
            waiting += _imported_names(path, module)
    return sorted(path.as_posix() for path in found.values())


def _module_file(root: Path, module: str) -> Path | None:
    base = root.joinpath(*module.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


@cache
def _imported_names(path: Path, module: str) -> frozenset[str]:
    """Dotted names below the package that a module imports, with the packages above them.

    `from a.b import c` gives `a.b` and `a.b.c`: whether `c` is a module is decided by whether its file exists.
    """
    names, package = {module}, module if path.name == "__init__.py" else module.rpartition(".")[0]
    try:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = resolve_name("." * node.level + (node.module or ""), package)
                names.update((base, *(f"{base}.{alias.name}" for alias in node.names)))
    except (SyntaxError, UnicodeDecodeError, ImportError) as error:
        raise InputError(f"{path}: not valid Python ({error}); fix it and run again") from None
    inside = {name for name in names if name == PACKAGE or name.startswith(f"{PACKAGE}.")}
    return frozenset(parent for name in inside for parent in accumulate(name.split("."), "{}.{}".format))
