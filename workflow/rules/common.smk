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
from cascade_efgan.data.fingerprints import fingerprint
from cascade_efgan.data.licensed import archive_fingerprint, missing_archives
from cascade_efgan.devices import GLIBC_TUNABLES
from cascade_efgan.errors import InputError
from cascade_efgan.methods import COMPARED, CONTROLS, METHODS, REFERENCES
from cascade_efgan.orphans import this_process
from cascade_efgan.seeds import for_all_seeds
from cascade_efgan.tables import rows


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

FROM_SCRATCH = [name for name in settings.methods if not METHODS[name].pretrained]
FINETUNED = [name for name in settings.methods if METHODS[name].pretrained]
RESOLVED = settings.model_dump(mode="json")
TABLES = ["accuracy", "quality", "ablation", *(["measures"] if rows.measures(RESOLVED) else [])]
TABLE_FORMATS = ["md", "csv", "tex"]
#: OpenFace's values for the London Set, recorded in this repository.
LONDON_OPENFACE = "resources/london/openface.csv"
#: Hashes of users' files, so that they are read once.
FINGERPRINTS = Path(".snakemake/fingerprints")
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
    "claims": "0 Claims",
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


def optional_flag(*names):
    """A params function: `--name PATH` for each of these inputs that the rule has."""

    def words(wildcards, input):
        return " ".join(f"--{name.replace('_', '-')} {quote(str(path))}" for name in names if (path := input.get(name)))

    return words


def has_true_edits(dataset):
    """Whether the true edit of every image is known: the project renders these faces itself."""
    return dataset == "rendered"


def controls(dataset):
    """The control rows that a data set can have."""
    return [name for name in CONTROLS if name != "true_edit" or has_true_edits(dataset)]


def with_combined():
    """Constraint of rules that also work on the data sets put together for pre-training."""
    return one_of([*settings.all_datasets, "combined"])


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


def edits_to_learn(name):
    """An input function: a file of the edits that a classifier learns beside real images; none for R's."""

    def path(wildcards):
        folder = f"results/{wildcards.dataset}/seed{wildcards.seed}/{wildcards.method}"
        return f"{folder}/{name}" if wildcards.method in settings.methods else []

    return path


def train_settings(wildcards):
    """A cascade from scratch is trained for as many epochs as training and fine-tuning together."""
    both = ["finetune"] if METHODS[wildcards.method].is_cascade else []
    return flags("crop", "patches", "network", "losses", "train", *both)


def generate_settings(wildcards):
    """Only the settings that these edits depend on: the others must not make them anew."""
    sections = ["generation_batch"]
    if wildcards.part == "train":
        sections.append("classifier.edits_per_image")
    if wildcards.method == "true_edit":
        sections += ["crop", "rendered"]
    return flags(*sections)


def wild_generator(name):
    """An input function: a file of the generator before (`pretrained`) or after fine-tuning on wild images."""

    def path(wildcards):
        if wildcards.stage == "wild":
            return f"results/{settings.wild.dataset}/seed{wildcards.seed}/wild/{name}"
        return f"results/{PRETRAINING}/seed{wildcards.seed}/cascade_ef_gan/{name}"

    return path
