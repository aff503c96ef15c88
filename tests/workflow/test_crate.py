"""The RO-Crate of a finished run, by `roc-validator`."""

import json

import pytest
from crate_validator import issues

from cascade_efgan.files import sha256_file, write_json


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
