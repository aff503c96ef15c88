"""Settings, paths, wildcard constraints, and the functions that give the rules their inputs and parameters.

Which files and methods a run has is plain Python: `cascade_efgan.orchestration`.
"""

import os
import re
from pathlib import Path
from shlex import quote

from snakemake.exceptions import WorkflowError
from snakemake.io import sourcecache_entry
from snakemake.logging import logger
from snakemake.settings.types import DeploymentMethod

from cascade_efgan.orchestration.future_files import refuse_future
from cascade_efgan.orchestration.cluster import cancel_left_behind
from cascade_efgan.orchestration.code_graph import stage_sources
from cascade_efgan.config import Settings, resolve, settings_flags
from cascade_efgan.config.resolve import with_nulls
from cascade_efgan.datasets import TRUE_EDITS, source_module
from cascade_efgan.data.sources.licensed import archive_fingerprint, fingerprint
from cascade_efgan.devices import GLIBC_TUNABLES
from cascade_efgan.errors import InputError
from cascade_efgan.methods import CONTROLS, METHODS, wild_method
from cascade_efgan.orchestration import openface
from cascade_efgan.orchestration.flags import command_of, keyed_flags, optional_flags, output_flag, seed_flags
from cascade_efgan.orchestration.study import FIGURES, PAPER_TABLES, Study
from cascade_efgan.orchestration.parent_watch import this_process


def sentence_on_error(function, *arguments):
    """Call a function of the package; its InputError ends the run as one sentence, without a traceback."""
    try:
        return function(*arguments)
    except InputError as error:
        raise WorkflowError(str(error)) from None


def one_of(values):
    """Regular expression that admits the given values and nothing else, not even for an empty list."""
    return "|".join(re.escape(str(value)) for value in values) or "(?!)"


# Later ones win: defaults of the model, the preset's values, config.yaml, --config.
settings = sentence_on_error(resolve, with_nulls(config))
study = Study(settings)

# How a job runs, not what it computes: by the environment, because a changed flag would run finished jobs again.
os.environ.update(
    EFGAN_JOBS_PER_GPU=str(settings.jobs_per_gpu),
    EFGAN_CHECKPOINT_MINUTES=str(settings.checkpoint_minutes),
    # Jobs end with the Snakemake that started them, even if that is killed.
    EFGAN_WORKFLOW=this_process(),
    # Training needs 5 % less memory with it.
    GLIBC_TUNABLES=os.environ.get("GLIBC_TUNABLES", GLIBC_TUNABLES),
)

#: Folders of results: of a data set, of one training seed, of one method there (or of `real` images, or a control).
DATASET = "results/{dataset}"
SEED = f"{DATASET}/seed{{seed}}"
METHOD = f"{SEED}/{{method}}"
INCEPTION_WEIGHTS = "results/weights/pt_inception-2015-12-05-6726825d.pth"
#: The data sets, and those of the pre-training for wild images put together.
WITH_COMBINED = one_of([*settings.all_datasets, "combined"])
FROM_SCRATCH = [name for name in settings.methods if not METHODS[name].pretrained]
FINETUNED = [name for name in settings.methods if METHODS[name].pretrained]
#: Hashes of users' files, so that they are read once.
FINGERPRINTS = Path(".snakemake/fingerprints")
RUN_OPENFACE = openface.measured_here(settings)
#: A program that the user installed; without one, the container's.
OPENFACE_PROGRAM = openface.installed_program(settings)
OPENFACE_FLAG = f"--openface {quote(OPENFACE_PROGRAM)}" if OPENFACE_PROGRAM else ""
OPENFACE_CSVS = sentence_on_error(openface.recorded_values, settings)
#: How often a training job that ended early is started again: each attempt goes on from the last checkpoint, which
#: SIGTERM writes and SIGKILL leaves. Snakemake retries after every failure: bad input costs some seconds per attempt, a
#: NaN what came between the last checkpoint and it.
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
#: What says how all other final files were made: the record of the run, its page and its RO-Crate.
PROVENANCE_FILES = [f"results/{name}" for name in ("provenance.json", "index.html", "ro-crate-metadata.json")]
# They are made from Snakemake's records and the files beside them: not where the files are in an object store.
if workflow.storage_settings.default_storage_provider is not None:
    PROVENANCE_FILES = []
