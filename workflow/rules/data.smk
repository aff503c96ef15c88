"""Photographs, AUs, face crops, train and test parts, and where the local patches are."""


rule render:
    """Render the project's own faces, with their true AUs and landmarks in OpenFace's format."""
    input:
        code=download_code("rendered"),
    output:
        **photographs(dataset="rendered"),
        openface="results/rendered/openface.zip",
    log:
        "logs/render/rendered.log",
    benchmark:
        "logs/benchmarks/render/rendered.tsv"
    params:
        settings=flags("rendered"),
    shell:
        command_of("download", "--dataset rendered", output="photos manifest completeness openface", params="settings")


# A checkpoint: how many chunks OpenFace takes is known only when the photographs are counted.
checkpoint download:
    """Fetch an open data set, each photograph checked by its hash, or read the archive that the user obtained."""
    input:
        checksums=branch(
            lambda wildcards: wildcards.dataset == "london",
            then=from_checkout(["resources/london/sha256sums.txt"])[0],
        ),
        code=lambda wildcards: download_code(wildcards.dataset),
    output:
        **photographs(),
    log:
        "logs/download/{dataset}.log",
    benchmark:
        "logs/benchmarks/download/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(name for name in settings.all_datasets if name != "rendered"),
    params:
        checksums=optional_flags("checksums"),
        settings=download_settings,
        # Another archive, or edited labels, are read again.
        archive=lambda wildcards: archive_fingerprint(settings, wildcards.dataset, FINGERPRINTS),
    shell:
        command_of("download", wildcards="dataset", output="photos manifest completeness", params="checksums settings")


rule prepare_openface_chunk:
    """Unpack some hundred photographs in forms that OpenFace reads, each under its own id."""
    input:
        **photographs("photos", "manifest"),
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
    params:
        settings=flags("openface.chunk"),
    shell:
        command_of(
            "prepare_openface_chunk",
            wildcards="chunk",
            input="photos manifest",
            output="images",
            params="settings",
        )


rule run_openface:
    """Measure AUs and landmarks with OpenFace's static models: in its container, or with an installed program."""
    input:
        images=rules.prepare_openface_chunk.output.images,
        # A new program runs OpenFace again. A bare name is looked up on the PATH.
        program=[local(OPENFACE_PROGRAM)] if Path(OPENFACE_PROGRAM).is_file() else [],
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
        **photographs("photos", "manifest"),
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
    params:
        openface=openface_flags,
        state=openface_state,
        excluded=excluded_flag,
        program=openface_origin,
        settings=flags("openface.min_confidence", "crop.margin", "crop.max_padding"),
    shell:
        command_of(
            "extract_aus",
            "--excluded-list logs/extract_aus/{wildcards.dataset}.excluded.csv --program-origin {params.program:q}",
            wildcards="dataset",
            input="photos manifest",
            output="faces excluded provenance",
            params="openface excluded settings",
        )


rule crop:
    """Cut the square around each face's landmarks and resize it (Sec. 4.1)."""
    input:
        **photographs("photos", "manifest"),
        faces=rules.extract_aus.output.faces,
        code=code_of("crop"),
    output:
        **crops("crops", "index"),
        checks="results/{dataset}/crop_checks.csv",
    log:
        "logs/crop/{dataset}.log",
    benchmark:
        "logs/benchmarks/crop/{dataset}.tsv"
    params:
        settings=flags("crop"),
    shell:
        command_of("crop", input="photos manifest faces", output="crops index checks", params="settings")


rule draw_contact_sheet:
    """Draw the crops of a few people in every expression, flagged ones framed."""
    input:
        **crops("crops", "index"),
        checks=rules.crop.output.checks,
        code=code_of("contact_sheet"),
    output:
        picture=in_report("results/{dataset}/contact_sheet.png", "data", data="{dataset}", shows="face crops"),
    log:
        "logs/draw_contact_sheet/{dataset}.log",
    benchmark:
        "logs/benchmarks/draw_contact_sheet/{dataset}.tsv"
    shell:
        command_of("contact_sheet", "--seed 0", input="crops index checks", output="picture")


rule report_aus:
    """Report the AUs of every expression, and what looks wrong about them."""
    input:
        **crops("index"),
        openface=rules.extract_aus.output.provenance,
        code=code_of("au_report"),
    output:
        report=in_report("results/{dataset}/au_report.md", "data", data="{dataset}", shows="AU report"),
        table="results/{dataset}/au_report.csv",
    log:
        "logs/report_aus/{dataset}.log",
    benchmark:
        "logs/benchmarks/report_aus/{dataset}.tsv"
    shell:
        command_of("au_report", input="index openface", output="report table")


rule split:
    """Draw the train and test parts (Sec. 4.1)."""
    input:
        **crops("index"),
        code=code_of("split"),
    output:
        **crops("split"),
    log:
        "logs/split/{dataset}.log",
    benchmark:
        "logs/benchmarks/split/{dataset}.tsv"
    params:
        # Photographs without an expression serve as wild images only, not in tables.
        labelled=lambda wildcards: "--labelled" if wildcards.dataset in settings.datasets else "--no-labelled",
        settings=split_settings,
    shell:
        command_of("split", input="index", output="split", params="labelled settings")


rule average_patch_centers:
    """Average the places of eyes, nose and mouth over the training images (Sec. 4.1)."""
    input:
        **crops(),
        code=code_of("patch_centers"),
    output:
        centers="results/{dataset}/patch_centers.json",
        picture=in_report("results/{dataset}/patches.png", "data", data="{dataset}", shows="local patches"),
    log:
        "logs/average_patch_centers/{dataset}.log",
    benchmark:
        "logs/benchmarks/average_patch_centers/{dataset}.tsv"
    wildcard_constraints:
        dataset=WITH_COMBINED,
    # EF-GAN, the longest training, waits for this second's work: first of all.
    priority: 30
    params:
        settings=flags("crop", "patches"),
    shell:
        command_of("patch_centers", input="crops index split", output="centers picture", params="settings")
