"""What made the tables: the settings of a run and the facts of its data sets, as `results/run.json`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cascade_efgan import __version__
from cascade_efgan.config import Settings, resolve
from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.face_crops.dataset import PIXELS, part_rows, read_index
from cascade_efgan.data.records import read_records
from cascade_efgan.datasets import DATASETS, PAPER_DATASETS, dataset_title
from cascade_efgan.errors import InputError
from cascade_efgan.files import read_json, sha256_file

#: Settings that may differ from the paper's without making another experiment: other data sets' own sections, the
#: machine's share of memory and threads, where files are, and what the paper does not have at all.
FREE_SETTINGS = frozenset(
    {
        *("preset", "datasets", "ablation_dataset", "methods", "seeds"),
        *("threads", "jobs_per_gpu", "checkpoint_minutes", "figures"),
        *DATASETS,
        *("openface.program", "openface.container", "openface.container_program", "openface.chunk"),
        *("wild", "generation_batch", "au_regressor", "crop.small_face", "fid.inception_weights", "fid.batch"),
        *("statistics", "measures"),
    }
)


@dataclass(frozen=True)
class DatasetFacts:
    """Numbers that are shown above a table.

    Attributes:
        expressions: evaluated expressions, in the order of `EXPRESSIONS`.
        test_people: different people of the test part.
        shared_people: people of the test part that the training part has too.
        copies: images whose photograph is a copy of another's, pixel by pixel.
        excluded: photographs without a usable face.
        missing: photographs of the complete data set that are not there.
        split_sha256: hash of `split.csv`, which says exactly which images trained.
    """

    images: int
    people: int
    expressions: list[str]
    gazes: int
    train: int
    test: int
    test_people: int
    shared_people: int
    copies: int
    excluded: int
    missing: int
    split_sha256: str


def dataset_facts(index_path: Path, split_path: Path, excluded_path: Path, completeness_path: Path) -> DatasetFacts:
    """Count a data set, from its `crops.csv`, `split.csv`, `excluded.csv` and `completeness.json`.

    Raises:
        InputError: a missing or wrong file.
    """
    index = read_index(index_path)
    train, test = (index["person"].iloc[part_rows(index, split_path, part)] for part in ("train", "test"))
    completeness = read_json(completeness_path)
    if not isinstance(completeness, dict) or not isinstance(completeness.get("missing"), list):
        raise InputError(f"{completeness_path}: expected a list under the key missing; run the download rule again")
    return DatasetFacts(
        images=len(index),
        people=index["person"].nunique(),
        expressions=[name for name in EXPRESSIONS if name in set(index["expression"])],
        gazes=index["gaze"].nunique(),
        train=len(train),
        test=len(test),
        test_people=test.nunique(),
        shared_people=len(set(test) & set(train)),
        copies=int(index[PIXELS].duplicated().sum()),
        excluded=len(read_records(excluded_path, ("id", "reason"))),
        missing=len(completeness["missing"]),
        split_sha256=sha256_file(split_path),
    )


def describe(settings: Settings, facts: Mapping[str, DatasetFacts]) -> dict[str, Any]:
    """The description of a run, ready for JSON.

    Args:
        facts: one entry for every data set of the settings.

    Raises:
        InputError: a data set of the settings without facts, or the reverse.
    """
    if set(facts) != set(settings.all_datasets):
        raise InputError(
            f"--index: got data sets {', '.join(sorted(facts)) or 'none'}, but the "
            f"settings name {', '.join(settings.all_datasets)}; give each of them once"
        )
    # A data set with photographs missing is not the paper's, whatever the settings say.
    gaps = [
        f"{name}: {facts[name].missing} photographs are missing (paper: none)"
        for name in settings.datasets
        if facts[name].missing
    ]
    return {
        "preset": settings.preset,
        "differences": [*differences(settings), *gaps],
        "datasets": {name: asdict(facts[name]) for name in settings.datasets},
        "wild": {name: asdict(facts[name]) for name in settings.all_datasets if name not in settings.datasets},
        "settings": settings.model_dump(mode="json"),
        "version": __version__,
    }


def differences(settings: Settings) -> list[str]:
    """How a run differs from the paper's setting, key by key; empty for the paper's own.

    The paper's setting is the preset `paper` (Sec. 4.1, 4.3, 7, 8), on RaFD, CFEED or both.
    """
    foreign = [name for name in settings.datasets if name not in PAPER_DATASETS]
    found = [f"datasets: {', '.join(foreign)} (paper: {', '.join(PAPER_DATASETS)})"] if foreign else []
    ours, paper = (
        pd.json_normalize(run.model_dump(mode="json")).to_dict("records")[0]
        for run in (settings, resolve({"preset": "paper"}))
    )
    for key, value in ours.items():
        if value != paper.get(key) and not {key, str(key).partition(".")[0]} & FREE_SETTINGS:
            found.append(f"{key}: {value} (paper: {paper.get(key)})")
    return found


def is_papers_setting(context: Mapping[str, Any], dataset: str) -> bool:
    """Whether a data set is one of the paper's, complete, and all that its numbers depend on is the paper's too."""
    keys = {item.partition(":")[0] for item in context["differences"]}
    return dataset in PAPER_DATASETS and keys <= {"datasets", *context["datasets"]} - {dataset}


def read_context(path: Path) -> dict[str, Any]:
    """Read `run.json`.

    Raises:
        InputError: missing file, no JSON, or no description of a run.
    """
    context = read_json(path)
    needed = ("preset", "differences", "datasets", "settings", "version")
    if not isinstance(context, dict) or any(key not in context for key in needed):
        raise InputError(f"{path}: expected the keys {', '.join(needed)}; run the describe_run rule again")
    return context


def head_lines(context: Mapping[str, Any], datasets: list[str]) -> list[str]:
    """Sentences above a table: preset, whether this is the paper's setting, data sets, split, seeds."""
    settings = context["settings"]
    lines = [f"Preset {context['preset']}, version {context['version']}. {_setting_sentence(context)}"]
    wild = context.get("wild", {})  # always split by person
    for name in datasets:
        by = "person" if name in wild else settings["split"]["by"]
        lines.append(_dataset_sentence(name, {**context["datasets"], **wild}[name], by))
    seeds = settings["seeds"]
    if len(seeds) == 1:
        lines.append(f"Seed {seeds[0]}: every cell is a single run.")
    else:
        shown = ", ".join(map(str, seeds))
        lines.append(f"Seeds {shown}: cells are the mean over {len(seeds)} runs ± the sample standard deviation.")
    return lines


