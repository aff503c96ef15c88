"""AUs and landmarks of every photograph.

REQUIRED INPUTS: photos.zip, manifest.csv, OpenFace's output (see `openface_output` in common.smk)
OUTPUTS: results/{dataset}/faces.csv, results/{dataset}/excluded.csv
"""


rule extract_aus:
    """Match OpenFace's values to the photographs, and list the photographs without a face."""
    input:
        photos="results/{dataset}/photos.zip",
        manifest="results/{dataset}/manifest.csv",
        openface=openface_output,
        code=code_of("extract_aus"),
    output:
        faces="results/{dataset}/faces.csv",
        excluded="results/{dataset}/excluded.csv",
    log:
        "logs/extract_aus/{dataset}.log",
    benchmark:
        "logs/benchmarks/extract_aus/{dataset}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        openface=openface_path,
        settings=flags("excluded_share"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} extract_aus \
            --dataset {wildcards.dataset} \
            --photos {input.photos:q} \
            --manifest {input.manifest:q} \
            --openface {params.openface:q} \
            --faces {output.faces:q} \
            --excluded {output.excluded:q} \
            {params.settings}
        """
