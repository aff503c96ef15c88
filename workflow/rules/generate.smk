"""Edits by every method and control.

REQUIRED INPUTS: crops.npy, crops.csv, split.csv; weights.safetensors and model.json of trained methods
OUTPUTS: results/{dataset}/seed{seed}/{method}/edits_{part}.npy, edits_{part}.csv
"""


rule generate:
    """Edit the images of one part: test images to every expression, training images for R+G."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        weights=trained("weights.safetensors"),
        model=trained("model.json"),
        code=code_of("generate"),
    output:
        edits="results/{dataset}/seed{seed}/{method}/edits_{part}.npy",
        edits_index="results/{dataset}/seed{seed}/{method}/edits_{part}.csv",
    log:
        "logs/generate/{dataset}/seed{seed}/{method}.{part}.log",
    benchmark:
        "logs/benchmarks/generate/{dataset}/seed{seed}/{method}.{part}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        weights=optional_flag("weights"),
        model=optional_flag("model"),
        settings=generate_settings,
    shell:
        r"""
        efgan --log {log:q} --threads {threads} generate \
            --method {wildcards.method} \
            --part {wildcards.part} \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            {params.weights} \
            {params.model} \
            --edits {output.edits:q} \
            --edits-index {output.edits_index:q} \
            {params.settings}
        """
