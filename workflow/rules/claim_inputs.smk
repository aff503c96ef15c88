"""Input functions of the rules about the paper's claims."""

from types import SimpleNamespace

from cascade_efgan.claims.entries import OF_ATTENTION, OF_EDITS, OF_PATHS


def with_true_edits(name):
    """An input function: a file of the same data set and seed, where true edits are known."""

    def path(wildcards):
        folder = f"results/{wildcards.dataset}/seed{wildcards.seed}"
        return f"{folder}/{name}".format(**dict(wildcards.items())) if has_true_edits(wildcards.dataset) else []

    return path


def claim_values():
    """The values behind every number of the tables, and those that only claims need."""
    of_tables = [path for table in TABLES for path in table_values(SimpleNamespace(table=table))]
    own = [
        f"results/{dataset}/seed{seed}/{method}/values_{name}.csv"
        for dataset in settings.datasets
        for seed in settings.seeds
        for method in shown_methods(dataset)
        for name in OF_EDITS
    ]
    inside = [path for dataset in settings.datasets for seed in settings.seeds for path in inside_values(dataset, seed)]
    return list(dict.fromkeys([*of_tables, *own, *inside]))


def inside_values(dataset, seed):
    """The values of what EF-GAN and Cascade EF-GAN do inside, where the run trains them."""
    metrics = {"ef_gan": OF_ATTENTION, "cascade_ef_gan": OF_PATHS}
    return [
        f"results/{dataset}/seed{seed}/{method}/values_{name}.csv"
        for method, names in metrics.items()
        if method in settings.methods
        for name in names
    ]


def inside_flags(wildcards, output):
    """`--values METRIC=PATH` for each of them."""
    named = [f"{Path(path).stem.removeprefix('values_')}={path}" for path in output.values]
    return " ".join(f"--values {quote(pair)}" for pair in named)


def asked_edits(name):
    """An input function: the true edits where they are known, else the edits that do nothing: what is asked for."""

    def path(wildcards):
        method = "true_edit" if has_true_edits(wildcards.dataset) else "unchanged"
        return f"results/{wildcards.dataset}/seed{wildcards.seed}/{method}/{name}"

    return path


def claim_identity():
    """The measure of identity on real pairs: its validity."""
    return [
        f"results/{dataset}/seed{seed}/same_person/metrics/identity.json"
        for dataset in settings.datasets
        for seed in settings.seeds
        if settings.measures.identity
    ]
