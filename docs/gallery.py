"""Copy the last run's tables and claims, and its figures as JPEG with captions, to docs/PRESET: `make gallery`."""

import json
import shutil
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).parent
RESULTS = DOCS.parent / "results"
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
    for path in [*RESULTS.glob("*_table.md"), *RESULTS.glob("*_statistics.md"), *RESULTS.glob("claims.md")]:
        shutil.copy(path, DOCS / preset)


def _place(name: str) -> tuple[int, str]:
    return (1 + MORE.index(name), "") if name in MORE else (0, name)


if __name__ == "__main__":
    main()
