"""Settings, wildcard constraints, input functions and targets: what the rule files share."""

import os
import re
from pathlib import Path
from shlex import quote

from snakemake.exceptions import WorkflowError
from snakemake.io import sourcecache_entry
from snakemake.logging import logger
from snakemake.settings.types import DeploymentMethod

from cascade_efgan.clock import refuse_future
from cascade_efgan.code_graph import stage_sources
from cascade_efgan.config import Settings, resolve, settings_flags
from cascade_efgan.data.licensed import archive_fingerprint, missing_archives
from cascade_efgan.devices import GLIBC_TUNABLES
from cascade_efgan.errors import InputError
from cascade_efgan.methods import ABLATED, COMPARED, CONTROLS, METHODS, REFERENCES
from cascade_efgan.orphans import this_process
from cascade_efgan.seeds import for_all_seeds


def sentence_on_error(function, *arguments):
    """Call a function of the package; its InputError ends the run as one sentence, without a traceback."""
    try:
        return function(*arguments)
    except InputError as error:
        raise WorkflowError(str(error)) from None


def openface_csv(dataset):
    """OpenFace's values that the user brings, for a data set with `aus: csv`; the London Set's are recorded here."""
    path = getattr(settings, dataset).openface_csv
    if path is None:
        return LONDON_OPENFACE
    expanded = os.path.expanduser(path)
    if not Path(expanded).exists():
        raise InputError(
            f"configuration key {dataset}.openface_csv is {path!r}: no such file or folder; name OpenFace's CSVs, or "
            f"set {dataset}.aus to openface"
        )
    return expanded


def missing_inputs():
    """What only the user can bring and is not there: archives, and a program or container of OpenFace."""
    sentences = missing_archives(settings)
    deployment = workflow.deployment_settings
    contained = deployment is not None and DeploymentMethod.APPTAINER in deployment.deployment_method
    if RUN_OPENFACE and not OPENFACE_PROGRAM and not contained:
        sentences.append(
            f"OpenFace, for {', '.join(RUN_OPENFACE)}: install it and name FaceLandmarkImg in openface.program or "
            "OPENFACE_BIN, or run its container with --software-deployment-method apptainer"
        )
    return sentences


def with_nulls(value):
    """Nested configuration in which the word `null` of `--config 'london={limit: null}'` means None.

    Snakemake reads nested values of `--config` as plain strings. Numbers and truth values come back to their
    types in the validation; None cannot be told from a string there.
    """
    if isinstance(value, dict):
        return {key: with_nulls(inner) for key, inner in value.items()}
    return None if value == "null" else value


def one_of(values):
    """Regular expression that admits the given values and nothing else, not even for an empty list."""
    return "|".join(re.escape(str(value)) for value in values) or "(?!)"


# Later ones win: defaults of the model, the preset's values, config.yaml, --config.
settings = sentence_on_error(resolve, with_nulls(config))

# How a job runs, not what it computes: by the environment, because a changed flag would run finished jobs again.
os.environ.update(
    EFGAN_JOBS_PER_GPU=str(settings.jobs_per_gpu),
    EFGAN_CHECKPOINT_MINUTES=str(settings.checkpoint_minutes),
    # Jobs end with the Snakemake that started them, even if that is killed.
    EFGAN_WORKFLOW=this_process(),
    # Training needs 5 % less memory with it.
    GLIBC_TUNABLES=os.environ.get("GLIBC_TUNABLES", GLIBC_TUNABLES),
)

SINGLE_STEP = [name for name in settings.methods if not METHODS[name].is_cascade]
CASCADES = [name for name in settings.methods if METHODS[name].is_cascade]
#: Whether AUs are read from edited photographs, and whether any measure beyond the paper's is asked for: they have a
#: table of their own.
AUS_OF_PHOTOGRAPHS = settings.measures.aus != "none" and set(settings.datasets) != {"rendered"}
MEASURED = (
    settings.measures.kernel_distance or settings.measures.ssim or settings.measures.identity or AUS_OF_PHOTOGRAPHS
)
TABLES = ["accuracy", "quality", "ablation", *(["measures"] if MEASURED else [])]
TABLE_FORMATS = ["md", "csv", "tex"]
ABLATION_DATASET = settings.ablation_dataset or settings.datasets[0]
#: OpenFace's values for the London Set, recorded in this repository.
LONDON_OPENFACE = "resources/london/openface.csv"
#: Settings of a data set that say where its AUs come from, and what becomes of photographs without them.
ABOUT_AUS = ["aus", "openface_csv", "excluded_share"]
#: Data sets whose AUs come from a run of OpenFace in this workflow.
RUN_OPENFACE = [
    name for name in settings.all_datasets if name != "rendered" and getattr(settings, name).aus == "openface"
]
#: A program that the user installed; without one, the container's.
OPENFACE_PROGRAM = os.path.expanduser(settings.openface.program or os.environ.get("OPENFACE_BIN", ""))
OPENFACE_CSVS = {
    name: sentence_on_error(openface_csv, name)
    for name in settings.all_datasets
    if name != "rendered" and name not in RUN_OPENFACE
}
#: Cascade EF-GAN is pre-trained for wild images on these together, or on the one there is (Sec. 4.5).
PRETRAINING = "combined" if len(settings.pretraining) > 1 else settings.pretraining[0]
#: How often a training job that ended early is started again: each attempt goes on from the last checkpoint, which
#: SIGTERM writes and SIGKILL leaves. Snakemake retries after every failure: bad input costs some seconds an attempt, a
#: NaN what lies between the last checkpoint and it.
PREEMPTIONS = 5
#: Categories of the report, whose pages sort them by name.
IN_REPORT = {
    "tables": "1 Tables",
    "paper": "2 Figures of the paper",
    "more": "3 More figures",
    "data": "4 Data",
    "run": "5 The run",
}
#: What tells how all other final files were made: the record of the run, its page and its RO-Crate.
PROVENANCE_FILES = [f"results/{name}" for name in ("provenance.json", "index.html", "ro-crate-metadata.json")]
# They are made from Snakemake's records and the files beside them: not where the files lie in an object store.
if workflow.storage_settings.default_storage_provider is not None:
    PROVENANCE_FILES = []
