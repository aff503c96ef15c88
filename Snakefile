"""Cascade EF-GAN, from photographs to tables. This file is the table of contents; `workflow/rules` holds the rules."""

import os

from snakemake.utils import min_version

from cascade_efgan.cluster import apptainer_image

min_version("9.27.1")


configfile: "config.yaml"


# The Dockerfile's image, for `--software-deployment-method apptainer`; other runs take no notice of it.
container: apptainer_image(os.environ.get("EFGAN_IMAGE"))


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data_inputs.smk"
include: "workflow/rules/table_inputs.smk"
include: "workflow/rules/download_code.smk"
include: "workflow/rules/figure_inputs.smk"
include: "workflow/rules/comparison_inputs.smk"
include: "workflow/rules/claim_inputs.smk"
include: "workflow/rules/download.smk"
include: "workflow/rules/aus.smk"
include: "workflow/rules/crop.smk"
include: "workflow/rules/split.smk"
include: "workflow/rules/patches.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/cascade.smk"
include: "workflow/rules/generate.smk"
include: "workflow/rules/classify.smk"
include: "workflow/rules/accuracy.smk"
include: "workflow/rules/psnr.smk"
include: "workflow/rules/distance.smk"
include: "workflow/rules/au_error.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/sensitivity.smk"
include: "workflow/rules/metrics.smk"
include: "workflow/rules/wild.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/cluster.smk"
include: "workflow/rules/provenance.smk"


rule checks:
    """Every data set up to its crops: AU report, contact sheet, patches. Look at them before you train."""
    input:
        check_files(),


rule all:
    """What the paper claims and what holds; Tables 1 to 3, each as Markdown, CSV and LaTeX; every figure; checks of every data set; how all was made."""
    default_target: True
    input:
        final_files(),
