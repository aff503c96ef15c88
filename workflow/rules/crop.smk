"""Square face crops, packed in one array that every later stage reads.

REQUIRED INPUTS: photos.zip, manifest.csv, faces.csv
OUTPUTS: results/{dataset}/crops.npy, crops.csv, crop_checks.csv, contact_sheet.png
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
        checks="results/{dataset}/crop_checks.csv",
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
            --checks {output.checks:q} \
            {params.settings}
        """


rule draw_contact_sheet:
    """Draw the crops of a few people in every expression, flagged ones framed."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        checks="results/{dataset}/crop_checks.csv",
        code=code_of("contact_sheet"),
    output:
        picture=report(
            "results/{dataset}/contact_sheet.png",
            caption="../report/contact_sheet.rst",
            category=IN_REPORT["data"],
            labels={"data": "{dataset}", "shows": "face crops"},
        ),
    log:
        "logs/draw_contact_sheet/{dataset}.log",
    benchmark:
        "logs/benchmarks/draw_contact_sheet/{dataset}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    shell:
        r"""
        efgan --log {log:q} --threads {threads} contact_sheet \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --checks {input.checks:q} \
            --picture {output.picture:q} \
            --seed 0
        """
