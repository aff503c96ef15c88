"""Which files a run of given settings makes: tables and the numbers behind them, figures, claims, checks of data.

`python -m cascade_efgan.orchestration.study` prints the section `artifacts` of `dvc.yaml`.
"""

import sys

import yaml

from cascade_efgan.claims.entries import BY_MORE_CLASSIFIERS, CLAIMS, OF_ATTENTION, OF_EDITS, OF_PATHS, OF_WILD
from cascade_efgan.config import Settings, resolve
from cascade_efgan.datasets import TRUE_EDITS, dataset_title
from cascade_efgan.methods import COMPARED, CONTROLS, METHODS, REFERENCES
from cascade_efgan.tables import rows

#: Figure -> category of the report, label that sorts it there, what it shows.
FIGURES = {
    "fig03_attention": ("paper", "Fig. 03", "global and local attention"),
    "fig04_cascade_steps": ("paper", "Fig. 04", "the cascade's steps"),
    "fig05_methods": ("paper", "Fig. 05", "methods side by side"),
    "fig06_ablation": ("paper", "Fig. 06", "ablation side by side"),
    "fig07_continuous": ("paper", "Fig. 07", "continuous editing"),
    "fig08_wild": ("paper", "Fig. 08, 10", "wild images"),
    "fig11_more_edits": ("paper", "Fig. 11, 13", "more edits"),
    "fig12_all_expressions": ("paper", "Fig. 12, 14", "one person in all expressions"),
    "expression_gap": ("more", "A", "quality against the expression gap"),
    "confusion": ("more", "B", "confusion matrices of R and G"),
    "action_units": ("more", "C", "action units asked for and obtained"),
    "best_and_worst": ("more", "D", "best edits and largest failures"),
    "training_curves": ("more", "E", "training curves"),
}
#: Runs that train, between them, every method on every data set that a run can train it on.
EVERY_TRAINING = (
    {"preset": "laptop", "wild": {"dataset": "folder"}},
    {"preset": "laptop", "datasets": ["folder"]},
    {"preset": "london"},
    {"preset": "paper"},
)
#: How many of the tables are the paper's.
PAPER_TABLES = 3


