"""Distances between the features of edits and of real images (Sec. 4.3, Table 2: FID), and how far they are biased.

REQUIRED INPUTS: crops.npy, crops.csv, split.csv, edits_test.npy; Inception's weights where the settings ask for it
OUTPUTS: results/{dataset}/features_real.safetensors, features_real.npy,
         results/{dataset}/seed{seed}/{method}/features_test.safetensors, features_test.npy,
         metrics/fid.json, kid.json, identity.json, values_fid.csv, values_kid.csv, values_identity.csv,
         results/{dataset}/fid_curve.csv, fid_curve.png
"""


rule fetch_inception_weights:
    """Fetch pytorch-fid's Inception weights, checked by SHA-256. Runs only with fid.extractor inception."""
    input:
        code=code_of("fetch_weights"),
    output:
        weights=INCEPTION_WEIGHTS,
    log:
        "logs/fetch_inception_weights/inception.log",
    benchmark:
        "logs/benchmarks/fetch_inception_weights/inception.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        settings=flags("fid.extractor", "fid.inception_weights"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} fetch_weights \
            --weights {output.weights:q} \
            {params.settings}
        """


rule extract_features_real:
    """Feature statistics of the real images: once per data set, for every method and seed."""
    input:
        images="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        extractor_weights=extractor_weights,
        code=code_of("features"),
    output:
        features="results/{dataset}/features_real.safetensors",
        vectors="results/{dataset}/features_real.npy",
    log:
        "logs/extract_features_real/{dataset}.log",
    benchmark:
        "logs/benchmarks/extract_features_real/{dataset}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        part=settings.fid.real_images,
        extractor_weights=optional_flag("extractor_weights"),
        settings=flags("fid.extractor", "fid.batch"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} features \
            --images {input.images:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            --part {params.part} \
            {params.extractor_weights} \
            --features {output.features:q} \
            --vectors {output.vectors:q} \
            {params.settings}
        """


rule extract_features_edits:
    """Feature statistics of a method's edits of the test images."""
    input:
        images="results/{dataset}/seed{seed}/{method}/edits_test.npy",
        extractor_weights=extractor_weights,
        code=code_of("features"),
    output:
        features="results/{dataset}/seed{seed}/{method}/features_test.safetensors",
        vectors="results/{dataset}/seed{seed}/{method}/features_test.npy",
    log:
        "logs/extract_features_edits/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/extract_features_edits/{dataset}/seed{seed}/{method}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        extractor_weights=optional_flag("extractor_weights"),
        settings=flags("fid.extractor", "fid.batch"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} features \
            --images {input.images:q} \
            {params.extractor_weights} \
            --features {output.features:q} \
            --vectors {output.vectors:q} \
            {params.settings}
        """


rule measure_fid:
    """Fréchet and kernel distance to the real images (FID and KID only with Inception), and cosine with the input."""
    input:
        real="results/{dataset}/features_real.safetensors",
        real_vectors="results/{dataset}/features_real.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        edits="results/{dataset}/seed{seed}/{method}/features_test.safetensors",
        edits_vectors="results/{dataset}/seed{seed}/{method}/features_test.npy",
        edits_index="results/{dataset}/seed{seed}/{method}/edits_test.csv",
        code=code_of("fid"),
    output:
        metric="results/{dataset}/seed{seed}/{method}/metrics/fid.json",
        values="results/{dataset}/seed{seed}/{method}/values_fid.csv",
        kernel_metric="results/{dataset}/seed{seed}/{method}/metrics/kid.json",
        kernel_values="results/{dataset}/seed{seed}/{method}/values_kid.csv",
        identity_metric="results/{dataset}/seed{seed}/{method}/metrics/identity.json",
        identity_values="results/{dataset}/seed{seed}/{method}/values_identity.csv",
    log:
        "logs/measure_fid/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_fid/{dataset}/seed{seed}/{method}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    shell:
        r"""
        efgan --log {log:q} --threads {threads} fid \
            --method {wildcards.method} \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --real {input.real:q} \
            --edits {input.edits:q} \
            --edits-index {input.edits_index:q} \
            --edits-vectors {input.edits_vectors:q} \
            --metric {output.metric:q} \
            --values {output.values:q} \
            --real-vectors {input.real_vectors:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            --kernel-metric {output.kernel_metric:q} \
            --kernel-values {output.kernel_values:q} \
            --identity-metric {output.identity_metric:q} \
            --identity-values {output.identity_values:q}
        """


rule measure_identity_real:
    """The same cosine of pairs of real images: one person, and different people."""
    input:
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        real="results/{dataset}/features_real.safetensors",
        real_vectors="results/{dataset}/features_real.npy",
        code=code_of("identity"),
    output:
        same_person="results/{dataset}/seed{seed}/same_person/metrics/identity.json",
        same_person_values="results/{dataset}/seed{seed}/same_person/values_identity.csv",
        other_person="results/{dataset}/seed{seed}/other_person/metrics/identity.json",
        other_person_values="results/{dataset}/seed{seed}/other_person/values_identity.csv",
    log:
        "logs/measure_identity_real/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/measure_identity_real/{dataset}/seed{seed}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    shell:
        r"""
        efgan --log {log:q} --threads {threads} identity \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --index {input.index:q} \
            --split {input.split:q} \
            --real {input.real:q} \
            --real-vectors {input.real_vectors:q} \
            --same-person {output.same_person:q} \
            --same-person-values {output.same_person_values:q} \
            --other-person {output.other_person:q} \
            --other-person-values {output.other_person_values:q}
        """


rule draw_fid_curve:
    """Both distances against the number of images: how far the Fréchet distance is biased here."""
    input:
        real="results/{dataset}/features_real.safetensors",
        real_vectors="results/{dataset}/features_real.npy",
        vectors=curve_vectors,
        code=code_of("fid_curve"),
    output:
        csv="results/{dataset}/fid_curve.csv",
        picture=report(
            "results/{dataset}/fid_curve.png",
            caption="../report/fid_curve.rst",
            category=IN_REPORT["more"],
            labels={"figure": "F", "shows": "distance against the number of images", "data": "{dataset}"},
        ),
        pdf="results/{dataset}/fid_curve.pdf",
    log:
        "logs/draw_fid_curve/{dataset}.log",
    benchmark:
        "logs/benchmarks/draw_fid_curve/{dataset}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        vectors=curve_flags,
        title=curve_title,
        seed=settings.statistics.seed,
    shell:
        r"""
        efgan --log {log:q} --threads {threads} fid_curve \
            --real {input.real:q} \
            --real-vectors {input.real_vectors:q} \
            {params.vectors} \
            --seed {params.seed} \
            --title {params.title:q} \
            --csv {output.csv:q} \
            --picture {output.picture:q} \
            --pdf {output.pdf:q}
        """