INCEPTION_WEIGHTS = "results/weights/pt_inception-2015-12-05-6726825d.pth"

# All at once and before anything runs; a target that needs none of it is not held up.
if workflow.is_main_process:
    sentence_on_error(refuse_future, "results", ["src", "workflow", "resources"])
    for sentence in sentence_on_error(missing_inputs):
        logger.warning(f"missing: {sentence}")


wildcard_constraints:
    dataset=one_of(settings.all_datasets),
    seed=one_of(settings.seeds),
    method=one_of([*settings.methods, *CONTROLS]),
    part="train|test",
    chunk=r"\d+",
    table=one_of(TABLES),


def from_checkout(paths):
    """Inputs that are files of this repository, on every machine that runs a job: never looked for in an object store.

    Not `local(...)`: Snakemake runs a job with such an input on its own machine where no file system is shared.
    """
    if workflow.storage_settings.default_storage_provider is None:
        return paths
    return [sourcecache_entry(path, path) for path in paths]


def code_of(stage, unused=None):
    """Source files that `efgan STAGE` runs: an edit of one of them reruns the rule, a bare `touch` does not."""
    return from_checkout(sentence_on_error(stage_sources, stage, "src", unused))


def flags(*sections):
    """The named settings as `--set section.key=value` flags, quoted for the shell."""
    return settings_flags(settings, *sections)


def optional_flag(name):
    """A params function: `--name PATH` where the rule has an input of that name, else nothing."""

    def words(wildcards, input):
        path = input.get(name)
        return f"--{name.replace('_', '-')} {quote(str(path))}" if path else ""

    return words


def has_true_edits(dataset):
    """Whether the true edit of every image is known: the project renders these faces itself."""
    return dataset == "rendered"


def controls(dataset):
    """The control rows that a data set can have."""
    return [name for name in CONTROLS if name != "true_edit" or has_true_edits(dataset)]


def download_settings(wildcards):
    """Flags of the data set's own section, without those about AUs: these must not fetch photographs again."""
    section = getattr(settings, wildcards.dataset)
    keys = [key for key in type(section).model_fields if key not in ABOUT_AUS]
    return flags(*(f"{wildcards.dataset}.{key}" for key in keys))


def archive_state(wildcards):
    """Which archive, and what it is now: another one, or edited labels, are read again."""
    return archive_fingerprint(settings, wildcards.dataset)


def download_checksums(wildcards):
    """The list of SHA-256 hashes that downloaded photographs must match."""
    return from_checkout(["resources/london/sha256sums.txt"])[0] if wildcards.dataset == "london" else []


def with_combined():
    """Constraint of rules that also work on the data sets put together for pre-training."""
    return one_of([*settings.all_datasets, "combined"])


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
    return from_checkout([path])[0] if path == LONDON_OPENFACE else local(path)


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


def split_flags(wildcards):
    """Photographs without an expression serve as wild images only, not in tables."""
    return "--labelled" if wildcards.dataset in settings.datasets else "--no-labelled"


def patch_centers(wildcards):
    """The patch centres, for methods with local focuses only."""
    return f"results/{wildcards.dataset}/patch_centers.json" if METHODS[wildcards.method].local_focuses else []


def pretrained(name):
    """An input function: a file of the single-step method, same seed, that a cascade starts from."""

    def path(wildcards):
        single_step = METHODS[wildcards.method].pretrained
        return f"results/{wildcards.dataset}/seed{wildcards.seed}/{single_step}/{name}"

    return path


def trained(name):
    """An input function: a file of the trained generator; controls have none."""

    def path(wildcards):
        if wildcards.method in CONTROLS:
            return []
        return f"results/{wildcards.dataset}/seed{wildcards.seed}/{wildcards.method}/{name}"

    return path


def generate_settings(wildcards):
    """Only the settings that these edits depend on: the others must not make them anew."""
    sections = ["generation_batch"]
    if wildcards.part == "train":
        sections.append("classifier.edits_per_image")
    if wildcards.method == "true_edit":
        sections += ["crop", "rendered"]
    return flags(*sections)


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


def of_datasets(name):
    """The file of that name of every data set, those of wild images included, in the order of the settings."""
    return [f"results/{dataset}/{name}" for dataset in settings.all_datasets]


def dataset_flags(wildcards, input):
    """`--index`, `--split`, `--excluded` and `--completeness` with DATASET=PATH for every data set."""
    return " ".join(
        f"--{name} {quote(f'{dataset}={path}')}"
        for name in ("index", "split", "excluded", "completeness")
        for dataset, path in zip(settings.all_datasets, input[name])
    )


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


def wild_generator(name):
    """An input function: a file of the generator before (`pretrained`) or after fine-tuning on wild images."""

    def path(wildcards):
        if wildcards.stage == "wild":
            return f"results/{settings.wild.dataset}/seed{wildcards.seed}/wild/{name}"
        return f"results/{PRETRAINING}/seed{wildcards.seed}/cascade_ef_gan/{name}"

    return path


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