class Study:
    """What one run makes and of which methods; all paths are relative to the repository."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._resolved = settings.model_dump(mode="json")
        #: The paper's first.
        self.tables = ["accuracy", "quality", "ablation", "measures"]
        #: What Cascade EF-GAN is pre-trained on for wild images (Sec. 4.5).
        self.pretraining = "combined" if len(settings.pretraining) > 1 else settings.pretraining[0]
        compared = [name for name in COMPARED if name in settings.methods]
        #: Rows that `sensitivity` varies: doing nothing, and those of Tables 1 and 2.
        self.sensitivity_methods = ["unchanged", *(compared or settings.methods)]

    # Methods.

    def shown_methods(self, dataset: str) -> list[str]:
        """The methods of a data set's tables and pictures."""
        return rows.shown_methods(dataset, self._resolved)

    def controls(self, dataset: str) -> list[str]:
        """The control rows that a data set can have."""
        return [name for name in CONTROLS if name != "true_edit" or dataset in TRUE_EDITS]

    def figure_methods(self, dataset: str) -> list[str]:
        """The methods of a data set's figures, then the controls."""
        return [*self.shown_methods(dataset), *self.controls(dataset)]

    def curve_methods(self, dataset: str) -> list[str]:
        """The controls of a data set's curve of distances, then the methods."""
        return [*self.controls(dataset), *self.shown_methods(dataset)]

    def trained_methods(self, dataset: str) -> list[str]:
        """What is trained on a data set: for its tables, for the pre-training of wild images, or on wild images."""
        names = self.shown_methods(dataset) if dataset in self.settings.datasets else []
        if self.settings.wild.dataset and dataset == self.pretraining and not self.settings.wild.init_from:
            names = names or ["ef_gan", "cascade_ef_gan"]
        return [*names, "wild"] if dataset == self.settings.wild.dataset else names

    def claim_methods(self, dataset: str) -> list[str]:
        """The methods whose edits are measured for the claims alone."""
        return list(dict.fromkeys(method for method, metric in self.claim_numbers(dataset) if metric in OF_EDITS))

    # Tables.

    def table_metrics(self, table: str) -> list[str]:
        """Every metric file that a table shows."""
        return self._shown(table, "metrics/{}.json")

    def table_values(self, table: str) -> list[str]:
        """The values behind every number of a table."""
        return self._shown(table, "values_{}.csv")

    def table_curves(self, table: str) -> list[str]:
        """The losses of every method that a table shows."""
        return [path for path in dict.fromkeys(self._shown(table, "curves.csv")) if path.split("/")[3] in METHODS]

    def _shown(self, table: str, name: str) -> list[str]:
        return [
            f"results/{dataset}/seed{seed}/{method}/{name.format(number)}"
            for dataset, seed, method, number in rows.table_numbers(table, self._resolved)
        ]

    def row_files(self) -> list[str]:
        """One JSON file per row of the tables, for `dvc metrics`."""
        return [
            f"results/metrics/{table}/{dataset}/{method}.json"
            for table in self.tables
            for dataset in rows.table_datasets(table, self._resolved)
            for method in rows.table_methods(table, dataset, self._resolved)
            if method not in REFERENCES
        ]

    def training_curves(self) -> list[str]:
        """The losses of every run that trains a generator; wild images have one, of the first seed."""
        settings, first = self.settings, f"seed{self.settings.seeds[0]}"
        runs = [
            f"{dataset}/seed{seed}/{method}"
            for dataset in settings.datasets
            for seed in settings.seeds
            for method in self.shown_methods(dataset)
        ]
        if settings.wild.dataset and not settings.wild.init_from:
            runs.append(f"{self.pretraining}/{first}/cascade_ef_gan")
        if settings.wild.dataset:
            runs.append(f"{settings.wild.dataset}/{first}/wild")
        return [f"results/{run}/curves.csv" for run in dict.fromkeys(runs)]

    # Claims.

    def claim_numbers(self, dataset: str) -> list[tuple[str, str]]:
        """(method, metric) of every number of a data set that claims are made of and this run can have."""
        settings = self.settings
        numbers = [pair for claim in CLAIMS if dataset in claim.datasets(self._resolved) for pair in claim.numbers]
        off = () if settings.measures.classifiers else BY_MORE_CLASSIFIERS
        has = [*settings.methods, "real", *(["wild"] if dataset == settings.wild.dataset else [])]
        return [(method, metric) for method, metric in dict.fromkeys(numbers) if method in has and metric not in off]

    def claim_values(self) -> list[str]:
        """The values behind the numbers of the paper's tables, whose cells are judged, and of the claims."""
        found = [path for table in self.tables[:PAPER_TABLES] for path in self.table_values(table)]
        found += [
            f"results/{dataset}/seed{seed}/{_claim_file(*number)}"
            for dataset in self.settings.all_datasets
            for seed in self.settings.seeds
            for number in self.claim_numbers(dataset)
        ]
        return list(dict.fromkeys(found))

    def sensitivity_inputs(self) -> list[str]:
        """What a finished run offers to `sensitivity`: edits, values, features, weights, numbers of each method."""
        dataset, seed = self.settings.datasets[0], self.settings.seeds[0]
        of_all = ["edits_test.npy", "edits_test.csv", "features_test.npy", "values_G.csv", "values_psnr.csv"]
        of_all += ["metrics/G.json", "metrics/psnr.json", "metrics/fid.json"]
        of_trained = ["edits_train.npy", "edits_train.csv", "metrics/R+G.json", "weights.safetensors", "model.json"]
        judges = ["classifier", "au_regressor"] if dataset in TRUE_EDITS else ["classifier"]
        files = [f"real/{judge}.{suffix}" for judge in judges for suffix in ("safetensors", "json")]
        for method in self.sensitivity_methods:
            names = of_all if method in CONTROLS else of_all + of_trained
            files += [f"{method}/{name}" for name in names]
        return [f"results/{dataset}/seed{seed}/{name}" for name in files]

    # What `all` makes.

    def check_files(self) -> list[str]:
        """What to look at before anything is trained."""
        names = ("au_report.md", "contact_sheet.png", "patches.png")
        return [f"results/{dataset}/{name}" for dataset in self.settings.all_datasets for name in names]

    def figure_names(self, dataset: str) -> list[str]:
        """The figures of a data set."""
        names = ["training_curves"]
        if dataset == self.settings.wild.dataset:
            names.append("fig08_wild")
        if dataset in self.settings.datasets:
            names += ["fig05_methods", "fig06_ablation", "fig11_more_edits", "fig12_all_expressions"]
            names += ["expression_gap", "confusion", "best_and_worst"]
            names += ["fig03_attention"] if "ef_gan" in self.settings.methods else []
            names += ["fig04_cascade_steps", "fig07_continuous"] if "cascade_ef_gan" in self.settings.methods else []
            names += ["action_units"] if dataset in TRUE_EDITS else []
        return names

    def figure_files(self) -> list[str]:
        """Every figure, of the first seed: those of another are made when they are asked for by name."""
        of_wild = [name for name in (self.settings.wild.dataset, self.pretraining) if name]
        return [
            f"results/{dataset}/seed{self.settings.seeds[0]}/figures/{name}.{suffix}"
            for dataset in dict.fromkeys([*self.settings.datasets, *filter(self.trained_methods, of_wild)])
            for name in self.figure_names(dataset)
            for suffix in ("png", "pdf", "json")
        ]

    def final_files(self) -> list[str]:
        """What `all` makes, but for the record of how it was made; dvc.yaml names metrics, curves and settings too."""
        settings = self.settings
        curves = [f"results/{dataset}/fid_curve.png" for dataset in settings.datasets]
        # What editing changes in wild images: for the claim, and for the card of weights that are published.
        wild = f"results/{settings.wild.dataset}/seed{settings.seeds[0]}/wild/values_claims.csv"
        return [
            *(f"results/claims.{suffix}" for suffix in ("md", "csv", "json")),
            *(f"results/{table}_table.{suffix}" for table in self.tables for suffix in ("md", "csv", "tex")),
            *(f"results/{table}_statistics.{suffix}" for table in self.tables for suffix in ("md", "csv")),
            *(curves if settings.measures.fid_curve else []),
            *self.figure_files(),
            *([wild] if settings.wild.dataset else []),
            *self.check_files(),
            "results/run.json",
            *self.row_files(),
            "results/curves.csv",
            "results/settings.yaml",
        ]


