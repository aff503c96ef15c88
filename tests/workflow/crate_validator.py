"""RO-Crate's validator without a network: the JSON-LD context that it would fetch comes out of `rocrate`."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
import requests

services = pytest.importorskip("rocrate_validator.services", reason="roc-validator is not installed")
from rocrate_validator.models import ValidationSettings  # noqa: E402
from rocrate_validator.utils.http import HttpRequester  # noqa: E402

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
#: `rocrate` ships the context of 1.3, in which these terms have other addresses than in 1.1, which the profiles use.
BIOSCHEMAS = "https://bioschemas.org/"
TERMS_1_1 = {
    "ComputationalWorkflow": BIOSCHEMAS + "ComputationalWorkflow",
    "FormalParameter": BIOSCHEMAS + "FormalParameter",
    "input": BIOSCHEMAS + "ComputationalWorkflow#input",
    "output": BIOSCHEMAS + "ComputationalWorkflow#output",
}


def context_text() -> str:
    """The context of RO-Crate 1.1, from the one that `rocrate` ships."""
    shipped = json.loads(files("rocrate").joinpath("data/ro-crate.jsonld").read_text(encoding="utf-8"))
    return json.dumps({**shipped, "@context": shipped["@context"] | TERMS_1_1})


def answer(url: str, *_: object, **__: object) -> requests.Response:
    """The bundled context as a server would send it; every other address is refused."""
    response = requests.Response()
    response.url = url
    response.status_code = 200 if url == CONTEXT else 504
    response.headers["Content-Type"] = "application/ld+json"
    response._content = context_text().encode() if url == CONTEXT else b""
    return response


def issues(folder: Path, profile: str = "provenance-run-crate") -> list[str]:
    """What the validator requires of a crate and does not find."""
    settings = ValidationSettings(
        rocrate_uri=str(folder), profile_identifier=profile, requirement_severity="REQUIRED", offline=True
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HttpRequester, "get", lambda self, url, *words, **more: answer(url), raising=False)
        result = services.validate(settings)
    return [f"{issue.check.identifier}: {issue.message}" for issue in result.get_issues()]
