"""The RO-Crate of a finished run, by `roc-validator`, without a network: `rocrate` ships the context it would fetch."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
import requests

from cascade_efgan.files import sha256_file, write_json

services = pytest.importorskip("rocrate_validator.services", reason="roc-validator is not installed")
from rocrate_validator.models import ValidationSettings  # noqa: E402
from rocrate_validator.utils.http import HttpRequester  # noqa: E402

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
#: `rocrate` ships the context of 1.3, in which these terms have other addresses than in 1.1, which the profiles use.
BIOSCHEMAS = "https://bioschemas.org/"
TERMS_1_1 = {
    **{name: BIOSCHEMAS + name for name in ("ComputationalWorkflow", "FormalParameter")},
    **{name: f"{BIOSCHEMAS}ComputationalWorkflow#{name}" for name in ("input", "output")},
}


def answer(url: str, *_: object, **__: object) -> requests.Response:
    """The bundled context as a server would send it; every other address is refused."""
    shipped = json.loads(files("rocrate").joinpath("data/ro-crate.jsonld").read_text(encoding="utf-8"))
    context = json.dumps({**shipped, "@context": shipped["@context"] | TERMS_1_1}).encode()
    response = requests.Response()
    response.url, response.status_code = url, 200 if url == CONTEXT else 504
    response.headers["Content-Type"] = "application/ld+json"
    response._content = context if url == CONTEXT else b""
    return response


def issues(folder: Path) -> list[str]:
    """What the validator requires of a crate and does not find."""
    settings = ValidationSettings(
        rocrate_uri=str(folder), profile_identifier="provenance-run-crate", requirement_severity="REQUIRED",
        offline=True,
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HttpRequester, "get", lambda self, url, *words, **more: answer(url), raising=False)
        result = services.validate(settings)
    return [f"{issue.check.identifier}: {issue.message}" for issue in result.get_issues()]


def test_the_crate_is_what_its_profile_asks_for(results) -> None:
    """Checked by `roc-validator`; the workflow is in it, every path is right, and every hash is the file's."""
    assert issues(results) == []
    graph = json.loads((results / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    entities = {entity["@id"]: entity for entity in graph}
    main = entities[entities["./"]["mainEntity"]["@id"]]
    assert "ComputationalWorkflow" in main["@type"] and (results / main["@id"]).is_file()
    files = [entity for entity in graph if "File" in entity["@type"] and entity["@id"] != "ro-crate-metadata.json"]
    assert len(files) > 100
    for entity in files:
        assert sha256_file(results / entity["@id"]) == entity["sha256"], entity["@id"]
    profile = {part["@id"] for part in entities["./"]["conformsTo"]}
    assert "https://w3id.org/ro/wfrun/provenance/0.5" in profile


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (lambda graph: graph["./"].update(mainEntity={"@id": "Snakefile"}), "Main Workflow"),
        (lambda graph: graph["./"].pop("conformsTo"), "versioned permalink"),
        (lambda graph: graph["#control/split/rendered"].pop("object"), "ControlAction must reference"),
    ],
)
def test_the_validator_finds_the_known_defects(results, broken, expected: str) -> None:
    """Workflow absent, wrong profile, a job without its action: the checker would say so."""
    path = results / "ro-crate-metadata.json"
    metadata = json.loads(path.read_text(encoding="utf-8"))
    broken({entity["@id"]: entity for entity in metadata["@graph"]})
    write_json(path, metadata)
    assert any(expected in issue for issue in issues(results))
