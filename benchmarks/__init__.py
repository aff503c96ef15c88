"""Measurements: `python -m benchmarks` compares this project with the public codes, side by side."""

import sys

from cascade_efgan.errors import InputError
from cascade_efgan.orchestration.checkout import use_own_code

if sys.argv[0] == "-m":  # Python is looking for the module of `python -m benchmarks...`: nothing else has begun
    try:
        use_own_code()
    except InputError as error:
        raise SystemExit(f"error: {error}") from None
