"""The walker of imports, on packages made for the purpose and on this one."""

import ast
import re
from pathlib import Path

import pytest
from programs import write_files

from cascade_efgan.errors import InputError
from cascade_efgan.orchestration.code_graph import stage_sources

SOURCE = Path(__file__).parents[2] / "src"


def package(root: Path, **modules: str) -> Path:
    """Write a package `cascade_efgan`; `a__b` is the module `a/b.py`, and every folder gets an `__init__.py`."""
    write_files(root / "cascade_efgan", {f"{name.replace('__', '/')}.py": text for name, text in modules.items()})
    for folder in [root / "cascade_efgan", *(root / "cascade_efgan").rglob("*/")]:
        (folder / "__init__.py").touch()
    return root


def found(root: Path, stage: str = "work") -> set[str]:
    """What the stage imports, besides itself and the `__init__.py` of its folders."""
    base = root / "cascade_efgan"
    names = {Path(path).relative_to(base).as_posix() for path in stage_sources(stage, root)}
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
    ],
)
def test_every_way_to_import_a_module_counts(tmp_path: Path, line: str) -> None:
    root = package(tmp_path, stages__work=line, a__b="", a__other="")
    assert found(root) == {"a/__init__.py", "a/b.py"}


def test_imports_of_imports_count_and_circles_end(tmp_path: Path) -> None:
    root = package(
        tmp_path,
        stages__work="from cascade_efgan.a import one",
        a__one="from . import two",
        a__two="from cascade_efgan.stages import work\nfrom cascade_efgan import errors",
        errors="",
        unused="",
    )
    assert found(root) == {"a/__init__.py", "a/one.py", "a/two.py", "errors.py"}


def test_a_module_that_a_use_of_the_stage_imports_by_its_name_counts(tmp_path: Path) -> None:
    modules = {"a__one": "from . import three", "a__two": "", "a__three": "", "a__shared": ""}
    root = package(tmp_path, stages__work="from ..a import shared", **modules)
    names = {Path(path).name for path in stage_sources("work", root, "cascade_efgan.a.one")}
    assert {"one.py", "three.py", "shared.py"} <= names
    assert "two.py" not in names


def test_what_a_package_imports_in_its_init_counts(tmp_path: Path) -> None:
    root = package(tmp_path, stages__work="from cascade_efgan import a", a__b="", a____init__="from .b import name")
    (root / "cascade_efgan/a/__init__.py").write_text("from .b import name", encoding="utf-8")
    assert {"a/__init__.py", "a/b.py"} <= found(root)


def test_settings_are_left_out_and_so_is_what_only_they_import(tmp_path: Path) -> None:
    root = package(
        tmp_path,
        stages__work="from cascade_efgan.config import resolve",
        config__resolve="from cascade_efgan import methods",
        methods="",
    )
    assert found(root) == set()


def test_a_missing_stage_and_broken_code_are_one_sentence_each(tmp_path: Path) -> None:
    root = package(tmp_path, stages__work="def (")
    with pytest.raises(InputError, match=r"work\.py: not valid Python"):
        stage_sources("work", root)
    with pytest.raises(InputError, match=r"module of stage other is missing"):
        stage_sources("other", root)


def test_evaluation_does_not_depend_on_training() -> None:
    """What the design promises: a change of the training code makes no number of an unchanged edit anew."""
    names = found(SOURCE, "similarity") | found(SOURCE, "fid") | found(SOURCE, "accuracy")
    assert "evaluation/metric.py" in names
    names -= {"models/__init__.py", "models/tensors.py"}  # bytes become tensors in one place
    assert not {name for name in names if name.startswith(("training/", "models/", "losses"))}


@pytest.mark.parametrize("stage", ["train", "generate", "classify", "classify_again", "regress_aus", "features"])
def test_a_reworded_flag_of_a_figure_trains_nothing_and_edits_nothing_anew(stage: str) -> None:
    assert "stages/options.py" not in found(SOURCE, stage)


def test_an_edit_of_the_claims_writes_no_settings_anew() -> None:
    assert not {name for name in found(SOURCE, "config") if name.startswith(("claims/", "orchestration/study"))}


def test_parts_of_the_package_import_only_those_before_them() -> None:
    """In the order of docs/code.md; an import inside a function counts."""
    page = SOURCE.with_name("docs").joinpath("code.md").read_text(encoding="utf-8")
    order = re.findall(r"`(\w+)`", page[page.index("Each of them imports") : page.index("## Adding to it")])
    package = SOURCE / "cascade_efgan"
    assert {path.stem for path in package.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))} == {
        "__init__",
        *order,
    }
    upwards = set()
    for path in package.rglob("*.py"):
        importer = path.relative_to(package).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                base = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
                parts = [f"{base}{alias.name}".split(".") for alias in node.names]
                used = {part[1] for part in parts if part[0] == "cascade_efgan" and part[1:] and part[1] in order}
                upwards |= {(path.name, name) for name in used if name in order[order.index(importer) + 1 :]}
    assert not upwards
