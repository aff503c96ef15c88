"""AUs and landmarks of every photograph.

REQUIRED INPUTS: photos.zip, manifest.csv, OpenFace's output (see `openface_output` in data_inputs.smk)
OUTPUTS: results/{dataset}/openface/chunk{chunk}.tar, faces.csv, excluded.csv, openface.json, au_report.md
"""


rule prepare_openface_chunk:
    """Unpack some hundred photographs in forms that OpenFace reads, each under its own id."""
    input:
        photos="results/{dataset}/photos.zip",
        manifest="results/{dataset}/manifest.csv",
        code=code_of("prepare_openface_chunk"),
    output:
        images=temp("results/{dataset}/openface/chunk{chunk}.images.tar"),
    log:
        "logs/prepare_openface_chunk/{dataset}/{chunk}.log",
    benchmark:
        "logs/benchmarks/prepare_openface_chunk/{dataset}/{chunk}.tsv"
    wildcard_constraints:
        dataset=one_of(RUN_OPENFACE),
    group:
        "openface"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        settings=flags("openface.chunk"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} prepare_openface_chunk \
            --photos {input.photos:q} \
            --manifest {input.manifest:q} \
            --chunk {wildcards.chunk} \
            --images {output.images:q} \
            {params.settings}
        """


rule run_openface:
    """Measure AUs and landmarks with OpenFace's static models: in its container, or with an installed program."""
    input:
        images="results/{dataset}/openface/chunk{chunk}.images.tar",
        program=openface_program_file(),
        code=from_checkout(["workflow/scripts/openface.sh"]),
    output:
        values="results/{dataset}/openface/chunk{chunk}.tar",
    log:
        "logs/run_openface/{dataset}/{chunk}.log",
    benchmark:
        "logs/benchmarks/run_openface/{dataset}/{chunk}.tsv"
    wildcard_constraints:
        dataset=one_of(RUN_OPENFACE),
    group:
        "openface"
    container:
        False if OPENFACE_PROGRAM else settings.openface.container
    threads: 1
    params:
        program=OPENFACE_PROGRAM or settings.openface.container_program,
        landmark_model=settings.openface.landmark_model or "-",
    shell:
        r"""
        sh {input.code:q} {params.program:q} {params.landmark_model:q} {input.images:q} {output.values:q} 2>&1 \
            | tee {log:q}
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
        provenance="results/{dataset}/openface.json",
    log:
        "logs/extract_aus/{dataset}.log",
    benchmark:
        "logs/benchmarks/extract_aus/{dataset}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        openface=openface_flags,
        state=openface_state,
        excluded=excluded_flag,
        program=openface_origin,
        settings=flags("openface.min_confidence", "crop.margin", "crop.max_padding"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} extract_aus \
            --dataset {wildcards.dataset} \
            --photos {input.photos:q} \
            --manifest {input.manifest:q} \
            {params.openface} \
            --faces {output.faces:q} \
            --excluded {output.excluded:q} \
            --excluded-list logs/extract_aus/{wildcards.dataset}.excluded.csv \
            --provenance {output.provenance:q} \
            --program-origin {params.program:q} \
            {params.excluded} \
            {params.settings}
        """


rule report_aus:
    """Report the AUs of every expression, and what looks wrong about them."""
    input:
        index="results/{dataset}/crops.csv",
        openface="results/{dataset}/openface.json",
        code=code_of("au_report"),
    output:
        report=report(
            "results/{dataset}/au_report.md",
            caption="../report/au_report.rst",
            category=IN_REPORT["data"],
            labels={"data": "{dataset}", "shows": "AU report"},
        ),
        table="results/{dataset}/au_report.csv",
    log:
        "logs/report_aus/{dataset}.log",
    benchmark:
        "logs/benchmarks/report_aus/{dataset}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    shell:
        r"""
        efgan --log {log:q} --threads {threads} au_report \
            --index {input.index:q} \
            --openface {input.openface:q} \
            --report {output.report:q} \
            --table {output.table:q}
        """
