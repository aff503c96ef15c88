"""The pages for readers: links lead somewhere, commands and settings exist, the index is whole, the README is short."""

import re
import runpy
import shlex
from pathlib import Path

import pytest
import yaml

from cascade_efgan.config import resolve
from cascade_efgan.orchestration.stage_names import STAGES

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted(
    page
    for pattern in ("*.md", "config/*.md", "docs/**/*.md", "profiles/*.md", "benchmarks/*.md", "resources/**/*.md")
    for page in REPOSITORY.glob(pattern)
)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[tuple[Path, str]]:
    """File and anchor of every link of a page that stays in the repository."""
    targets = re.findall(r"\]\(([^)\s]+)\)", BLOCK.sub("", page.read_text(encoding="utf-8")))
    parts = [target.partition("#") for target in targets if "://" not in target]
    return [((page.parent / path).resolve() if path else page, anchor) for path, _, anchor in parts]


def shell_lines(page: Path) -> list[list[str]]:
    """The words of every command of a page's `sh` blocks, without comments."""
    blocks = [text for language, text in BLOCK.findall(page.read_text(encoding="utf-8")) if language == "sh"]
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@EACH_PAGE
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), target
        assert not anchor or anchor in anchors(target), f"{target}#{anchor}"


@EACH_PAGE
def test_commands_and_settings_exist(page: Path) -> None:
    rules = re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for words in shell_lines(page):
        if words[0] == "make":
            assert words[1] in rules, words
        if words[0] == "efgan":
            assert words[1] in {*STAGES, "--help"}, words
        if "--config" in words:
            pairs = [word.split("=", 1) for word in words[words.index("--config") + 1 :] if "=" in word]
            resolve({key: yaml.safe_load(value) for key, value in pairs})


def test_the_readme_is_short_and_the_index_names_every_page() -> None:
    assert (REPOSITORY / "README.md").stat().st_size <= 12_000
    index = REPOSITORY / "docs/README.md"
    assert {*REPOSITORY.glob("docs/*.md")} - {index} <= {target for target, _ in links(index)}


def test_the_tables_and_verdicts_of_the_published_runs_are_those_of_their_folders() -> None:
    gallery = runpy.run_path(str(REPOSITORY / "docs/gallery.py"))
    for preset, page in gallery["PAGES"].items():
        text = page.read_text(encoding="utf-8")
        assert gallery["filled"](text, REPOSITORY / "docs" / preset) == text, f"{page.name}: run `make gallery`"
        changed = text.replace("**holds**", "**does not hold**", 1)
        assert gallery["filled"](changed, REPOSITORY / "docs" / preset) == text


def test_pages_that_code_and_settings_name_exist() -> None:
    folders = ("src", "workflow", "profiles", "benchmarks", "tests", ".dvc", "config")
    files = [path for name in folders for path in (REPOSITORY / name).rglob("*") if ".peers" not in path.parts]
    files += [path for path in REPOSITORY.iterdir() if path.is_file()]
    named = {
        (path, name)
        for path in files
        if path.suffix in {".py", ".smk", ".md", ".yaml", ".yml", ".json", ".jinja", ".html", ".js", ""}
        and path.is_file()
        for name in re.findall(r"\bdocs/[\w/]+\.md\b", path.read_text(encoding="utf-8", errors="ignore"))
    }
    assert len(named) > 10
    assert not [pair for pair in named if not (REPOSITORY / pair[1]).is_file()]
