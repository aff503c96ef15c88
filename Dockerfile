# syntax=docker/dockerfile:1
# What the jobs of the workflow need, and nothing that they compute with: the code itself comes from the checkout.
# Kubernetes: profiles/kubernetes. Slurm without a shared environment: profiles/slurm with apptainer. See docs/cluster.md.
#
#   docker build --tag REGISTRY/efgan:1 . && docker push REGISTRY/efgan:1
#   apptainer build efgan.sif docker-daemon:REGISTRY/efgan:1

# Give a digest where a build must be repeatable to the last bit: --build-arg PYTHON=python@sha256:...
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /build
COPY requirements-uv.lock requirements.lock ./
# As in the Makefile: every package by its hash. The environment's folder is the same in both stages, so that the
# programs in it keep their first lines.
RUN python -m venv /opt/efgan \
    && /opt/efgan/bin/python -m pip install --no-cache-dir --no-deps --require-hashes --requirement requirements-uv.lock \
    && VIRTUAL_ENV=/opt/efgan /opt/efgan/bin/uv pip sync --no-cache --require-hashes requirements.lock
# Snakemake starts every Kubernetes job with `pip install snakemake-storage-plugin-s3`, newest version, from a registry.
# The wheel of the locked version lies here instead, and pip looks nowhere else (PIP_* below).
RUN awk '/^snakemake-storage-plugin-s3==/ { found = 1 } found { print; if (!/\\$/) exit }' requirements.lock > plugin.lock \
    && /opt/efgan/bin/python -m pip download --no-cache-dir --no-deps --require-hashes --dest /opt/efgan/wheels \
        --requirement plugin.lock
# The programs `efgan` and `snakemake`. Without a checkout in the working folder, this copy of the code runs.
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN VIRTUAL_ENV=/opt/efgan /opt/efgan/bin/uv pip install --no-cache --no-deps --no-build-isolation .

FROM ${PYTHON}
LABEL org.opencontainers.image.title="Cascade EF-GAN, reproduced" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/efgan /opt/efgan
# PYTHONPATH: a job runs the code of the checkout in its working folder, whose hashes Snakemake records.
# HOME and caches: places that any user may write, whatever user the cluster runs the container as.
ENV PATH=/opt/efgan/bin:$PATH \
    PYTHONPATH=src \
    PYTHONUNBUFFERED=1 \
    PIP_NO_INDEX=1 \
    PIP_NO_DEPS=1 \
    PIP_FIND_LINKS=/opt/efgan/wheels \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    HOME=/tmp \
    XDG_CACHE_HOME=/tmp/.cache
# Not root. Snakemake's executor mounts an empty folder on /workdir.
RUN useradd --uid 10001 --no-create-home --home-dir /tmp efgan \
    && mkdir /workdir \
    && chown efgan /workdir
USER 10001
WORKDIR /workdir
CMD ["efgan", "--help"]
