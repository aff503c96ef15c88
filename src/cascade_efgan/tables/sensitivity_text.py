"""The page about how much the tables move with the assumptions of the evaluation."""

import numpy as np
import pandas as pd

from cascade_efgan.datasets import dataset_title
from cascade_efgan.methods import METHODS
from cascade_efgan.tables.columns import method_title, metric_column
from cascade_efgan.tables.comparison_text import aligned

#: Column -> heading and decimals.
SHOWN = {
    **{
        column.key: (column.heading, column.decimals) for column in map(metric_column, ("G", "R+G", "psnr", "au_error"))
    },
    "fid": ("Fréchet distance ↓", 2),
}

#: What needs hours, not minutes: said on the page.
NOT_CHEAP = """\
Not varied here, because generators must be trained anew: the crop (`crop.margin`), patches, networks, losses, critic
steps (`train.n_critic`), schedules (`train`, `finetune`), AU scale, and the split (`split.by`, `split.seed`). All of a
training image's edits in R+G (`classifier.edits_per_image: null`) need many more edits than the run has made. Each is a
setting: `snakemake all --config 'split={by: person}'`. For the training seeds, give several `seeds`."""


def sensitivity_markdown(table: pd.DataFrame, dataset: str, preset: str, seed: int) -> str:
    """A Markdown page: for each assumption and column, every method's number and how far it moved (`lines`)."""
    methods = list(dict.fromkeys(table["method"]))
    headings = ["Assumption", "Setting", "Here", "Instead", "Column", *map(method_title, methods), "Order of methods"]
    body = []
    keys = ["assumption", "setting", "base", "variation", "column"]
    for key, group in table.groupby(keys, sort=False):
        heading, decimals = SHOWN.get(str(key[4]), (str(key[4]), 2))
        rows = group.set_index("method")
        cells = [
            f"{rows['value'][name]:.{decimals}f} ({rows['change'][name]:+.{decimals}f})" if name in rows.index else "–"
            for name in methods
        ]
        setting = key[1] if key[1] == "–" else f"`{key[1]}`"
        order = _order(rows) if key[4] in SHOWN else "–"
        body.append([str(key[0]), str(setting), str(key[2]), str(key[3]), heading, *cells, order])
    lines = [
        "# How much the tables move with the assumptions of the evaluation",
        "",
        f"{dataset_title(dataset)}, preset {preset}, seed {seed}. One assumption at a time; in brackets "
        "the change against the run's own number. Order: whether the trained methods keep theirs in that column.",
        "",
        *aligned(headings, body),
        "",
        NOT_CHEAP,
    ]
    return "\n".join(lines) + "\n"


def _order(rows: pd.DataFrame) -> str:
    """Whether the trained methods are in the same order as in the run; equal numbers have no order to lose."""
    trained = rows[rows.index.isin(METHODS)]
    if len(trained) < 2:
        return "–"
    own, new = (np.subtract.outer(values, values) for values in trained[["own", "value"]].to_numpy().T)
    return "another" if (own * new < 0).any() else "kept"
