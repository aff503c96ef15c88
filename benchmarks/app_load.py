"""The page under load: `python benchmarks/app_load.py [--run RUN | --untrained SIZE] [--users N] [--json OUT]`.

It starts a server of its own on 127.0.0.1 in another process, sends a fixed number of edits from several users at
once, and stops. Nothing but this machine is ever addressed, and everything has a time limit.
"""

import argparse
import json
import multiprocessing
import os
import platform
import socket
import tempfile
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from cascade_efgan.app.editing_engine import EditingEngine
from cascade_efgan.app.limits import Limits
from cascade_efgan.data import AUS
from cascade_efgan.data.photo_files.photos import encode_png
from cascade_efgan.data.rendered import render, sample_plan
from cascade_efgan.editing.editor import Editor
from cascade_efgan.editing.runs import find_weights, load_editor_model
from cascade_efgan.face_finders.found import find_faces
from cascade_efgan.files import write_json

#: A request may take so long, seconds; the whole run ten times that.
TIMEOUT = 60.0


def untrained_run(folder: Path, size: int) -> Path:
    """A Cascade EF-GAN of the preset laptop's widths for another crop size: times do not depend on the weights."""
    from cascade_efgan.config import resolve
    from cascade_efgan.data.face_crops.patches import PatchBox
    from cascade_efgan.models.build import ModelSpec, build_generator, save_model

    settings = resolve({"preset": "laptop"})
    grown = size / settings.crop.size
    corners = {"eyes": (8, 8), "nose": (19, 20), "mouth": (33, 16)}
    boxes = {name: PatchBox(*(round(grown * side) for side in (*corners[name], *sides)))
             for name, sides in settings.patches.model_dump().items()}  # fmt: skip
    spec = ModelSpec("cascade_ef_gan", size, settings.network.model_dump(), boxes)
    save_model(folder / "weights.safetensors", folder / "model.json", build_generator(spec), spec)
    return folder


class KnownFace:
    """A finder for rendered photographs, whose landmarks and AUs are known: the load is then the edits alone."""

    def __init__(self) -> None:
        """Render the one face that every user uploads."""
        from cascade_efgan.face_finders.found import FoundFace

        self.rendering = render(sample_plan(1, ["frontal"], 0)[5])
        self._found = FoundFace(self.rendering.landmarks, self.rendering.aus, 1.0, "rendered")

    def find(self, image: np.ndarray) -> list[Any]:
        """The face."""
        return [self._found]


def make(run: Path, mediapipe: bool) -> EditingEngine:
    """The page's engine, in a process that the server starts."""
    finder = find_faces(None) if mediapipe else KnownFace()
    return EditingEngine(Editor.from_run(run, finder), Limits())


def serve(run: Path, port: int, mediapipe: bool) -> None:
    """Run the server in this process until it is ended."""
    from cascade_efgan.app.processes import ProcessEngine
    from cascade_efgan.app.server import make_server

    make_server(ProcessEngine(partial(make, run, mediapipe)), Limits(), "127.0.0.1", port).run()


class User:
    """One person at the page: uploads a photograph, then moves sliders, waiting for each edit."""

    def __init__(self, port: int, photograph: bytes, seed: int, think: float) -> None:
        """`think`: mean time between an edit and the next wish, seconds."""
        self._base = f"http://127.0.0.1:{port}"
        self._photograph = photograph
        self._rng = np.random.default_rng(seed)
        self._think = think
        self.upload_seconds = 0.0
        self.edit_seconds: list[float] = []
        self.errors: list[str] = []

    def run(self, edits: int, start: threading.Barrier) -> None:
        """Upload, wait for the others, then edit `edits` times."""
        try:
            began = time.perf_counter()
            token = json.loads(self._send("/api/photos", self._photograph, "application/octet-stream"))["token"]
            self.upload_seconds = time.perf_counter() - began
        finally:
            start.wait(TIMEOUT)
        for _ in range(edits):
            time.sleep(self._rng.exponential(self._think) if self._think else 0)
            aus = dict(zip(AUS, self._rng.uniform(0, 5, len(AUS)).round(1).tolist(), strict=True))
            body = json.dumps({"view": "face", "edits": [{"face": 0, "aus": aus}]}).encode()
            began = time.perf_counter()
            try:
                answer = json.loads(self._send(f"/api/photos/{token}/edit", body, "application/json"))
                if not answer["images"]:
                    raise ValueError("no picture in the answer")
            except (urllib.error.URLError, OSError, ValueError) as error:
                self.errors.append(str(error))
            else:
                self.edit_seconds.append(time.perf_counter() - began)

    def _send(self, path: str, body: bytes, media: str) -> bytes:
        request = urllib.request.Request(self._base + path, body, {"Content-Type": media})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return answer.read()