deployment = workflow.deployment_settings
CONTAINED = deployment is not None and DeploymentMethod.APPTAINER in deployment.deployment_method

# All at once and before anything runs; a target that needs none of it is not held up.
if workflow.is_main_process:
    sentence_on_error(refuse_future, "results", ["src", "workflow", "resources"])
    for sentence in sentence_on_error(openface.missing_inputs, settings, CONTAINED):
        logger.warning(f"missing: {sentence}")


wildcard_constraints:
    dataset=one_of(settings.all_datasets),
    seed=one_of(settings.seeds),
    method=one_of([*settings.methods, *CONTROLS]),
    part="train|test",
    chunk=r"\d+",
    table=one_of(study.tables),


# Snakemake's plugin does not take up the jobs of an earlier run, and cannot cancel them once that run was killed.
onstart:
    if workflow.executor_plugin.name == "slurm":
        for job in sentence_on_error(cancel_left_behind, Path.cwd()):
            logger.warning(f"Slurm job {job}, which an earlier run left behind, was cancelled")


# Paths.


def photographs(*names, dataset="{dataset}"):
    """Photographs, their manifest, and what of the data set is missing; or those that are named."""
    files = {"photos": "photos.zip", "manifest": "manifest.csv", "completeness": "completeness.json"}
    return {name: f"results/{dataset}/{files[name]}" for name in names or files}


def crops(*names, dataset="{dataset}"):
    """Face crops, their index, and which of them are for training and testing; or those that are named."""
    files = {"crops": "crops.npy", "index": "crops.csv", "split": "split.csv"}
    return {name: f"results/{dataset}/{files[name]}" for name in names or files}


def generator(method="{method}"):
    """What training leaves of a method."""
    files = ("weights.safetensors", "discriminators.safetensors", "model.json", "curves.csv")
    return {name.partition(".")[0]: f"{SEED}/{method}/{name}" for name in files}


def edits(part, method="{method}"):
    """A method's edits of the images of one part, and their index."""
    return {"edits": f"{SEED}/{method}/edits_{part}.npy", "edits_index": f"{SEED}/{method}/edits_{part}.csv"}


def of_methods(name, methods):
    """An input function: the file of that name of every method that `methods(dataset)` gives."""
    return lambda wildcards: expand(f"{METHOD}/{name}", method=methods(wildcards.dataset), allow_missing=True)


def measured(name, method="{method}"):
    """A number of a method, and the values behind it, image by image."""
    return {"metric": f"{SEED}/{method}/metrics/{name}.json", "values": f"{SEED}/{method}/values_{name}.csv"}


def if_trained(path):
    """An input function: a file of a method that is trained; controls and real images have none."""
    return branch(lambda wildcards: wildcards.method in settings.methods, then=path)


def of_method(method, name):
    """A file of this method, where the run trains it."""
    return branch(method in settings.methods, then=f"{SEED}/{method}/{name}")


def where_true_edits(path, otherwise=None):
    """An input function: a file of data sets whose true edits are known, and another of those where they are not."""
    return branch(lambda wildcards: wildcards.dataset in TRUE_EDITS, then=path, otherwise=otherwise)


def patch_centers(wildcards):
    """The patch centres, for methods with local focuses only."""
    return rules.average_patch_centers.output.centers if METHODS[wildcards.method].local_focuses else []


def extractor_weights():
    """Inception's weights, where the settings ask for Inception; other extractors ship inside their package."""
    return INCEPTION_WEIGHTS if settings.fid.extractor == "inception" else []


def pretrained(name):
    """An input function: a file of the single-step method, same seed, that a cascade starts from."""
    return lambda wildcards: f"{SEED}/{METHODS[wildcards.method].pretrained}/{name}"


