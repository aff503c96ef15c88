"""Which figures a run makes, where they stand in the report, and what they are drawn from."""

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
#: Suffixes of a figure: for reading, for papers, its caption.
FIGURE_FORMATS = ["png", "pdf", "json"]
#: How many of the tables are the paper's.
PAPER_TABLES = 3
#: The seed whose figures `all` makes; those of another are made when they are asked for by name.
FIGURE_SEED = settings.seeds[0]


def figure(name):
    """Outputs of a figure: PNG, PDF and caption. The PNG stands in the report."""
    category, label, shows = FIGURES[name]
    folder = "results/{dataset}/seed{seed}/figures"
    labels = {"figure": label, "shows": shows, "data": "{dataset}", "seed": "{seed}"}
    picture = report(
        f"{folder}/{name}.png", caption=f"../report/{name}.rst", category=IN_REPORT[category], labels=labels
    )
    return [picture, f"{folder}/{name}.pdf", f"{folder}/{name}.json"]


def figure_of_method(name, method):
    """Outputs of a figure that only a run with this method has."""
    return figure(name) if method in settings.methods else []


def figure_flag(flag, method):
    """A params function: `--flag PNG PDF JSON` of an output that only a run with this method has."""

    def words(wildcards, output):
        paths = output.get(flag) if method in settings.methods else []
        return " ".join([f"--{flag}", *map(quote, paths)]) if paths else ""

    return words


def figure_names(dataset):
    """The figures of a data set."""
    names = ["training_curves"]
    if dataset == settings.wild.dataset:
        names.append("fig08_wild")
    if dataset in settings.datasets:
        names += ["fig05_methods", "fig06_ablation", "fig11_more_edits", "fig12_all_expressions"]
        names += ["expression_gap", "confusion", "best_and_worst"]
        names += ["fig03_attention"] if "ef_gan" in settings.methods else []
        names += ["fig04_cascade_steps", "fig07_continuous"] if "cascade_ef_gan" in settings.methods else []
        names += ["action_units"] if has_true_edits(dataset) else []
    return names


def figure_files():
    """Every figure that `all` makes."""
    wild = [settings.wild.dataset, PRETRAINING] if settings.wild.dataset else []
    return [
        f"results/{dataset}/seed{FIGURE_SEED}/figures/{name}.{suffix}"
        for dataset in dict.fromkeys([*settings.datasets, *wild])
        for name in figure_names(dataset)
        for suffix in FIGURE_FORMATS
    ]


def figure_methods(dataset):
    """The methods of a data set's figures, then the controls."""
    return [*shown_methods(dataset), *controls(dataset)]


def trained_methods(dataset):
    """What was trained on a data set: for its tables, for the pre-training of wild images, or on wild images."""
    names = shown_methods(dataset) if dataset in settings.datasets else []
    if settings.wild.dataset and dataset == PRETRAINING:
        names = names or ["ef_gan", "cascade_ef_gan"]
    return [*names, "wild"] if dataset == settings.wild.dataset else names


def of_methods(name, methods):
    """An input function: the file of that name of every method that `methods(dataset)` gives."""

    def paths(wildcards):
        folder = f"results/{wildcards.dataset}/seed{wildcards.seed}"
        return [f"{folder}/{method}/{name}" for method in methods(wildcards.dataset)]

    return paths


def of_trained(method, name):
    """An input function: a file of a method, where the run trains it."""

    def path(wildcards):
        folder = f"results/{wildcards.dataset}/seed{wildcards.seed}/{method}"
        return f"{folder}/{name}" if method in settings.methods else []

    return path


def readings_of_edits(wildcards):
    """The AUs read from edits, where a network can read them."""
    return of_methods("readings_au.csv", figure_methods)(wildcards) if has_true_edits(wildcards.dataset) else []


def method_flags(methods, *names):
    """A params function: `--NAME METHOD=PATH` for every file of these inputs."""

    def words(wildcards, input):
        return " ".join(
            f"--{name.replace('_', '-')} {quote(f'{method}={path}')}"
            for name in names
            for method, path in zip(methods(wildcards.dataset), input.get(name) or [])
        )

    return words


def figure_settings():
    """The settings that every figure is drawn by, or names in its caption."""
    return flags("preset", "figures")


def table_labels(file_format, shows=None):
    """Labels of a table in the report, or of what `shows` says about it; the paper's come first."""

    def labels(wildcards):
        place = TABLES.index(wildcards.table) + 1
        name = f"Table {place}" if place <= PAPER_TABLES else "further"
        what = f"{wildcards.table}: {shows}" if shows else wildcards.table
        return {"table": name, "shows": what, "format": file_format}

    return labels
