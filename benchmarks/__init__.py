"""Measurements: `python -m benchmarks` compares this project with the public codes, side by side."""

from cascade_efgan.errors import InputError
from cascade_efgan.orchestration.checkout import use_own_code

try:
    use_own_code()
except InputError as error:
    raise SystemExit(f"error: {error}") from None
