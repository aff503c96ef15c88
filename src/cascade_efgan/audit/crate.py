"""A run as an RO-Crate of the profile Provenance Run Crate 0.5: the workflow, its settings, every job and file.

The results folder is the crate's root. `rocrate` builds the metadata; the files are there already, so that nothing is
copied but the workflow itself, which a crate must contain.
"""

import shutil
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rocrate.model import ComputationalWorkflow, ContextEntity, DataEntity, SoftwareApplication
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate
from rocrate.utils import as_list

from cascade_efgan.audit.provenance import File, Job, Provenance
from cascade_efgan.audit.release import RECORD, RESULTS, SOURCES, Release
from cascade_efgan.files import atomic_path, sha256_file

#: Folder of the workflow's own files below the results.
WORKFLOW = "source/"
MAIN = WORKFLOW + "Snakefile"
LICENSE = "https://spdx.org/licenses/MIT"
#: Profile -> name. Each includes the ones before it.
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
#: Terms that the context of RO-Crate 1.1 lacks.
TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
COMPLETED = {"@id": "http://schema.org/CompletedActionStatus"}
ENDINGS = {
    **{".json": "application/json", ".csv": "text/csv", ".md": "text/markdown", ".tex": "application/x-tex"},
    **{".png": "image/png", ".pdf": "application/pdf", ".zip": "application/zip", ".html": "text/html"},
}


def copy_workflow(files: Iterable[Path], results: Path) -> None:
    """Copy the workflow's own files into the results: `results/source/Snakefile` is a copy of `Snakefile`."""
    for path in files:
        with atomic_path(path) as partial:
            shutil.copyfile(path.relative_to(results / WORKFLOW), partial)


def describe_run_as_crate(release: Release, run: Mapping[str, Any], workflow: Iterable[str]) -> dict[str, Any]:
    """The metadata of the crate, as JSON-LD.

    Args:
        run: `run.json`.
        workflow: the workflow's own files, relative to the results.
    """
    record = release.record
    crate = ROCrate(version="1.1")
    crate.name = f"Cascade EF-GAN, reproduced: a run of preset {run['preset']}"
    crate.description = (
        "Tables and figures of Cascade EF-GAN (Wu et al., CVPR 2020), with the workflow, the settings and every job "
        "and file behind them."
    )
    crate.license = LICENSE
    crate.datePublished = datetime.fromisoformat(record.run["ended"])
    crate.metadata.extra_terms.update(TERMS)
    crate.root_dataset["conformsTo"] = [
        _context(crate, url, "CreativeWork", name=name, version=version) for url, (name, version) in PROFILES.items()
    ]
    _context(crate, LICENSE, "CreativeWork", name="MIT License")
    files = {name: _file(crate, name, file) for name, file in record.files.items()}
    main = _workflow(crate, release, workflow)
    about = {"name": "record of the run", "sha256": release.fingerprint, "encodingFormat": "application/json"}
    crate.add(DataEntity(crate, RECORD, {"@type": "File", **about}))
    controls = [_job(crate, job, main, files) for job in record.jobs]
    _finish(crate, record, main, files, controls)
    return crate.metadata.generate()


def _context(crate: ROCrate, identifier: str, kind: str, **about: Any) -> Entity:
    """What is no file of the crate, made when it is first asked for."""
    found = crate.dereference(identifier)
    return found if found is not None else crate.add(ContextEntity(crate, identifier, {"@type": kind, **about}))


def _file(crate: ROCrate, name: str, file: File) -> Entity:
    """A file of the results by its relative path; one that is elsewhere by name and hash alone."""
    about: dict[str, Any] = {"name": name, "sha256": file.sha256, "contentSize": str(file.size)}
    if Path(name).suffix in ENDINGS:
        about["encodingFormat"] = ENDINGS[Path(name).suffix]
    if name.startswith(RESULTS):
        return crate.add(DataEntity(crate, name.removeprefix(RESULTS), {"@type": "File", **about}))
    if Path(name).is_absolute():
        about["name"] = Path(name).name
    else:
        about["isPartOf"] = {"@id": SOURCES}
    return _context(crate, f"#file/{name.lstrip('/')}", "CreativeWork", **about)


