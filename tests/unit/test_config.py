"""Settings: presets, overrides, flags, errors a person can act on, and the generated files."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from cascade_efgan.cli import app
from cascade_efgan.config import Settings, overrides_from_flags, resolve, settings_flags, settings_from_flags
from cascade_efgan.config.resolve import config_words, with_nulls
from cascade_efgan.config.template import json_schema, template
from cascade_efgan.errors import InputError

ROOT = Path(__file__).parents[2]


def test_defaults_are_the_papers() -> None:
    settings = Settings()
    assert (settings.crop.size, settings.split.test_share) == (128, 0.1)
    assert (settings.patches.eyes, settings.patches.nose, settings.patches.mouth) == ((40, 92), (40, 48), (40, 60))
    assert (settings.losses.cont, settings.losses.attn, settings.losses.interp) == (10, 0.1, 1)
    assert (settings.train.epochs, settings.train.constant_epochs, settings.train.learning_rate) == (100, 50, 1e-4)
    assert (settings.finetune.constant_epochs, settings.finetune.learning_rate) == (10, 1e-5)


def test_one_word_takes_the_papers_letter_and_single_settings_win_over_it() -> None:
    public = resolve({"preset": "paper"})
    assert (public.losses.cond, public.losses.mask, public.losses.ganimation_au) == (160, "mean", 160)
    assert public.network.refiner == "mask"
    literal = resolve({"preset": "laptop", "losses": {"reading": "literal", "attn": 0.5}})
    assert (literal.losses.cond, literal.losses.mask, literal.losses.ganimation_au) == (3000, "norm", 4000)
    assert (literal.network.refiner, literal.losses.attn, literal.network.width) == ("repaint", 0.5, 16)


def test_overrides_win_over_the_preset_key_by_key() -> None:
    settings = resolve({"preset": "smoke", "train": {"batch": "3"}})
    assert settings.train == resolve({"preset": "smoke"}).train.model_copy(update={"batch": 3})


def test_flags_carry_every_setting_through_a_shell() -> None:
    settings = resolve({"preset": "laptop", "london": {"mirror": "/a folder/it's, here: # [x]"}})
    words = shlex.split(settings_flags(settings, *Settings.model_fields))
    assert words[::2] == ["--set"] * (len(words) // 2)
    assert settings_from_flags(words[1::2]) == settings


def test_the_words_of_a_command_give_a_runs_settings_again() -> None:
    wild = {"dataset": "london", "init_from": "rendered"}
    settings = resolve({"preset": "evening", "methods": ["stargan"], "seeds": [1, 2], "wild": wild})
    words = shlex.split(config_words(settings.model_dump(mode="json")))
    given = {name: yaml.safe_load(value) for name, value in (word.split("=", 1) for word in words)}
    assert given == {"preset": "evening", "methods": ["stargan"], "seeds": [1, 2], "wild": wild}
    assert resolve(given) == settings
    assert config_words(resolve({}).model_dump(mode="json")) == "preset=laptop"


def test_one_setting_of_a_section_can_be_named_alone_and_disagree_with_defaults_that_are_not_read() -> None:
    assert settings_flags(Settings(), "fid.batch", "threads") == "--set fid.batch=32 --set threads=1"
    assert settings_from_flags(["crop.size=64"]).crop.size == 64
    with pytest.raises(InputError, match=r"patches\.eyes \(40x92\)"):
        resolve({"preset": "full", "crop": {"size": 64}})


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"preset": "huge"}, "preset is 'huge': expected one of laptop, evening, smoke, full, paper, london"),
        ({"tarin": {}}, "configuration key tarin is unknown: allowed here are preset, datasets"),
        ({"train": {"epoch": 3}}, "configuration key train.epoch is unknown: allowed here are epochs, constant_epochs"),
        ({"train": {"epochs": "many"}}, "configuration key train.epochs is 'many': input should be a valid integer"),
        ({"train": {"epochs": 0}}, "configuration key train.epochs is 0: input should be greater than or equal to 1"),
        ({"train": None}, "configuration key train is None"),
        ({"train": 5}, "configuration key train is 5"),
        ({"crop": {"size": 66}}, "configuration key crop.size is 66: input should be a multiple of 4"),
        ({"split": {"by": "gender"}}, "configuration key split.by is 'gender': input should be 'image' or 'person'"),
        ({"split": {"test_share": 1}}, "configuration key split.test_share is 1"),
        ({"seeds": []}, "configuration key seeds is []"),
        ({"seeds": [1, 1]}, "configuration: seeds lists a value twice: [1, 1]"),
        ({"datasets": ["rafdd"]}, "configuration key datasets.0 is 'rafdd'"),
        ({"methods": ["cascade_ef_gan"]}, "methods lists cascade_ef_gan, which starts from ef_gan: list ef_gan too"),
        ({"ablation_dataset": "rafd"}, "ablation_dataset is rafd, which datasets does not list"),
        ({"patches": {"eyes": [20, 200]}}, "patches.eyes (20x200) must be multiples of 4 between 4 and crop.size"),
        ({"train": {"epochs": 1, "constant_epochs": 2}}, "constant_epochs (2) must not exceed epochs (1)"),
        (
            {"preset": "full", "wild": {"dataset": "london", "init_from": "rendered"}},
            "rendered was trained on faces 64 pixels wide, and crop.size is 128: set crop.size to 64",
        ),
    ],
)
def test_a_bad_setting_is_one_sentence_that_names_it(overrides: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)) as caught:
        resolve(overrides)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["train.epochs"], "--set train.epochs: expected section.key=value"),
        (["train.epochs=[1"], "--set train.epochs=[1: the value is not valid YAML"),
        (["threads=2", "threads.x=1"], "threads was already given one plain value"),
        (["train.epoch=1"], "configuration key train.epoch is unknown"),
    ],
)
def test_a_bad_flag_is_one_sentence(flags: list[str], sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        settings_from_flags(flags)


def test_flags_become_a_nested_mapping_and_null_in_a_nested_one_of_the_command_line_is_none() -> None:
    nested = {"train": {"epochs": 3}, "seeds": [1, 2], "london": {"limit": None}}
    assert overrides_from_flags(["train.epochs=3", "seeds=[1, 2]", "london.limit=null"]) == nested
    assert with_nulls({**nested, "london": {"limit": "null"}}) == nested


def test_the_generated_files_in_the_repository_are_up_to_date() -> None:
    """`config.yaml` is the user's to edit, so values may differ; the lines about what can be set may not."""
    stored = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text(encoding="utf-8"))
    assert stored == json_schema(), "run `make config`"
    ours, expected = (
        [line for line in text.splitlines() if line.startswith(("# #", "#   #"))]
        for text in ((ROOT / "config.yaml").read_text(encoding="utf-8"), template())
    )
    assert ours == expected, "run `make config`, then put your own values back"


