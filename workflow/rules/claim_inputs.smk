"""Input functions of the rules about the paper's claims."""

from types import SimpleNamespace


def with_true_edits(name):
    """An input function: a file of the same data set and seed, where true edits are known."""

    def path(wildcards):
        folder = f"results/{wildcards.dataset}/seed{wildcards.seed}"
        return f"{folder}/{name}".format(method=wildcards.method) if has_true_edits(wildcards.dataset) else []

    return path


def claim_values():
    """The values behind every number of the tables, and those that only claims need."""
    of_tables = [path for table in TABLES for path in table_values(SimpleNamespace(table=table))]
    own = [
        f"results/{dataset}/seed{seed}/{method}/values_{name}.csv"
        for dataset in settings.datasets
        for seed in settings.seeds
        for method in shown_methods(dataset)
        for name in ("gap", "left_over", "region_error")
    ]
    return list(dict.fromkeys([*of_tables, *own]))


def claim_identity():
    """The measure of identity on real pairs: its validity."""
    return [
        f"results/{dataset}/seed{seed}/same_person/metrics/identity.json"
        for dataset in settings.datasets
        for seed in settings.seeds
        if settings.measures.identity
    ]