def wait_until_ready(port: int, server: Any) -> None:
    """Return when the server answers.

    Raises:
        RuntimeError: it ended, or took too long.
    """
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline and server.is_alive():
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/about", timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start")


def memory(pid: int) -> float:
    """Memory of a process and all that it started in MiB, what they have in common counted once."""
    server = psutil.Process(pid)
    return round(sum(one.memory_full_info().pss for one in (server, *server.children(recursive=True))) / 2**20, 1)


def milliseconds(seconds: list[float]) -> dict[str, float]:
    """Median, 95th percentile and worst of times."""
    values = 1e3 * np.array(seconds or [np.nan])
    figures = {"median": np.median(values), "p95": np.percentile(values, 95), "worst": values.max()}
    return {name: round(float(value), 1) for name, value in figures.items()}


def measure(run: Path, users: int, requests: int, think: float, mediapipe: bool) -> dict[str, Any]:
    """Start the server, let `users` send `requests` edits in all, stop it, and report what it took."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(run, port, mediapipe))
    server.start()
    try:
        wait_until_ready(port, server)
        before = memory(server.pid or 0)
        photograph = encode_png(render(sample_plan(1, ["frontal"], 0)[5]).image)
        people = [User(port, photograph, seed, think) for seed in range(users)]
        alone = User(port, photograph, users, 0)
        alone.run(20, threading.Barrier(1))
        start = threading.Barrier(users + 1)
        with ThreadPoolExecutor(users) as pool:
            shares = [requests // users + (number < requests % users) for number in range(users)]
            waiting = [pool.submit(one.run, share, start) for one, share in zip(people, shares, strict=True)]
            start.wait(TIMEOUT)
            began = time.perf_counter()
            for one in waiting:
                one.result(10 * TIMEOUT)
            seconds = time.perf_counter() - began
        after = memory(server.pid or 0)
    finally:
        server.terminate()
        server.join(10)
    errors = [error for one in people for error in one.errors]
    return {
        "users": users,
        "requests": requests,
        "answered": sum(len(one.edit_seconds) for one in people),
        "errors": len(errors),
        "kinds_of_errors": sorted(set(errors))[:5],
        "think_seconds": think,
        "one_user_milliseconds": milliseconds(alone.edit_seconds),
        "all_users_milliseconds": milliseconds([each for one in people for each in one.edit_seconds]),
        "upload_milliseconds": milliseconds([one.upload_seconds for one in people]),
        "requests_per_second": round(requests / seconds, 1),
        "server_memory_mib": {"started": before, "after": after},
        "finder": "mediapipe" if mediapipe else "known face",
        "cores": os.cpu_count(),
        "machine": platform.machine(),
    }


def main() -> None:
    """Measure, print JSON and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("results"), help="a trained method's folder")
    parser.add_argument("--untrained", type=int, metavar="SIZE", help="instead: random weights for crops of this side")
    parser.add_argument("--users", type=int, default=20, choices=range(1, 101), metavar="1..100")
    parser.add_argument("--requests", type=int, default=200, choices=range(1, 10_001), metavar="1..10000")
    parser.add_argument("--think", type=float, default=0.0, help="mean pause of a user between edits, seconds")
    parser.add_argument("--mediapipe", action="store_true", help="look for the face in every upload")
    parser.add_argument("--json", type=Path, help="file for the result")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = flags.run if flags.untrained is None else untrained_run(Path(folder), flags.untrained)
        result = measure(run, flags.users, flags.requests, flags.think, flags.mediapipe)
        result["crop_size"] = load_editor_model(find_weights(run))[1].crop_size
    print(json.dumps(result, indent=2))
    if flags.json:
        write_json(flags.json, result)


if __name__ == "__main__":
    main()
