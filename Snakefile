"""Cascade EF-GAN, from photographs to tables. This file is the table of contents; `workflow/rules` holds the rules."""

import os

from snakemake.utils import min_version

from cascade_efgan.orchestration.cluster import apptainer_image

min_version("9.27.1")


configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"


# The Dockerfile's image, for `--software-deployment-method apptainer`; other runs take no notice of it.
container: apptainer_image(os.environ.get("EFGAN_IMAGE"), CONTAINED)


include: "workflow/rules/openface.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/wild.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/provenance.smk"


rule checks:
    """Every data set up to its crops: AU report, contact sheet, patches. Look at them before you train."""
    input:
        study.check_files(),


rule all:
    """What the paper claims and what holds; Tables 1 to 3, each as Markdown, CSV and LaTeX; every figure; checks of every data set; how all was made."""
    default_target: True
    input:
        study.final_files(),
        PROVENANCE_FILES,
