"""Rendered faces per second on one core: `python benchmarks/render_faces.py [--people N] [--json OUT.json]`."""

import argparse
import json
import os
import platform
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from cascade_efgan.data.rendered import GAZES, render, sample_plan  # noqa: E402
from cascade_efgan.files import write_json  # noqa: E402


def measure(people: int, seed: int) -> dict[str, object]:
    """Render `people` whole series (8 expressions x 3 gazes) one after the other and time each image.

    The rate includes what is painted once per person (hair, figure). CPU seconds leave out the time that other
    programs take from the core.
    """
    cv2.setNumThreads(1)
    plan = sample_plan(people, GAZES, seed)
    render(sample_plan(1, GAZES, seed + 1)[0])
    times = []
    cpu = time.process_time()
    for face in plan:
        start = time.perf_counter()
        render(face)
        times.append(time.perf_counter() - start)
    cpu = time.process_time() - cpu
    per_person = np.array(times).reshape(people, -1)
    return {
        "images": len(plan),
        "images_per_second": round(len(plan) / per_person.sum(), 2),
        "images_per_cpu_second": round(len(plan) / cpu, 2),
        "milliseconds": {
            "mean": round(1e3 * per_person.mean(), 2),
            "median": round(1e3 * float(np.median(per_person)), 2),
            "first_of_a_person": round(1e3 * per_person[:, 0].mean(), 2),
        },
        "cores": 1,
        "machine": platform.machine(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }


def main() -> None:
    """Measure, print JSON and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10, help="people, 24 images each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file for the result")
    flags = parser.parse_args()
    result = measure(flags.people, flags.seed)
    print(json.dumps(result, indent=2))
    if flags.json:
        write_json(flags.json, result)


if __name__ == "__main__":
    main()
