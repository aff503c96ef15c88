"""From a mapping or command-line flags to validated settings, with errors a person can act on."""

import shlex
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import yaml
from pydantic import ValidationError

from cascade_efgan.config.settings import PRESETS, Settings
from cascade_efgan.errors import InputError


def resolve(overrides: Mapping[str, Any]) -> Settings:
    """Merge preset, `losses.reading` and `overrides` (later ones win, key by key) and validate the whole.

    Args:
        overrides: nested mapping as read from `config.yaml` and `--config`; `preset` defaults to laptop.

    Raises:
        InputError: unknown preset or key, wrong type or impossible value; the sentence names the key.
    """
    preset = overrides.get("preset", "laptop")
    if preset not in PRESETS:
        raise InputError(f"configuration key preset is {preset!r}: expected one of {', '.join(PRESETS)}")
    losses = overrides.get("losses")
    literal = isinstance(losses, Mapping) and losses.get("reading") == "literal"
    reading = _packaged("readings/literal.yaml") if literal else {}
    return _validated(_merged(_merged(preset_values(preset), reading), overrides))


def with_nulls(value: Any) -> Any:
    """Nested configuration in which the word `null` of `--config 'london={limit: null}'` means None.

    Snakemake reads nested values of `--config` as plain strings. Numbers and truth values come back to their
    types in the validation; None cannot be told from a string there.
    """
    if isinstance(value, Mapping):
        return {key: with_nulls(inner) for key, inner in value.items()}
    return None if value == "null" else value


def preset_values(preset: str) -> dict[str, Any]:
    """The values that a preset puts in place of the defaults, as a nested mapping."""
    return _packaged(f"presets/{preset}.yaml")


def _packaged(path: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath(path).read_text(encoding="utf-8")
    return yaml.safe_load(text) or {}


def settings_flags(settings: Settings, *sections: str) -> str:
    """Spell settings out as `--set section.key=value` flags, quoted for a shell.

    Every value of the named sections is given, defaults too: a command in a log is then complete.

    Args:
        sections: names of sections or of top-level settings; `section.key` gives that one setting alone.
    """
    dumped = settings.model_dump(mode="json")
    flags = []
    for name in sections:
        section, _, only = name.partition(".")
        value = dumped[section]
        items = {f"{section}.{key}": item for key, item in value.items()} if isinstance(value, dict) else {name: value}
        flags += [f"{key}={yaml_value(item)}" for key, item in items.items() if not only or key == name]
    return " ".join(f"--set {shlex.quote(flag)}" for flag in flags)


def settings_from_flags(flags: Sequence[str]) -> Settings:
    """Settings from `section.key=value` words, over the defaults (no preset).

    A stage gets the sections that it needs and no others, so agreement between sections is not asked for here:
    `resolve` has seen to it before the flags were written.

    Raises:
        InputError: a word without `=`, an unknown key, or a value out of range.
    """
    return _validated(overrides_from_flags(flags), partial=True)


def overrides_from_flags(flags: Sequence[str]) -> dict[str, Any]:
    """Nested mapping from `section.key=value` words; the values are read as YAML.

    Raises:
        InputError: a word without `=`, a value that is not valid YAML, or a key below a plain value.
    """
    nested: dict[str, Any] = {}
    for flag in flags:
        name, separator, text = flag.partition("=")
        if not separator:
            raise InputError(f"--set {flag}: expected section.key=value, for instance train.epochs=10")
        target = nested
        *sections, key = name.split(".")
        for section in sections:
            target = target.setdefault(section, {})
            if not isinstance(target, dict):
                raise InputError(f"--set {flag}: {section} was already given one plain value; give its keys only")
        try:
            target[key] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise InputError(f"--set {flag}: the value is not valid YAML; quote it") from None
    return nested


def config_words(settings: Mapping[str, Any]) -> str:
    """The words after `snakemake --config` that give settings again: their preset, and what differs from it.

    Args:
        settings: all of a run, as its `run.json` has them; keys that this version does not know are left out.
    """
    base = resolve({"preset": settings["preset"]}).model_dump(mode="json")
    changed: dict[str, Any] = {"preset": settings["preset"]}
    for name, value in settings.items():
        usual = base.get(name, value)
        if isinstance(usual, dict) and name in base:
            value, usual = {key: item for key, item in value.items() if usual.get(key, item) != item}, {}
        if value != usual:
            changed[name] = value
    return " ".join(shlex.quote(f"{name}={yaml_value(value)}") for name, value in changed.items())


def yaml_value(value: Any) -> str:
    """`value` on one line of YAML, without a trailing document mark."""
    return yaml.safe_dump(value, default_flow_style=True, width=10**6).removesuffix("...\n").strip()


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _validated(values: Mapping[str, Any], partial: bool = False) -> Settings:
    try:
        return Settings.model_validate(values, context={"partial": partial})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            allowed = ", ".join(_fields_at(first["loc"][:-1]))
            raise InputError(f"configuration key {key} is unknown: allowed here are {allowed}") from None
        message = first["msg"].removeprefix("Value error, ")
        where = f" key {key} is {first['input']!r}" if key else ""
        raise InputError(f"configuration{where}: {message[0].lower()}{message[1:]}") from None


def _fields_at(location: Sequence[Any]) -> list[str]:
    model: Any = Settings
    for part in location:
        model = model.model_fields[part].annotation
    return model.names()