def test_the_template_is_valid_and_shows_the_defaults() -> None:
    assert yaml.safe_load(template()) == {"preset": "laptop"}
    _, below = template().split("\npreset: laptop\n")
    shown = yaml.safe_load("\n".join(line.removeprefix("# ") for line in below.splitlines()))
    assert shown == Settings().model_dump(mode="json", exclude={"preset"})


def test_every_setting_has_a_description() -> None:
    for name, part in {"Settings": json_schema(), **json_schema()["$defs"]}.items():
        for key, value in part["properties"].items():
            assert "description" in value or "$ref" in value, f"{name}.{key}"


def test_the_config_stage_prints_yaml_schema_and_template(tmp_path: Path) -> None:
    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["config", *words])

    settings = yaml.safe_load(run("--preset", "smoke", "--set", "train.epochs=9").stdout)
    assert resolve(settings) == resolve({"preset": "smoke", "train": {"epochs": 9}})
    assert run("--format", "template").stdout == template()
    out = tmp_path / "schema.json"
    out.write_text("a user's own", encoding="utf-8")
    words = ("--format", "schema", "--out", str(out))
    assert "add --force" in str(run(*words).exception)
    assert out.read_text(encoding="utf-8") == "a user's own"
    run(*words, "--force")
    assert json.loads(out.read_text(encoding="utf-8")) == json_schema()