def _setting_sentence(context: Mapping[str, Any]) -> str:
    if not context["differences"]:
        return "This is the paper's setting."
    keys = [item.partition(":")[0] for item in context["differences"]]
    foreign = [name for name in context["datasets"] if name not in PAPER_DATASETS]
    sections = sorted({key.partition(".")[0] for key in keys} - {"datasets", *context["datasets"]})
    reasons = []
    if foreign:
        titles = " and ".join(dataset_title(name) for name in foreign)
        reasons.append(f"{titles} instead of RaFD and CFEED" if "datasets" in keys else titles)
    gaps = {name: facts["missing"] for name, facts in context["datasets"].items() if facts["missing"]}
    reasons += [f"{dataset_title(name)} lacks {missing} photographs" for name, missing in gaps.items()]
    if sections:
        reasons.append(f"other values than the paper's in {', '.join(sections)}")
    return f"Not the paper's setting: {'; '.join(reasons)} (run.json lists every difference)."


def _dataset_sentence(name: str, facts: Mapping[str, Any], by: str) -> str:
    if facts["shared_people"]:
        shared = f"{facts['shared_people']} of the {facts['test_people']} test people also in training images"
    else:
        shared = "no test person in training images"
    return (
        f"{dataset_title(name)}: {facts['images']} images of {facts['people']} people, "
        f"{len(facts['expressions'])} expressions; split by {by}: {facts['train']} training and {facts['test']} test "
        f"images ({shared}); {facts['excluded']} photographs excluded for want of a usable face"
        + (f"; {facts['missing']} photographs of the data set are missing." if facts["missing"] else ".")
    )
