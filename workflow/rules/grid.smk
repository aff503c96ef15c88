"""A picture of inputs and every method's edits of them.

REQUIRED INPUTS: crops.npy, crops.csv; edits_test.npy, edits_test.csv of every method and control
OUTPUTS: results/{dataset}/seed{seed}/grid.png
"""


rule draw_grid:
    """Draw the edits of a few test images, methods side by side."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        edits=grid_files("edits_test.npy"),
        edits_index=grid_files("edits_test.csv"),
        code=code_of("grid"),
    output:
        picture="results/{dataset}/seed{seed}/grid.png",
    log:
        "logs/draw_grid/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/draw_grid/{dataset}/seed{seed}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        edits=grid_flags,
    shell:
        r"""
        efgan --log {log:q} --threads {threads} grid \
            --crops {input.crops:q} \
            --index {input.index:q} \
            {params.edits} \
            --picture {output.picture:q}
        """
