"""Where the local patches lie.

REQUIRED INPUTS: crops.npy, crops.csv, split.csv
OUTPUTS: results/{dataset}/patch_centers.json, patches.png
"""


rule average_patch_centers:
    """Average the places of eyes, nose and mouth over the training images (Sec. 4.1)."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        code=code_of("patch_centers"),
    output:
        centers="results/{dataset}/patch_centers.json",
        picture=report(
            "results/{dataset}/patches.png",
            caption="../report/patches.rst",
            category=IN_REPORT["data"],
            labels={"data": "{dataset}", "shows": "local patches"},
        ),
    log:
        "logs/average_patch_centers/{dataset}.log",
    benchmark:
        "logs/benchmarks/average_patch_centers/{dataset}.tsv"
    wildcard_constraints:
        dataset=with_combined(),
    # EF-GAN, the longest training, waits for this second's work: first of all.
    priority: 30
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        settings=flags("crop", "patches"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} patch_centers \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            --centers {output.centers:q} \
            --picture {output.picture:q} \
            {params.settings}
        """
