"""Distance between the features of edits and of real images (Sec. 4.3, Table 2: FID).

REQUIRED INPUTS: crops.npy, crops.csv, split.csv, edits_test.npy; Inception's weights where the settings ask for it
OUTPUTS: results/{dataset}/features_real.safetensors,
         results/{dataset}/seed{seed}/{method}/features_test.safetensors, metrics/fid.json
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
            {params.settings}
        """


rule measure_fid:
    """Fréchet distance between the two sets of statistics; called FID only with Inception's features."""
    input:
        real="results/{dataset}/features_real.safetensors",
        edits="results/{dataset}/seed{seed}/{method}/features_test.safetensors",
        code=code_of("fid"),
    output:
        metric="results/{dataset}/seed{seed}/{method}/metrics/fid.json",
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
            --metric {output.metric:q}
        """
