#!/usr/bin/env bash
# Runs in the repository's root folder, inside the new environment.
set -euo pipefail
python -m pip install --no-deps --require-hashes -r requirements.lock
python -m pip install --no-deps --no-build-isolation -e .
