"""Input functions of the rules that compare methods and measure how far numbers move."""

#: Rows that `sensitivity` varies: doing nothing, and those of Tables 1 and 2.
SENSITIVITY_METHODS = [
    "unchanged",
    *([name for name in COMPARED if name in settings.methods] or settings.methods),
]


def curve_methods(wildcards):
    """Curves in the picture: controls, then the methods."""
    return [*controls(wildcards.dataset), *shown_methods(wildcards.dataset)]


def curve_vectors(wildcards):
    """Features of the edits of every method and control, of the first seed."""
    folder = f"results/{wildcards.dataset}/seed{settings.seeds[0]}"
    return [f"{folder}/{method}/features_test.npy" for method in curve_methods(wildcards)]


def curve_flags(wildcards, input):
    """`--vectors METHOD=PATH` for every curve."""
    pairs = zip(curve_methods(wildcards), input.vectors)
    return " ".join(f"--vectors {quote(f'{method}={path}')}" for method, path in pairs)


def curve_title(wildcards):
    """What the picture is of."""
    return f"{wildcards.dataset}, preset {settings.preset}, seed {settings.seeds[0]}; random parts, bars: 1 deviation"


def table_values(wildcards):
    """The values behind every number of a table; one of each, although R stands in several rows."""
    metrics = [Path(path) for path in table_metrics(wildcards)]
    return [str(path.parent.parent / f"values_{path.stem}.csv") for path in metrics]


def values_flags(wildcards, input):
    """`--values PATH` for the values behind every number of a table, `{seed}` standing for every seed of the run."""
    return " ".join(f"--values {quote(path)}" for path in for_all_seeds(input.values))


def sensitivity_inputs(wildcards):
    """What a finished run offers: edits, values, features, weights, and numbers of each method."""
    dataset = settings.datasets[0]
    folder = f"results/{dataset}/seed{settings.seeds[0]}"
    paths = [f"{folder}/real/{name}" for name in ("classifier.safetensors", "classifier.json")]
    if has_true_edits(dataset):
        paths += [f"{folder}/real/{name}" for name in ("au_regressor.safetensors", "au_regressor.json")]
    for method in SENSITIVITY_METHODS:
        names = ["edits_test.npy", "edits_test.csv", "features_test.npy", "values_G.csv", "values_psnr.csv"]
        names += ["metrics/G.json", "metrics/psnr.json", "metrics/fid.json"]
        if method not in CONTROLS:
            names += ["edits_train.npy", "edits_train.csv", "metrics/R+G.json", "weights.safetensors", "model.json"]
        paths += [f"{folder}/{method}/{name}" for name in names]
    return paths
