"""`efgan`: one sub-command a stage. A stage's module is imported only when it is asked for."""

import ast
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
from cascade_efgan.orchestration.stage_names import STAGES

log = logging.getLogger("efgan")


class StageGroup(TyperGroup):
    """A command group that imports `cascade_efgan.stages.NAME` when NAME is used: start-up stays short.

    Context and formatter are click's, which typer keeps inside itself; they have no public name to annotate with.
    """

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The click command of a stage, or None for an unknown name."""
        name = cmd_name.replace("-", "_")
        if name not in STAGES:
            return None
        stage = typer.Typer(add_completion=False)
        stage.command(name=name)(importlib.import_module(f"cascade_efgan.stages.{name}").command)
        return get_command(stage)

    def invoke(self, ctx: Any) -> Any:
        """Import a stage and run it, after the settings that PyTorch and NumPy read while they are imported."""
        keep_memory()
        if ctx.params["threads"] is not None:
            limit_threads(ctx.params["threads"])
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            log.error("stopped by Ctrl-C")
            raise SystemExit(130) from None  # 128 and the signal's number, as shells count

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the stages with the first line of each, without importing them."""
        sources = [Path(__file__).with_name("stages") / f"{name}.py" for name in STAGES]
        lines = [ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "" for path in sources]
        with formatter.section("Stages"):
            formatter.write_dl(list(zip(STAGES, lines, strict=True)))


app = typer.Typer(cls=StageGroup, add_completion=False, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def root(
    log_file: Annotated[
        Path | None, typer.Option("--log", help="file that receives the log, beside the terminal")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads of PyTorch and NumPy")] = None,
    jobs_per_gpu: Annotated[
        int, typer.Option(min=1, envvar="EFGAN_JOBS_PER_GPU", help="jobs that may use one GPU at the same time")
    ] = 1,
    workflow: Annotated[
        str | None, typer.Option(envvar="EFGAN_WORKFLOW", hidden=True, help="process with which this job ends")
    ] = None,
) -> None:
    """Cascade EF-GAN, reproduced: every stage of the pipeline as one command."""
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if log_file is not None:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(log_file, mode="w", encoding="utf-8"))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", handlers=handlers)
    log.info("version %s: %s", __version__, " ".join(sys.argv[1:]))
    if log_file is not None:
        log.info("%s", log_line())
    share_gpus(jobs_per_gpu)
    if workflow is not None:
        end_with(workflow)


def main() -> None:
    """Entry point: what users can fix ends with one sentence and status 2, a defect with its traceback, logged too."""
    try:
        use_own_code()
        app()
    except Exception as error:
        sentence = str(error) if isinstance(error, InputError) else isinstance(error, OSError) and sentence_of(error)
        if sentence:
            log.error("error: %s", sentence)
            raise SystemExit(2) from None
        log.exception("this is a defect of efgan, not of your input")
        raise SystemExit(1) from None
