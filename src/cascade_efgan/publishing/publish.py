"""From a finished run to a folder of published weights."""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from safetensors.torch import save
from torch import Tensor

from cascade_efgan import __version__
from cascade_efgan.audit.environment import environment
from cascade_efgan.audit.provenance import Provenance, write_provenance
from cascade_efgan.audit.release import RECORD, RESULTS, Release
from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.dataset import Faces, load_faces
from cascade_efgan.data.photo_files.photos import encode_png
from cascade_efgan.data.records import au_values, write_records
from cascade_efgan.editing.crop_editor import CropEditor
from cascade_efgan.editing.runs import DESCRIPTION, FACTS, WEIGHTS, load_editor_model, pretraining_folder, run_facts
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.packed_edits import Edits, load_edits
from cascade_efgan.evaluation.similarity import compare_edits, counterparts, psnr
from cascade_efgan.files import sha256_file, write_json
from cascade_efgan.models.build import load_weights
from cascade_efgan.publishing.card import CARD, PUBLISHABLE, card, card_numbers

#: Largest file of weights, bytes: it is kept in the repository.
LARGEST = 16 * 2**20
#: How far rounding the weights may move the PSNR of all test edits, dB: as far as another machine may (audit).
MOST_CHANGE = 0.05
#: Test edits that come with the weights: a picture to look at, and numbers to reach again.
SAMPLES = 8


def networks(source: str) -> tuple[str, ...]:
    """Files of weights to publish of a method's folder; discriminators where `wild.init_from` may go on from them."""
    return (WEIGHTS,) if source.endswith("/wild") else (WEIGHTS, "discriminators.safetensors")


