"""Input functions of the rules about the paper's claims."""

from types import SimpleNamespace

from cascade_efgan.claims.entries import (
    BY_MORE_CLASSIFIERS,
    CLAIMS,
    OF_ATTENTION,
    OF_EDITS,
    OF_PATHS,
    OF_WILD,
)


def claim_numbers(dataset):
    """(method, metric) of every number of a data set that claims are made of and this run can have."""
    numbers = [number for claim in CLAIMS if dataset in claim.datasets(RESOLVED) for number in claim.numbers]
    off = {
        *(() if settings.measures.identity else ("identity",)),
        *(() if settings.measures.classifiers else BY_MORE_CLASSIFIERS),
    }
    has = [*settings.methods, "real", *(["wild"] if dataset == settings.wild.dataset else [])]
    return [(method, metric) for method, metric in dict.fromkeys(numbers) if method in has and metric not in off]


def claim_methods(dataset):
    """The methods whose edits are measured for the claims alone."""
    return list(dict.fromkeys(method for method, metric in claim_numbers(dataset) if metric in OF_EDITS))


def claim_file(method, metric):
    """Where the values of a number lie, below the folder of its seed."""
    if metric in OF_WILD:
        return f"{method}/values_claims.csv"
    if metric in (*OF_EDITS, *OF_ATTENTION, *OF_PATHS):
        return "values_claims.csv"
    return f"{method}/values_again.csv" if metric in BY_MORE_CLASSIFIERS else f"{method}/values_{metric}.csv"


def claim_values():
    """The values behind the numbers of the tables, whose cells are judged, and of the claims."""
    found = [path for table in TABLES[:PAPER_TABLES] for path in table_values(SimpleNamespace(table=table))]
    found += [
        f"results/{dataset}/seed{seed}/{claim_file(*number)}"
        for dataset in settings.all_datasets
        for seed in settings.seeds
        for number in claim_numbers(dataset)
    ]
    return list(dict.fromkeys(found))


def claim_readings(wildcards):
    """The AUs read from edits, where a network can read them."""
    return of_methods("readings_au.csv", claim_methods)(wildcards) if has_true_edits(wildcards.dataset) else []


def with_true_edits(name):
    """An input function: a file of the same data set and seed, where true edits are known."""

    def path(wildcards):
        folder = f"results/{wildcards.dataset}/seed{wildcards.seed}"
        return f"{folder}/{name}" if has_true_edits(wildcards.dataset) else []

    return path


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
