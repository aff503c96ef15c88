"""Square face crops, packed in one array that every later stage reads.

REQUIRED INPUTS: photos.zip, manifest.csv, faces.csv
OUTPUTS: results/{dataset}/crops.npy, results/{dataset}/crops.csv
"""


rule crop:
    """Cut the square around each face's landmarks and resize it (Sec. 4.1)."""
    input:
        photos="results/{dataset}/photos.zip",
        manifest="results/{dataset}/manifest.csv",
        faces="results/{dataset}/faces.csv",
        code=code_of("crop"),
    output:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
    log:
        "logs/crop/{dataset}.log",
    benchmark:
        "logs/benchmarks/crop/{dataset}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        settings=flags("crop"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} crop \
            --photos {input.photos:q} \
            --manifest {input.manifest:q} \
            --faces {input.faces:q} \
            --crops {output.crops:q} \
            --index {output.index:q} \
            {params.settings}
        """
