# Two commands do everything in a fresh clone: `make results` and `make test`.
# Needs Debian's git, make, python3 (3.11 or newer) and python3-venv.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
RESULTS ?= results
.PHONY: help install results report gallery verify dry-run test test-cluster bench lint format config lock clean distclean

VENV := .venv
READY := $(VENV)/.ready
UV := $(VENV)/bin/uv
# The rules call `efgan`, so the environment's programs come first.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)

help: ## Show this list.
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

install: $(READY) ## Make the environment .venv, and nothing else.

results: $(READY) ## Run the whole workflow with config.yaml, on all cores.
	snakemake

report: $(READY) ## Put the tables, figures, captions and rules of the last run into report.html.
	snakemake --report report.html all

gallery: $(READY) ## Copy tables, claims and figures of the last run to docs/ for readers of the repository.
	python docs/gallery.py

verify: $(READY) ## Check the results, or another folder of them (RESULTS=...), from raw data to table.
	efgan audit --brief --results $(RESULTS) $(if $(EXPECT),--expect $(EXPECT))

dry-run: $(READY) ## Show what `make results` would do.
	snakemake --dry-run --quiet rules

test: $(READY) ## Run all tests but those of `make test-cluster`.
	pytest --ignore tests/cluster

test-cluster: $(READY) ## Run the workflow on a real Slurm, in S3 and by the Kubernetes profile (as root: installs slurm-wlm, munge).
	@if [ "$$(id -u)" = 0 ] && ! { command -v slurmctld && command -v slurmd && command -v munged; } >/dev/null; then \
		apt-get update --quiet --quiet && \
		DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes --no-install-recommends slurm-wlm munge; fi
	$(UV) pip install --quiet --target build/cluster-tools --require-hashes --requirement tests/cluster/requirements.txt
	pytest tests/cluster/test_{slurm,s3,kubernetes,image}.py  # the longest first

bench: $(READY) ## Measure against the public codes (15 minutes on an idle machine); finished cases are kept.
	python -m benchmarks

lint: $(READY) ## Check style, types and workflow.
	ruff check
	ruff format --check
	snakefmt --check Snakefile workflow
	snakemake --lint
	mypy

format: $(READY) ## Rewrite Python and Snakemake files in the project's style.
	ruff check --fix
	ruff format
	snakefmt Snakefile workflow

config: $(READY) ## Generate config.yaml (your edits are lost), its schema and the artifacts of dvc.yaml again.
	efgan config --format template --force --out config.yaml
	efgan config --format schema --force --out workflow/schemas/config.schema.json
	sed '/^artifacts:/,$$d' dvc.yaml > dvc.yaml.new && python -m cascade_efgan.orchestration.study >> dvc.yaml.new && mv dvc.yaml.new dvc.yaml

lock: $(READY) ## Choose the newest allowed packages and write requirements.lock again.
	$(UV) pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --upgrade --output-file requirements.lock

clean: ## Delete results, logs, caches and Snakemake's records; keep the environment.
	rm -rf results logs benchmarks/results/quick .snakemake .pytest_cache .ruff_cache .mypy_cache
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

distclean: clean ## Delete the environment and the benchmark's clones as well.
	rm -rf $(VENV) src/*.egg-info build benchmarks/.peers

# The package comes last: `uv pip sync` removes what the lock does not list, and its `snakemake` script must replace
# Snakemake's own (see src/cascade_efgan/orchestration/snakemake_command.py). `--no-deps` because the lock has them all. Compiled here once:
# where PYTHONDONTWRITEBYTECODE is set, each of a run's hundred jobs would compile PyTorch and pandas again, 7 CPU seconds.
$(READY): requirements.lock requirements-uv.lock pyproject.toml
	@command -v python3 >/dev/null || { echo "error: python3 is missing; install it: apt-get install python3 python3-venv" >&2; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $$(python3 --version) is too old; Python 3.11 or newer is needed as python3" >&2; exit 1; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { echo "error: python3 cannot make environments; install them: apt-get install python3-venv" >&2; exit 1; }
	python3 -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-uv.lock
	$(UV) pip sync --require-hashes --compile-bytecode requirements.lock
	$(UV) pip install --no-deps --no-build-isolation --editable .
	touch $@
