"""What a run makes in the end: its tables with their metrics, and all final files."""


def extractor_weights(wildcards):
    """Inception's weights, where the settings ask for Inception; other extractors ship inside their package."""
    return INCEPTION_WEIGHTS if settings.fid.extractor == "inception" else []


def shown_methods(dataset):
    """The methods of a data set's tables and pictures."""
    return rows.shown_methods(dataset, RESOLVED)


def table_metrics(wildcards):
    """Every metric file that a table shows."""
    numbers = rows.table_numbers(wildcards.table, RESOLVED)
    return [f"results/{dataset}/seed{seed}/{method}/metrics/{name}.json" for dataset, seed, method, name in numbers]


def metrics_flags(wildcards, input):
    """`--metrics PATH` for every metric file of a table, `{seed}` standing for every seed of the run."""
    return " ".join(f"--metrics {quote(path)}" for path in for_all_seeds(input.metrics))


def table_curves(wildcards):
    """The losses of every method that a table shows."""
    numbers = rows.table_numbers(wildcards.table, RESOLVED)
    shown = dict.fromkeys((dataset, seed, method) for dataset, seed, method, _ in numbers if method in METHODS)
    return [f"results/{dataset}/seed{seed}/{method}/curves.csv" for dataset, seed, method in shown]


def curves_flags(wildcards, input):
    """`--curves PATH` for the losses of every method of a table, `{seed}` standing for every seed of the run."""
    return " ".join(f"--curves {quote(path)}" for path in for_all_seeds(input.curves))


def final_files():
    """What `all` makes."""
    tables = [f"results/{table}_table.{suffix}" for table in TABLES for suffix in TABLE_FORMATS]
    compared = [f"results/{table}_statistics.{suffix}" for table in TABLES for suffix in ("md", "csv")]
    curves = (
        [f"results/{dataset}/fid_curve.png" for dataset in settings.datasets] if settings.measures.fid_curve else []
    )
    claims = [f"results/claims.{suffix}" for suffix in ("md", "csv", "json")]
    made = [*claims, *tables, *compared, *curves, *figure_files(), *check_files(), "results/run.json", *tracked_files()]
    return [*made, *PROVENANCE_FILES]


def check_files():
    """What to look at before anything is trained."""
    names = ("au_report.md", "contact_sheet.png", "patches.png")
    return [f"results/{dataset}/{name}" for dataset in settings.all_datasets for name in names]


def training_curves():
    """The losses of every run that trains a generator; wild images have one, of the first seed."""
    seeds = [f"seed{seed}" for seed in settings.seeds]
    runs = [
        f"{dataset}/{seed}/{method}"
        for dataset in settings.datasets
        for seed in seeds
        for method in shown_methods(dataset)
    ]
    if settings.wild.dataset:
        runs += [f"{PRETRAINING}/{seeds[0]}/cascade_ef_gan", f"{settings.wild.dataset}/{seeds[0]}/wild"]
    return [f"results/{run}/curves.csv" for run in dict.fromkeys(runs)]


def metric_files():
    """One file a row of the tables."""
    return [
        f"results/metrics/{table}/{dataset}/{method}.json"
        for table in TABLES
        for dataset in rows.table_datasets(table, RESOLVED)
        for method in rows.table_methods(table, dataset, RESOLVED)
        if method not in REFERENCES
    ]


def tracked_files():
    """What DVC shows of a run; dvc.yaml names the same files."""
    return [*metric_files(), "results/curves.csv", "results/settings.yaml"]
