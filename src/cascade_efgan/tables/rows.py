"""Which data sets, rows and numbers each table has: the workflow computes what this module says, and tables show it.

The workflow asks at every start, so this module imports no array library.
"""

from collections.abc import Mapping
from typing import Any

from cascade_efgan.datasets import TRUE_EDITS
from cascade_efgan.evaluation.metric import FURTHER_METRICS, REAL
from cascade_efgan.methods import ABLATED, COMPARED, METHODS, REFERENCES

#: All settings of a run by section, as `run.json` holds them.
Settings = Mapping[str, Any]


def ablation_dataset(settings: Settings) -> str:
    """The data set of Table 3 (Sec. 4.4)."""
    return settings["ablation_dataset"] or settings["datasets"][0]


def table_datasets(name: str, settings: Settings) -> list[str]:
    """The data sets of a table: Table 3 has one."""
    return [ablation_dataset(settings)] if name == "ablation" else list(settings["datasets"])


def shown_methods(dataset: str, settings: Settings) -> list[str]:
    """The methods of a data set's tables, and EF-GAN, which the cascade starts from.

    The ablation's other rows are trained for the data set of Table 3 only, and not for a picture.
    """
    rows = {*COMPARED, "ef_gan", *(ABLATED if dataset == ablation_dataset(settings) else ())}
    return [name for name in settings["methods"] if name in rows] or list(settings["methods"])


def table_methods(name: str, dataset: str, settings: Settings) -> list[str]:
    """Rows of a data set: doing nothing, the paper's methods, the perfect edit, and pairs of real images."""
    rows = {"ablation": ABLATED, "measures": shown_methods(dataset, settings)}.get(name, COMPARED)
    trained = [method for method in METHODS if method in rows and method in settings["methods"]]
    perfect = ["true_edit"] if dataset in TRUE_EDITS else []
    return ["unchanged", *trained, *perfect, *(REFERENCES if name == "measures" else ())]


def measures(settings: Settings) -> list[str]:
    """The numbers beyond the paper's that a run computes; they have a table of their own."""
    reads_photographs = settings["measures"]["aus"] != "none" and bool(set(settings["datasets"]) - set(TRUE_EDITS))
    return [name for name in FURTHER_METRICS if name != "au_error" or reads_photographs]


def row_numbers(name: str, dataset: str, method: str, settings: Settings) -> list[str]:
    """Names of the numbers of one row.

    R+G of the unchanged input is left out: it would train on copies of real images under false labels.
    """
    if name == "measures":
        return [number for number in measures(settings) if method not in REFERENCES or number == "identity"]
    names = ["psnr", "fid"] if name == "quality" else ["G"] if method == "unchanged" else ["G", "R+G"]
    true = ["psnr_true" if name == "quality" else "au_error"] if dataset in TRUE_EDITS else []
    return names + true


def table_numbers(name: str, settings: Settings) -> list[tuple[str, int, str, str]]:
    """Every number that a table shows: data set, seed, method or `REAL`, name."""
    found: list[tuple[str, int, str, str]] = []
    for dataset in table_datasets(name, settings):
        for seed in settings["seeds"]:
            if name == "accuracy":
                found.append((dataset, seed, REAL, "R"))
            for method in table_methods(name, dataset, settings):
                found += [(dataset, seed, method, number) for number in row_numbers(name, dataset, method, settings)]
    return found
