"""Train and test parts.

REQUIRED INPUTS: crops.csv
OUTPUTS: results/{dataset}/split.csv
"""


rule split:
    """Draw the train and test parts (Sec. 4.1)."""
    input:
        index="results/{dataset}/crops.csv",
        code=code_of("split"),
    output:
        split="results/{dataset}/split.csv",
    log:
        "logs/split/{dataset}.log",
    benchmark:
        "logs/benchmarks/split/{dataset}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        labelled=split_flags,
        settings=flags("split"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} split \
            --index {input.index:q} \
            --split {output.split:q} \
            {params.labelled} \
            {params.settings}
        """