def _claim_file(method: str, metric: str) -> str:
    """Where the values of a number are, below the folder of its seed."""
    if metric in OF_WILD:
        return f"{method}/values_claims.csv"
    if metric in (*OF_EDITS, *OF_ATTENTION, *OF_PATHS):
        return "values_claims.csv"
    return f"{method}/values_again.csv" if metric in BY_MORE_CLASSIFIERS else f"{method}/values_{metric}.csv"


def model_artifacts() -> dict[str, dict[str, str]]:
    """The generators that DVC can release by name, of the first seed: the section `artifacts` of `dvc.yaml`."""
    found = {}
    for study in (Study(resolve(run)) for run in EVERY_TRAINING):
        for dataset in dict.fromkeys([*study.settings.all_datasets, study.pretraining]):
            for method in study.trained_methods(dataset):
                title = METHODS[method].title if method in METHODS else "Fine-tuning on wild images"
                found[f"{dataset}-{method}"] = {
                    "path": f"results/{dataset}/seed0/{method}/weights.safetensors",
                    "type": "model",
                    "desc": f"{title}: {dataset_title(dataset)}",
                }
    return found


if __name__ == "__main__":
    yaml.safe_dump({"artifacts": model_artifacts()}, sys.stdout, sort_keys=False, width=110)
