"""The walker of imports, on packages made for the purpose and on this one."""

import ast
import re
from pathlib import Path

import pytest
from programs import write_files

from cascade_efgan.errors import InputError
from cascade_efgan.orchestration.code_graph import stage_sources

SOURCE = Path(__file__).parents[2] / "src"


def found(root: Path, *modules: str, stage: str = "work") -> set[str]:
    """What the stage imports, besides itself and the `__init__.py` of its folders."""
    paths = stage_sources(stage, root, *modules)
    names = {Path(path).relative_to(root / "cascade_efgan").as_posix() for path in paths}
    return names - {"__init__.py", "stages/__init__.py", f"stages/{stage}.py"}


@pytest.mark.parametrize(
    "line",
    [
        "from cascade_efgan.a import b",
        "from cascade_efgan.a.b import name",
        "import cascade_efgan.a.b",
        "import cascade_efgan.a.b as short",
        "from ..a import b",
        "from ..a.b import name",
        "def late():\n    from cascade_efgan.a import b",
        "from cascade_efgan.circle import one",
        "from cascade_efgan.inner import nothing",
        "from cascade_efgan.config import resolve\nfrom cascade_efgan.a import b",
        "import json",
    ],
)
def test_every_way_to_import_a_module_counts_and_settings_do_not(tmp_path: Path, line: str) -> None:
    """Imports of imports count, circles end, an `__init__` imports too; what only the settings import is left out."""
    files = {
        "stages/__init__.py": "", "stages/work.py": line, "__init__.py": "", "unused.py": "", "methods.py": "",
        "a/__init__.py": "", "a/b.py": "", "a/other.py": "",
        "circle/__init__.py": "", "circle/one.py": "from . import two",
        "circle/two.py": "from cascade_efgan.stages import work\nfrom cascade_efgan.a import b",
        "inner/__init__.py": "from ..a.b import name",
        "config/__init__.py": "", "config/resolve.py": "from cascade_efgan import methods",
    }  # fmt: skip
    write_files(tmp_path / "cascade_efgan", files)
    more = {
        "from cascade_efgan.circle import one": {"circle/__init__.py", "circle/one.py", "circle/two.py"},
        "from cascade_efgan.inner import nothing": {"inner/__init__.py"},
    }.get(line, set())
    assert found(tmp_path) == (set() if line == "import json" else {"a/__init__.py", "a/b.py", *more})
    by_name = found(tmp_path, "cascade_efgan.circle.one")
    assert {"circle/one.py", "circle/two.py"} <= by_name and "a/other.py" not in by_name


def test_a_missing_stage_and_broken_code_are_one_sentence_each(tmp_path: Path) -> None:
    write_files(tmp_path / "cascade_efgan", {"stages/work.py": "def ("})
    with pytest.raises(InputError, match=r"work\.py: not valid Python"):
        stage_sources("work", tmp_path)
    with pytest.raises(InputError, match=r"module of stage other is missing"):
        stage_sources("other", tmp_path)


@pytest.mark.parametrize(
    ("stages", "others"),
    [
        # A change of the training code makes no number of an unchanged edit anew.
        ("similarity fid accuracy", ("training/", "models/")),
        # A reworded flag of a figure trains nothing and edits nothing anew.
        ("train generate classify classify_again regress_aus features", ("stages/options.py",)),
        # Nothing that is trained or measured depends on the editor.
        ("download crop train generate table", ("editing/",)),
        # An edit of the claims writes no settings anew.
        ("config", ("claims/", "orchestration/study")),
    ],
)
def test_stages_do_not_depend_on_what_would_rerun_them_for_nothing(stages: str, others: tuple[str, ...]) -> None:
    names = set().union(*(found(SOURCE, stage=stage) for stage in stages.split()))
    names -= {"models/__init__.py", "models/tensors.py"}  # bytes become tensors in one place
    assert names and not {name for name in names if name.startswith(others)}


def test_parts_of_the_package_import_only_those_before_them() -> None:
    """In the order of docs/code.md; an import inside a function counts."""
    page = SOURCE.with_name("docs").joinpath("code.md").read_text(encoding="utf-8")
    order = re.findall(r"`(\w+)`", page[page.index("Each of them imports") : page.index("## Adding to it")])
    package = SOURCE / "cascade_efgan"
    parts = {path.stem for path in package.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}
    assert parts == {"__init__", *order}
    upwards = set()
    for path in package.rglob("*.py"):
        importer = path.relative_to(package).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                base = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
                names = [f"{base}{alias.name}".split(".") for alias in node.names]
                used = {name[1] for name in names if name[0] == "cascade_efgan" and name[1:]} & {*order}
                upwards |= {(path.name, name) for name in used if order.index(name) > order.index(importer)}
    assert not upwards