def _workflow(crate: ROCrate, release: Release, names: Iterable[str]) -> Entity:
    """The Snakefile as the main workflow, with the files that it includes."""
    main, others = None, []
    for name in sorted(names):
        about: dict[str, Any] = {"sha256": sha256_file(release.folder / name), "name": name.removeprefix(WORKFLOW)}
        if name == MAIN:
            about["@type"] = ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]
            main = crate.add_workflow(
                dest_path=name, main=True, lang="snakemake", properties=about, cls=ComputationalWorkflow
            )
        else:
            kind = "File" if name.endswith(".yaml") else ["File", "SoftwareSourceCode"]
            others.append(crate.add(DataEntity(crate, name, {"@type": kind, **about})))
    assert main is not None, "the Snakefile is among the workflow's files"
    main["license"] = LICENSE
    # The profile takes every part of a workflow for a tool that it calls: included files are no parts in its sense.
    main["mentions"] = others
    bioschemas = {"@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"}
    config, about = crate.dereference(WORKFLOW + "config.yaml"), {"name": "settings", "additionalType": "File"}
    settings = _context(crate, "#parameter/settings", "FormalParameter", **about, conformsTo=bioschemas)
    settings["workExample"], config["exampleOfWork"] = config, settings
    main["input"] = [settings]
    return main


def _job(crate: ROCrate, job: Job, main: Entity, files: Mapping[str, Entity]) -> Entity:
    """One job: the action of its tool, and the workflow's control over it; gives back the latter."""
    program = f"efgan {job.stage}" if job.stage else job.rule
    tool = _context(crate, f"#tool/{job.stage or job.rule}", "SoftwareApplication", name=program)
    step = _context(crate, f"#step/{job.rule}", "HowToStep", name=job.rule)
    if step.get("workExample") is None:
        step["workExample"] = tool
        step["position"] = str(len(as_list(main.get("step"))))
        main.append_to("step", step)
        if tool not in as_list(main.get("hasPart")):
            main.append_to("hasPart", tool)
    ended = datetime.fromisoformat(job.started) + timedelta(seconds=job.seconds)
    action = _context(
        crate,
        f"#job/{job.id}",
        "CreateAction",
        name=job.id,
        description=job.command,
        startTime=job.started,
        endTime=ended.isoformat(timespec="seconds").replace("+00:00", "Z"),
        actionStatus=COMPLETED,
    )
    action["instrument"] = tool
    action["object"] = [files[name] for name in job.inputs if name in files]
    action["result"] = [files[name] for name in job.outputs if name in files]
    control = _context(crate, f"#control/{job.id}", "ControlAction", name=f"run of {job.id}")
    control["instrument"], control["object"] = step, action
    return control


def _finish(
    crate: ROCrate, record: Provenance, main: Entity, files: Mapping[str, Entity], controls: list[Entity]
) -> None:
    """The run as a whole: what it read, what it made, and Snakemake, which organised it."""
    times = {"startTime": record.run["started"], "endTime": record.run["ended"]}
    whole = _context(crate, "#run", "CreateAction", name=f"run of {main['name']}", **times)
    made_outside = {name for job in record.jobs for name in job.inputs if name not in record.maker}
    whole["instrument"] = main
    outside = [files[name] for name in sorted(made_outside & set(files))]
    whole["object"] = [crate.dereference(WORKFLOW + "config.yaml"), *outside]
    whole["result"] = [files[name] for name in record.targets if name in files]
    whole["actionStatus"] = COMPLETED
    if record.run["commit"]:
        main["version"] = record.run["commit"]
    packages = record.environments[record.run["environment"]]["packages"]
    about = {"name": "Snakemake", "softwareVersion": packages.get("snakemake", "unknown")}
    engine = crate.add(SoftwareApplication(crate, "#engine", {**about, "url": "https://snakemake.readthedocs.io"}))
    organised = _context(crate, "#organisation", "OrganizeAction", name="run", **times)
    organised["instrument"], organised["object"], organised["result"] = engine, controls, whole
    crate.root_dataset["mentions"] = [whole]
