"""Print the settings, or what is generated from their model: template and schema of `config.yaml`."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer
import yaml

from cascade_efgan.config import overrides_from_flags, resolve
from cascade_efgan.config.template import json_schema, template
from cascade_efgan.files import check_target, write_text


def command(
    style: Annotated[
        Literal["yaml", "schema", "template"],
        typer.Option("--format", help="yaml: every resolved setting; schema: JSON schema; template: config.yaml"),
    ] = "yaml",
    preset: Annotated[str | None, typer.Option(help="preset to resolve (yaml only)")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="section.key=value over the preset (yaml only)")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="file to write; without it: standard output")] = None,
    force: Annotated[bool, typer.Option("--force", help="replace a file that is there")] = False,
) -> None:
    """Print the settings of a run, or what `config.yaml` may hold."""
    if style == "schema":
        text = json.dumps(json_schema(), indent=2) + "\n"
    elif style == "template":
        text = template()
    else:
        chosen = {} if preset is None else {"preset": preset}
        resolved = resolve({**overrides_from_flags(settings or []), **chosen})
        text = yaml.safe_dump(resolved.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    if out is None:
        typer.echo(text, nl=False)
        return
    check_target(out, force)
    write_text(out, text)
