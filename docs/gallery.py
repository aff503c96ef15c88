"""Copy the last run's tables and claims, and its figures as JPEG with captions, to docs/PRESET: `make gallery`.

Two presets also have a page that shows their tables, without the columns that are the same for every method, and the
verdicts on the claims. From `laptop` the plan of other runs learns how much people differ.
"""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from PIL import Image

from cascade_efgan.claims.plan import MEASURED_COLUMNS

DOCS = Path(__file__).parent
RESULTS = DOCS.parent / "results"
MEASURED = DOCS.parent / "resources" / "measured_claims.csv"
#: Preset -> the page with its tables.
PAGES = {"evening": DOCS.parent / "README.md", "laptop": DOCS / "runs.md"}
#: Table -> columns that these pages leave out.
LEFT_OUT = {
    "accuracy": ("Data set", "R ↑ (%)", "regressor's own error"),
    "quality": ("Data set",),
    "ablation": ("Data set", "regressor's own error"),
    "claims": ("Data set", "Why"),
}
#: Verdicts in the order in which these pages list them.
VERDICTS = ("holds", "does not hold", "cannot be told", "not measured", "not run")
#: Figures beyond the paper's, in the order of the report.
MORE = ("expression_gap", "confusion", "action_units", "best_and_worst", "training_curves")


def main() -> None:
    """Write docs/PRESET: tables, claims, figures.md and its pictures; pictures of a former run are removed."""
    paths = list(RESULTS.glob("*/seed*/figures/*.json"))
    captions = [(path, json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    if not captions:
        raise SystemExit(f"{RESULTS}: no figures; run `make results` first")
    (preset,) = {caption["preset"] for _, caption in captions}
    captions.sort(key=lambda pair: (_place(pair[1]["name"]), pair[1]["dataset"], pair[1]["seed"]))
    folder = DOCS / preset / "figures"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    parts = [f"# Figures of a run with the preset {preset}\n\nMade by `make gallery` from `results/`.\n"]
    for path, caption in captions:
        picture = folder / f"{caption['name']}_{caption['dataset']}_seed{caption['seed']}.jpg"
        with Image.open(path.with_suffix(".png")) as image:
            image.convert("RGB").save(picture, quality=85, optimize=True)
        number = f" (Fig. {caption['paper_figure']} of the paper)" if caption["paper_figure"] else ""
        parts.append(f"## {caption['title']}{number}\n\n![{caption['title']}](figures/{picture.name})\n")
        parts.append(f"{caption['caption']}\n")
    (DOCS / preset / "figures.md").write_text("\n".join(parts), encoding="utf-8")
    names = ("*_table.md", "*_statistics.md", "claims.md", "sensitivity.md", "*/fid_curve.png")
    for path in (path for name in names for path in RESULTS.glob(name)):
        shutil.copy(path, DOCS / preset)
    commit = json.loads((RESULTS / "provenance.json").read_text(encoding="utf-8"))["run"]["commit"]
    with (DOCS / preset / "claims.md").open("a", encoding="utf-8") as claims_page:
        claims_page.write(f"\nJudged by the code of commit {commit[:7]}.\n")
    if preset == "laptop":
        claims = pd.read_csv(RESULTS / "claims.csv")
        parts = claims[(claims["kind"] == "part") & claims["error"].notna()]
        parts = parts.assign(n=parts["n"].fillna(parts["people"]).astype(int), people=parts["people"].astype(int))
        parts[list(MEASURED_COLUMNS)].to_csv(MEASURED, index=False, float_format="%.4g")
    if preset in PAGES:
        text = PAGES[preset].read_text(encoding="utf-8")
        PAGES[preset].write_text(filled(text, DOCS / preset), encoding="utf-8")


def filled(text: str, folder: Path) -> str:
    """A page with the tables of a run's folder between the lines that mark their places."""
    for name, left_out in LEFT_OUT.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        before, rest = text.split(begin)
        path = folder / ("claims.md" if name == "claims" else f"{name}_table.md")
        text = before + begin + compact(path, left_out) + end + rest.split(end)[1]
    return text


def compact(path: Path, left_out: Sequence[str]) -> str:
    """The first Markdown table of a file without some columns, footnote marks as dashes; claims in order of verdict."""
    text = path.read_text(encoding="utf-8")
    lines = text[text.index("\n|") + 1 :].split("\n\n")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    if "Verdict" in rows[0]:
        place = rows[0].index("Verdict")
        rows[2:] = sorted(rows[2:], key=lambda row: VERDICTS.index(row[place].strip("*")))
    kept = [place for place, title in enumerate(rows[0]) if title not in left_out]
    rows = [[row[place] for place in kept] for row in rows]
    rows[1] = ["--:" if "-:" in cell else "---" for cell in rows[1]]
    for row in rows[2:]:
        row[:] = ["–" if cell.startswith("[") else re.sub(r"(?<=\d) to (?=-?\d)", "–", cell) for cell in row]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def _place(name: str) -> tuple[int, str]:
    return (1 + MORE.index(name), "") if name in MORE else (0, name)


if __name__ == "__main__":
    main()
