"""What the rules of the data ask about OpenFace: its output, its state, its flags and where its values come from."""


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
    return from_checkout([path])[0] if path == openface.LONDON_VALUES else ancient(local(path))


def openface_state(wildcards):
    """What the CSVs are now that the user brings: changed ones are read again."""
    path = OPENFACE_CSVS.get(wildcards.dataset, openface.LONDON_VALUES)
    return "" if path == openface.LONDON_VALUES else fingerprint(path, FINGERPRINTS)


def openface_flags(wildcards, input):
    """`--openface PATH`, with the number of chunks where this workflow ran OpenFace."""
    if wildcards.dataset in RUN_OPENFACE:
        # A dry run before the photographs are counted knows no files yet, and gets a word instead of a list.
        if not isinstance(input.openface, list):
            return f"--openface results/{wildcards.dataset}/openface --chunks 1"
        return f"--openface {quote(os.path.dirname(input.openface[0]))} --chunks {len(input.openface)}"
    return f"--openface {quote(str(input.openface))}"


def openface_origin(wildcards):
    """Where the values come from, for the provenance: the hashes beside it say which program it was."""
    if wildcards.dataset in RUN_OPENFACE:
        return "installed program" if OPENFACE_PROGRAM else settings.openface.container
    return "rendered with these values" if wildcards.dataset == "rendered" else "recorded values"