def rounded(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict with matrices and kernels in bfloat16; vectors stay float32.

    Vectors are few, and the singular vectors of spectral normalisation must keep their length: they scale all weights.
    """
    return {key: value.bfloat16() if value.ndim > 1 else value for key, value in state.items()}


def publish(results: Path, dataset: str, method: str, seed: int, out: Path) -> dict[str, float]:
    """Write weights, description, card, samples and record of a method of a finished run to a folder.

    Args:
        results: the run, with its `provenance.json`.
        dataset: data set whose weights are taken; one of `PUBLISHABLE`, whose licence allows samples to be published.
        method: trained on the data set; in its place come weights that were fine-tuned on it as wild images, if any.
        out: folder to write; one of published weights is replaced.

    Returns:
        PSNR of all test edits to real counterparts in dB: `float32` of the run's edits, `bfloat16` of these weights'.

    Raises:
        InputError: a file is missing or not the recorded one, the weights are too large, or rounding changed the edits.
    """
    if dataset not in PUBLISHABLE:
        raise InputError(f"--dataset {dataset}: its licence forbids samples; expected one of {', '.join(PUBLISHABLE)}")
    if out.is_dir() and any(out.iterdir()) and not (out / RECORD).is_file():
        raise InputError(f"--out {out}: holds something else than published weights; name another folder")
    release = Release(results)
    folders = [f"{RESULTS}{dataset}/seed{seed}/{name}" for name in ("wild", method)]
    source = next((folder for folder in folders if release.holds(f"{folder}/{WEIGHTS}")), folders[1])
    names = _inputs(release, dataset, source)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as made:
        folder = Path(made, out.name)
        folder.mkdir()
        psnr, samples = _write_model(release, dataset, source, folder)
        (folder / CARD).write_text(card(release, dataset, source, psnr, samples), encoding="utf-8")
        write_provenance(folder / RECORD, _record(release, names, f"{source}/{WEIGHTS}", folder))
        if out.is_dir():
            shutil.rmtree(out)
        os.replace(folder, out)
    return psnr


def _inputs(release: Release, dataset: str, source: str) -> list[str]:
    """The files that are read; each must be the recorded one."""
    files = (*networks(source), DESCRIPTION, "edits_test.npy", "edits_test.csv")
    names = [f"{source}/{name}" for name in files]
    names += [f"{RESULTS}{dataset}/{name}" for name in ("crops.npy", "crops.csv", "split.csv")]
    names += [f"{RESULTS}{name}" for name in ("run.json", *card_numbers(release, dataset, source))]
    if posed := pretraining_folder(release.path(f"{source}/{WEIGHTS}")):
        names += [f"{RESULTS}{posed.name}/{name}" for name in ("crops.csv", "split.csv")]
    for name in names:
        if not release.holds(name):
            raise InputError(
                f"{release.shown(name)}: missing, or not the file that {RECORD} lists; publish a whole run, whose "
                "`efgan audit` holds"
            )
    return names


def _write_model(release: Release, dataset: str, source: str, folder: Path) -> tuple[dict[str, float], pd.DataFrame]:
    original, data = release.path(f"{source}/{WEIGHTS}"), release.path(f"{RESULTS}{dataset}")
    for name in networks(source):
        # save_file lets only the owner read it: not so in an installed package.
        (folder / name).write_bytes(save(rounded(load_weights(original.with_name(name)))))
        if (size := (folder / name).stat().st_size) > LARGEST:
            raise InputError(
                f"{original.with_name(name)}: {size / 2**20:.1f} MiB in bfloat16, at most {LARGEST >> 20} can be "
                "published"
            )
    shutil.copyfile(original.with_name(DESCRIPTION), folder / DESCRIPTION)
    generator, spec = load_editor_model(folder / WEIGHTS)
    margin, expressions = run_facts(original, spec.crop_size)
    means = {name: dict(zip(AUS, aus.tolist(), strict=True)) for name, aus in expressions.items()}
    write_json(folder / FACTS, {"margin": margin, "expressions": means})
    faces = load_faces(data / "crops.npy", data / "crops.csv")
    stored = load_edits(original.with_name("edits_test.npy"), original.with_name("edits_test.csv"))
    edits = edited_again(CropEditor(generator, spec, "cpu"), stored, faces)
    partner = counterparts(stored, faces)
    then, now = (compare_edits(each, partner, "no_counterpart") for each in (stored, edits))
    if then.mean is None or now.mean is None or abs(then.mean - now.mean) > MOST_CHANGE:
        raise InputError(
            f"{original}: rounded to bfloat16 its PSNR is {now.mean} dB, the run's is {then.mean} dB; at most "
            f"{MOST_CHANGE} dB apart can be published: these weights do not bear the rounding, or other code made the "
            "edits"
        )
    return {"float32": then.mean, "bfloat16": now.mean}, _write_samples(folder, edits, faces, now.rows)


def edited_again(editor: CropEditor, edits: Edits, faces: Faces) -> Edits:
    """The same edits, made by `editor`."""
    sources = faces.take(np.array([faces.places[name] for name in edits.index["source_id"]]))
    present, target = (index[list(AUS)].to_numpy(float) for index in (sources.index, edits.index))
    made = editor.edit(sources.images, present, target)
    return Edits(np.stack([edit.images[-1] for edit in made]), edits.index)


def _write_samples(folder: Path, edits: Edits, faces: Faces, rows: Sequence[int]) -> pd.DataFrame:
    """Store `SAMPLES` of the edits with a real counterpart (`rows`), evenly spaced, so that nobody chose them by looks.

    Returns:
        A row per sample: `source_id`, `target_expression`, `psnr` (edit to real, dB), `unchanged` (input to real, dB),
        the AUs of the input (`present_AU01`, ...) and the target AUs (`AU01`, ...), 0..5. The picture's rows: inputs,
        edits, and the same person's real photographs of the target expression.
    """
    chosen = np.unique(np.linspace(0, len(rows) - 1, SAMPLES).round().astype(int))
    index = edits.index.iloc[[rows[place] for place in chosen]]
    source = faces.take(np.array([faces.places[name] for name in index["source_id"]]))
    real = faces.take(np.array([faces.places[name] for name in index["counterpart_id"]])).images
    made = edits.images[index.index]
    table = index[["source_id", "target_expression"]].reset_index(drop=True)
    table = table.assign(
        psnr=[psnr(*pair) for pair in zip(made, real, strict=True)],
        unchanged=[psnr(*pair) for pair in zip(source.images, real, strict=True)],
        **{f"present_{au}": values for au, values in au_values(source.index[list(AUS)].to_numpy(float)).items()},
        **au_values(index[list(AUS)].to_numpy(float)),
    )
    write_records(folder / "samples.csv", table)
    rows_of_picture = [np.concatenate(images, axis=1) for images in (source.images, made, real)]
    (folder / "samples.png").write_bytes(encode_png(np.concatenate(rows_of_picture)))
    return table


def _record(release: Release, names: Iterable[str], weights: str, folder: Path) -> Provenance:
    """The run's record, cut down to what is behind the weights, with the hashes of what was published."""
    record = release.record
    jobs = record.chain([weights])
    kept = {*names}.union(*([*job.inputs, *job.outputs] for job in jobs))
    run = {
        **record.run,
        "record": release.fingerprint,
        "published": {path.name: sha256_file(path) for path in sorted(folder.iterdir())},
        "publishing": {
            **{"version": __version__, "weights": weights, "dtype": "bfloat16, vectors float32"},
            **{"read": {name: record.files[name].sha256 for name in names}, "environment": environment()},
        },
    }
    used = {job.environment for job in jobs} | {record.run["environment"]}
    return replace(
        record,
        files={name: file for name, file in record.files.items() if name in kept},
        jobs=jobs,
        code={job.code: record.code[job.code] for job in jobs},
        environments={key: value for key, value in record.environments.items() if key in used},
        run=run,
        targets=[weights],
    )
