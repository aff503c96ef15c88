"""`efgan`: one sub-command a stage. A stage's module is imported only when it is asked for."""

import importlib
import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from cascade_efgan import __version__
from cascade_efgan.audit.environment import log_line
from cascade_efgan.devices import keep_memory, limit_threads, share_gpus
from cascade_efgan.errors import InputError, sentence_of
from cascade_efgan.orchestration.checkout import use_own_code
from cascade_efgan.orchestration.parent_watch import end_with

#: Sub-command -> one line of help. `NAME` lives in `cascade_efgan/stages/NAME.py` as the function `command`.
STAGES = {
    "download": "Fetch or render a data set: photographs and manifest.",
    "prepare_openface_chunk": "A chunk of photographs as one tar of images that OpenFace reads right.",
    "extract_aus": "AUs and 68 landmarks of every photograph, from OpenFace output.",
    "crop": "Square face crops of a data set, packed in one array.",
    "au_report": "AU sanity report: what looks wrong with a data set's AUs.",
    "contact_sheet": "A picture of some crops of a data set, flagged ones framed.",
    "split": "Train and test parts.",
    "patch_centers": "Average place of eyes, nose and mouth over the training images.",
    "train": "Train a method, from scratch or from trained weights.",
    "combine": "Put data sets together, for the pre-training of wild images.",
    "generate": "Edit the images of one part to every expression.",
    "classify": "Train the expression classifier of R or of R+G.",
    "accuracy": "R, G or R+G: accuracy of a trained classifier.",
    "psnr": "PSNR of edits against real counterparts.",
    "psnr_true": "PSNR of edits against true edits.",
    "ssim": "SSIM of edits against real counterparts.",
    "fetch_weights": "Fetch pytorch-fid's Inception weights, for FID.",
    "features": "Feature statistics of a set of images.",
    "fid": "Fréchet distance between features of real images and of edits.",
    "kid": "Kernel distance between features of real images and of edits.",
    "identity": "Cosines of features of edits and of their inputs.",
    "identity_of_pairs": "Cosines of features of real images of one person and of different people.",
    "fid_curve": "Distances against the number of images.",
    "regress_aus": "Train the AU regressor on rendered training faces.",
    "au_error": "AU error of edits by the AU regressor.",
    "photograph_aus": "AU error of edited photographs by OpenFace or MediaPipe.",
    "describe_run": "Write down the settings and data sets of a run, for the heads of its tables.",
    "compare": "Intervals over people, and paired tests between methods.",
    "claim_values": "Numbers of every edit that only the claims need.",
    "classify_again": "R or R+G by further classifiers.",
    "wild_values": "What editing changes in wild images, for a claim.",
    "claims": "What the paper claims, and whether it holds in this run.",
    "claims_plan": "Which claims a preset can decide at all.",
    "sensitivity": "How much the tables move with the assumptions of the evaluation.",
    "table": "Render a table from metric files.",
    "metrics": "The tables' numbers as JSON files, for `dvc metrics`.",
    "curves": "The losses of all training runs in one file, for `dvc plots`.",
    "draw_edits": "Figures 5, 6 and 11 to 14: edits side by side.",
    "draw_networks": "Figures 3, 4 and 7: attention, the cascade's steps, continuous editing.",
    "draw_wild": "Figures 8 and 10: wild images.",
    "draw_curves": "Training curves.",
    "draw_scores": "Confusion matrices, quality against the expression gap, best and worst edits.",
    "draw_aus": "AUs asked for against AUs obtained.",
    "edit": "Edit the faces of photographs.",
    "export": "Write a trained generator as ONNX.",
    "publish_weights": "Write a run's trained generator as the package carries it.",
    "app": "A local web page that edits a photograph.",
    "check_artifacts": "Compare the results with dvc.lock, byte for byte.",
    "provenance": "Record a run: every job behind its tables, every file with its hash.",
    "audit": "Check the numbers of a run against all that made them.",
    "page": "A page of a run on which every number shows its trail.",
    "crate": "Describe a run as a Workflow Run RO-Crate.",
    "config": "Print the settings, the schema or the commented template.",
}


class StageGroup(TyperGroup):
    """A command group that imports `cascade_efgan.stages.NAME` when NAME is used: start-up stays short.

    Context and formatter are click's, which typer keeps inside itself; they have no public name to annotate with.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all stages, in pipeline order."""
        return list(STAGES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The click command of a stage, or None for an unknown name."""
        name = cmd_name.replace("-", "_")
        if name not in STAGES:
            return None
        stage = typer.Typer(add_completion=False)
        module = importlib.import_module(f"cascade_efgan.stages.{name}")
        stage.command(name=name, help=module.command.__doc__ or STAGES[name])(module.command)
        return get_command(stage)

    def invoke(self, ctx: Any) -> Any:
        """Import a stage and run it, after the settings that PyTorch and NumPy read while they are imported."""
        keep_memory()
        if ctx.params["threads"] is not None:
            limit_threads(ctx.params["threads"])
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            logging.getLogger("efgan").error("stopped by Ctrl-C")
            raise SystemExit(130) from None  # 128 and the signal's number, as shells count

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the stages without importing them."""
        with formatter.section("Stages"):
            formatter.write_dl(list(STAGES.items()))


app = typer.Typer(cls=StageGroup, add_completion=False, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def root(
    log: Annotated[Path | None, typer.Option(help="file that receives the log, beside the terminal")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads of PyTorch and NumPy")] = None,
    jobs_per_gpu: Annotated[
        int, typer.Option(min=1, envvar="EFGAN_JOBS_PER_GPU", help="jobs that may use one GPU at the same time")
    ] = 1,
    workflow: Annotated[
        str | None, typer.Option(envvar="EFGAN_WORKFLOW", hidden=True, help="process whose end ends this job")
    ] = None,
) -> None:
    """Cascade EF-GAN, reproduced: every stage of the pipeline as one command."""
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(log, mode="w", encoding="utf-8"))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", handlers=handlers)
    logging.getLogger("efgan").info("version %s: %s", __version__, " ".join(sys.argv[1:]))
    if log is not None:
        logging.getLogger("efgan").info("%s", log_line())
    share_gpus(jobs_per_gpu)
    if workflow is not None:
        end_with(workflow)


def main() -> None:
    """Entry point: what users can mend ends with one sentence and status 2, a defect with its traceback, logged too."""
    try:
        use_own_code()
        app()
    except InputError as error:
        logging.getLogger("efgan").error("error: %s", error)
        raise SystemExit(2) from None
    except Exception as error:
        if isinstance(error, OSError) and (sentence := sentence_of(error)):
            logging.getLogger("efgan").error("error: %s", sentence)
            raise SystemExit(2) from None
        logging.getLogger("efgan").exception("this is a defect of efgan, not of your input")
        raise SystemExit(1) from None
