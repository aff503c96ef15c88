"""What a run makes in the end: its tables with their metrics, and all final files."""


def extractor_weights(wildcards):
    """Inception's weights, where the settings ask for Inception; other extractors ship inside their package."""
    return INCEPTION_WEIGHTS if settings.fid.extractor == "inception" else []


def table_datasets(table):
    """The data sets of a table: Table 3 has one (Sec. 4.4)."""
    return [ABLATION_DATASET] if table == "ablation" else settings.datasets


def shown_methods(dataset):
    """The methods of a data set's tables, and EF-GAN, which the cascade starts from.

    The ablation's other rows are trained for the data set of Table 3 only (Sec. 4.4), and not for a picture.
    """
    rows = [*COMPARED, "ef_gan", *(ABLATED if dataset == ABLATION_DATASET else [])]
    return [name for name in settings.methods if name in rows] or list(settings.methods)


def table_methods(table, dataset):
    """The rows of a table: the paper's methods that this run trains, then the controls."""
    rows = {"ablation": ABLATED, "measures": shown_methods(dataset)}.get(table, COMPARED)
    return [name for name in METHODS if name in rows and name in settings.methods] + controls(dataset)


def row_metrics(table, dataset, method):
    """Names of the numbers of one row.

    R+G of the unchanged input is left out: it would train on copies of real images under false labels.
    """
    true_edits = has_true_edits(dataset)
    if table == "quality":
        return ["psnr", "fid", *(["psnr_true"] if true_edits else [])]
    if table == "measures":
        chosen = {"kid": settings.measures.kernel_distance, "ssim": settings.measures.ssim}
        chosen |= {"identity": settings.measures.identity, "au_error": AUS_OF_PHOTOGRAPHS}
        return [name for name, wanted in chosen.items() if wanted]
    names = ["G"] if method == "unchanged" else ["G", "R+G"]
    return names + (["au_error"] if true_edits else [])


def table_metrics(wildcards):
    """Every metric file that a table shows."""
    paths = []
    for dataset in table_datasets(wildcards.table):
        for seed in settings.seeds:
            folder = f"results/{dataset}/seed{seed}"
            if wildcards.table in ("accuracy", "ablation"):
                paths.append(f"{folder}/real/metrics/R.json")
            for method in table_methods(wildcards.table, dataset):
                names = row_metrics(wildcards.table, dataset, method)
                paths += [f"{folder}/{method}/metrics/{name}.json" for name in names]
            if wildcards.table == "measures" and settings.measures.identity:
                paths += [f"{folder}/{reference}/metrics/identity.json" for reference in REFERENCES]
    return paths


def metrics_flags(wildcards, input):
    """`--metrics PATH` for every metric file of a table, `{seed}` standing for every seed of the run."""
    return " ".join(f"--metrics {quote(path)}" for path in for_all_seeds(input.metrics))


def final_files():
    """What `all` makes."""
    tables = [f"results/{table}_table.{suffix}" for table in TABLES for suffix in TABLE_FORMATS]
    compared = [f"results/{table}_statistics.{suffix}" for table in TABLES for suffix in ("md", "csv")]
    curves = (
        [f"results/{dataset}/fid_curve.png" for dataset in settings.datasets] if settings.measures.fid_curve else []
    )
    made = [*tables, *compared, *curves, *figure_files(), *check_files(), "results/run.json", *tracked_files()]
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
        for dataset in table_datasets(table)
        for method in table_methods(table, dataset)
    ]


def tracked_files():
    """What DVC shows of a run; dvc.yaml names the same files."""
    return [*metric_files(), "results/curves.csv", "results/settings.yaml"]
