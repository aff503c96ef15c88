"""What the rules from the download to the crops take, by data set."""


def download_settings(wildcards):
    """Flags of the data set's own section, without those about AUs: these must not fetch photographs again."""
    section = getattr(settings, wildcards.dataset)
    keys = [key for key in type(section).model_fields if key not in ABOUT_AUS]
    return flags(*(f"{wildcards.dataset}.{key}" for key in keys))


def archive_state(wildcards):
    """Which archive, and what it is now: another one, or edited labels, are read again."""
    return archive_fingerprint(settings, wildcards.dataset, FINGERPRINTS)


def download_checksums(wildcards):
    """The list of SHA-256 hashes that downloaded photographs must match."""
    return from_checkout(["resources/london/sha256sums.txt"])[0] if wildcards.dataset == "london" else []


def chunk_files(wildcards):
    """OpenFace's output of every chunk of a data set; how many there are is known once the manifest is."""
    manifest = checkpoints.download.get(dataset=wildcards.dataset).output.manifest
    # Not `open(manifest)`: from an object store, the file comes when it is opened like this.
    with manifest.open("rb") as lines:
        photographs = sum(1 for _ in lines) - 1
    chunks = -(-photographs // settings.openface.chunk)
    return [f"results/{wildcards.dataset}/openface/chunk{chunk:05d}.tar" for chunk in range(chunks)]


def openface_output(wildcards):
    """OpenFace's values of a data set: the true ones of rendered faces, recorded ones, or those of a run."""
    if wildcards.dataset == "rendered":
        return "results/rendered/openface.zip"
    if wildcards.dataset in RUN_OPENFACE:
        return chunk_files(wildcards)
    path = OPENFACE_CSVS[wildcards.dataset]
    # A folder's own time says nothing of the files in it, and an older file may replace a newer one: `openface_state`.
    return from_checkout([path])[0] if path == LONDON_OPENFACE else ancient(local(path))


def openface_state(wildcards):
    """What the CSVs are now that the user brings: changed ones are read again."""
    path = OPENFACE_CSVS.get(wildcards.dataset, LONDON_OPENFACE)
    return "" if path == LONDON_OPENFACE else fingerprint(path, FINGERPRINTS)


def openface_flags(wildcards, input):
    """`--openface PATH`, with the number of chunks where this workflow ran OpenFace."""
    if wildcards.dataset in RUN_OPENFACE:
        # A dry run before the photographs are counted knows no files yet, and gets a word instead of a list.
        if not isinstance(input.openface, list):
            return f"--openface results/{wildcards.dataset}/openface --chunks 1"
        return f"--openface {quote(os.path.dirname(input.openface[0]))} --chunks {len(input.openface)}"
    return f"--openface {quote(str(input.openface))}"


def openface_program_file():
    """The installed program as an input: a new one runs OpenFace again. A bare name is looked up on the PATH."""
    return [local(OPENFACE_PROGRAM)] if OPENFACE_PROGRAM and Path(OPENFACE_PROGRAM).is_file() else []


def excluded_flag(wildcards):
    """The share of photographs without a face that stops a run: the data set's own, else that of all."""
    own = getattr(getattr(settings, wildcards.dataset), "excluded_share", None)
    return f"--set excluded_share={settings.excluded_share if own is None else own}"


def openface_origin(wildcards):
    """Where the values come from, for the provenance: the hashes beside it say which program it was."""
    if wildcards.dataset in RUN_OPENFACE:
        return "installed program" if OPENFACE_PROGRAM else settings.openface.container
    return "rendered with these values" if wildcards.dataset == "rendered" else "recorded values"


def dataset_flags(wildcards, input):
    """`--index`, `--split`, `--excluded` and `--completeness` with DATASET=PATH for every data set."""
    return " ".join(
        f"--{name} {quote(f'{dataset}={path}')}"
        for name in ("index", "split", "excluded", "completeness")
        for dataset, path in zip(settings.all_datasets, input[name])
    )


def of_datasets(name):
    """The file of that name of every data set, those of wild images included, in the order of the settings."""
    return [f"results/{dataset}/{name}" for dataset in settings.all_datasets]


def of_pretraining(name):
    """The file of that name of every data set of the pre-training."""
    return [f"results/{dataset}/{name}" for dataset in settings.pretraining]


def combine_flags(wildcards, input):
    """`--from-crops`, `--from-index` and `--from-split` with DATASET=PATH for every data set."""
    return " ".join(
        f"--from-{name} {quote(f'{dataset}={path}')}"
        for name in ("crops", "index", "split")
        for dataset, path in zip(settings.pretraining, input[name])
    )
