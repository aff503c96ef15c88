"""Parameters of rules: a rule's files as flags on a stage's command line, quoted for the shell.

Each function here gives a function that Snakemake calls with the wildcards and the files of a job.
"""

from collections.abc import Callable, Mapping, Sequence
from shlex import join, quote
from typing import Any

from cascade_efgan.orchestration.cli_args import for_all_seeds

#: Files of a job by name: a path, a list of paths, or an empty list for a file that this job does not have.
Files = Mapping[str, Any]
Words = Callable[[Any, Files], str]


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def command_of(stage: str, *words: str, **names: str) -> str:
    """The shell command of a rule that runs `efgan STAGE`.

    Args:
        stage: name of a module in `cascade_efgan/stages`.
        words: of the command line, as they are.
        names: `wildcards`, `input`, `output`: those that get a flag of their name, separated by spaces (`edits_index`
            gets `--edits-index`); `params`: those that are whole flags.
    """
    flags = [
        f"{{params.{name}}}" if kind == "params" else f"{_option(name)} {{{kind}.{name}:q}}"
        for kind, listed in names.items()
        for name in listed.split()
    ]
    # A training takes the place of its shell: SIGTERM then reaches it, and it writes a checkpoint.
    program = "exec efgan" if stage == "train" else "efgan"
    lines = [f"{program} --log {{log:q}} --threads {{threads}} {stage}", *words, *flags]
    while lines[-1].startswith("{params."):  # which may be empty: no backslash may end the command
        lines[-2:] = [" ".join(lines[-2:])]
    return "\n        " + " \\\n            ".join(lines) + "\n        "


def optional_flags(*names: str) -> Words:
    """`--name PATH` for each of these inputs that the job has."""
    return lambda wildcards, input: " ".join(
        f"{_option(name)} {quote(str(input[name]))}" for name in names if input.get(name)
    )


def output_flag(name: str) -> Words:
    """`--name PATH PATH ...` of an output that the job may have."""
    return lambda wildcards, output: f"{_option(name)} {join(output[name])}" if output.get(name) else ""


def seed_flags(name: str) -> Words:
    """`--name PATH` for each file of an input, `{seed}` standing for every seed of the run."""
    return lambda wildcards, input: " ".join(f"{_option(name)} {quote(path)}" for path in for_all_seeds(input[name]))


def keyed_flags(keys: Sequence[str] | Callable[[str], Sequence[str]], *names: str, prefix: str = "") -> Words:
    """`--name KEY=PATH` for each file of these inputs.

    Args:
        keys: data sets or methods, in the order of an input's files; or a function of the data set that gives them.
        names: of the inputs; one that the job does not have is left out.
        prefix: what comes before each name in its flag.
    """

    def words(wildcards: Any, input: Files) -> str:
        found = keys(wildcards.dataset) if callable(keys) else keys
        return " ".join(
            f"{_option(prefix + name)} {quote(f'{key}={path}')}"
            for name in names
            for key, path in zip(found, input.get(name) or [], strict=False)
        )

    return words
