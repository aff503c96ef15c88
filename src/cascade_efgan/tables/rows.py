"""Which data sets, rows and numbers each table has: the workflow computes what this module says, and tables show it.

The workflow asks at every start, so this module imports no array library.
"""

from collections.abc import Mapping
from typing import Any

from cascade_efgan.datasets import TRUE_EDITS
from cascade_efgan.evaluation.metric import REAL, TABLE_METRICS
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


def table_metrics(name: str, settings: Settings) -> list[str]:
    """The numbers that are a table's columns, by their names in `TABLE_METRICS`."""
    left_out = set()
    if not set(table_datasets(name, settings)) & set(TRUE_EDITS):
        left_out = {key for key, metric in TABLE_METRICS.items() if name in metric.for_true_edits}
    reads_photographs = settings["measures"]["aus"] != "none" and bool(set(settings["datasets"]) - set(TRUE_EDITS))
    if name == "measures" and not reads_photographs:
        left_out.add("au_error")
    return [key for key, metric in TABLE_METRICS.items() if name in metric.tables and key not in left_out]


def not_measured(table: str, dataset: str, method: str, number: str) -> str | None:
    """Why a number of a row is never computed; None where it is."""
    if table in TABLE_METRICS[number].for_true_edits and dataset not in TRUE_EDITS:
        return "only rendered faces have true AUs and true edits"
    if method in REFERENCES and number != "identity":
        return "a pair of real images of that kind is no edit"
    if (method, number) == ("unchanged", "R+G"):
        return "not measured: copies of training images under other expressions' names are no training data"
    return None


def table_numbers(name: str, settings: Settings) -> list[tuple[str, int, str, str]]:
    """Every number that a table shows: data set, seed, method or `REAL`, name."""
    shown = table_metrics(name, settings)
    return [
        (dataset, seed, method, number)
        for dataset in table_datasets(name, settings)
        for seed in settings["seeds"]
        for method in [REAL, *table_methods(name, dataset, settings)]
        for number in shown
        # R belongs to the data set, and nothing else to the real images.
        if (number == "R") == (method == REAL) and not not_measured(name, dataset, method, number)
    ]