def in_report(path, category, **labels):
    """An output that the report shows, with the caption of its name."""
    caption = f"../report/{Path(path).stem}.rst"
    return report(path, caption=caption, category=IN_REPORT[category], labels=labels)


def figure(name):
    """Outputs of a figure: PNG, PDF and caption. The PNG is in the report."""
    category, label, shows = FIGURES[name]
    path = f"{SEED}/figures/{name}"
    picture = in_report(f"{path}.png", category, figure=label, shows=shows, data="{dataset}", seed="{seed}")
    return [picture, f"{path}.pdf", f"{path}.json"]


def figure_of(method, name):
    """Outputs of a figure that only a run with this method has."""
    return figure(name) if method in settings.methods else []


# Code.


def from_checkout(paths):
    """Inputs that are files of this repository, on every machine that runs a job: never looked for in an object store.

    Not `local(...)`: Snakemake runs a job with such an input on its own machine where no file system is shared.
    """
    if workflow.storage_settings.default_storage_provider is None:
        return paths
    return [sourcecache_entry(path, path) for path in paths]


def code_of(stage, *modules):
    """Source files that `efgan STAGE` runs: an edit of one of them reruns the rule, a bare `touch` does not."""
    return from_checkout(sentence_on_error(stage_sources, stage, "src", *modules))


def download_code(dataset):
    """Source files that `efgan download` runs for one data set: an edit of what reads another reruns nothing."""
    return code_of("download", source_module(dataset))


# Settings.


def flags(*sections):
    """The named settings as `--set section.key=value` flags, quoted for the shell."""
    return settings_flags(settings, *sections)


def download_settings(wildcards):
    """Flags of the data set's own section, without those about AUs: these must not fetch photographs again."""
    about_aus = ("aus", "openface_csv", "excluded_share")
    keys = type(getattr(settings, wildcards.dataset)).model_fields
    return flags(*(f"{wildcards.dataset}.{key}" for key in keys if key not in about_aus))


def excluded_flag(wildcards):
    """The share of photographs without a face that stops a run: the data set's own, else that of all."""
    own = getattr(getattr(settings, wildcards.dataset), "excluded_share", None)
    return f"--set excluded_share={settings.excluded_share if own is None else own}"


def split_settings(wildcards):
    """Settings of a data set's split; wild images are split by person: those whom an editor meets were never seen."""
    if wildcards.dataset == settings.wild.dataset:
        return flags("split.test_share", "split.seed") + " --set split.by=person"
    return flags("split")


def train_settings(wildcards):
    """A cascade from scratch is trained for as many epochs as training and fine-tuning together."""
    both = ["finetune"] if METHODS[wildcards.method].is_cascade else []
    return flags("crop", "patches", "network", "losses", "train", *both)


def from_pretrained(schedule):
    """Flags of a training that goes on from the weights of another."""
    return lambda wildcards, input: f"--init-from {quote(str(input.pretrained))} --schedule {schedule}"


def generate_settings(wildcards):
    """Only the settings that these edits depend on: the others must not make them anew."""
    sections = ["generation_batch"]
    if wildcards.part == "train":
        sections.append("classifier.edits_per_image")
    if wildcards.method == "true_edit":
        sections += ["crop", "rendered"]
    return flags(*sections)


def in_tables(kind, suffix, file_format, shows=None):
    """A file of every table, or of what `shows` says about it, that the report has; the paper's tables come first."""

    def labels(wildcards):
        place = study.tables.index(wildcards.table) + 1
        name = f"Table {place}" if place <= PAPER_TABLES else "further"
        what = f"{wildcards.table}: {shows}" if shows else wildcards.table
        return {"table": name, "shows": what, "format": file_format}

    path = f"results/{{table}}_{kind}.{suffix}"
    return report(path, caption=f"../report/{kind}.rst", category=IN_REPORT["tables"], labels=labels)
