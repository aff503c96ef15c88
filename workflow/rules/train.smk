"""Generators and their edits; what measures edits: classifiers, the AU regressor, features of images."""


rule train:
    """Train a method from scratch (Sec. 8, EF-GAN Training Details)."""
    input:
        **crops(),
        centers=patch_centers,
        code=code_of("train"),
    output:
        **generator(),
    log:
        "logs/train/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/train/{dataset}/seed{seed}/{method}.tsv"
    wildcard_constraints:
        dataset=WITH_COMBINED,
        method=one_of(FROM_SCRATCH),
    # Almost everything waits for trained weights: the longest jobs start first.
    priority: 20
    retries: PREEMPTIONS
    threads: settings.threads
    resources:
        gpu=1,
    params:
        method="{method}",
        start=optional_flags("centers"),
        tensorboard="logs/tensorboard/{dataset}/seed{seed}/{method}",
        settings=train_settings,
    shell:
        command_of(
            "train",
            "--method {params.method} --tensorboard {params.tensorboard:q}",
            wildcards="seed",
            input="crops index split",
            output="weights discriminators model curves",
            params="start settings",
        )


use rule train as finetune_cascade with:
    """Fine-tune a cascade whose every module starts from the single-step weights (Sec. 3.3, Sec. 8)."""
    input:
        **crops(),
        pretrained=pretrained("weights.safetensors"),
        pretrained_discriminators=pretrained("discriminators.safetensors"),
        pretrained_model=pretrained("model.json"),
        code=code_of("train"),
    log:
        "logs/finetune_cascade/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/finetune_cascade/{dataset}/seed{seed}/{method}.tsv"
    wildcard_constraints:
        dataset=WITH_COMBINED,
        method=one_of(FINETUNED),
    params:
        start=from_pretrained("finetune"),
        settings=flags("losses", "finetune"),


rule generate:
    """Edit the images of one part: test images to every expression, training images for R+G."""
    input:
        **crops(),
        weights=if_trained(f"{METHOD}/weights.safetensors"),
        model=if_trained(f"{METHOD}/model.json"),
        code=code_of("generate"),
    output:
        **edits("{part}"),
    log:
        "logs/generate/{dataset}/seed{seed}/{method}.{part}.log",
    benchmark:
        "logs/benchmarks/generate/{dataset}/seed{seed}/{method}.{part}.tsv"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        method="{method}",
        part="{part}",
        inputs=optional_flags("weights", "model", "targets_index", "targets_split"),
        settings=generate_settings,
    shell:
        command_of(
            "generate",
            "--method {params.method} --part {params.part}",
            wildcards="seed",
            input="crops index split",
            output="edits edits_index",
            params="inputs settings",
        )


rule classify:
    """Train the classifier on real training images."""
    input:
        **crops(),
        code=code_of("classify"),
    output:
        weights=f"{SEED}/real/classifier.safetensors",
        model=f"{SEED}/real/classifier.json",
    log:
        "logs/classify/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/classify/{dataset}/seed{seed}.tsv"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        edits=optional_flags("edits", "edits_index"),
        settings=flags("classifier"),
    shell:
        command_of(
            "classify",
            wildcards="seed",
            input="crops index split",
            output="weights model",
            params="edits settings",
        )


use rule classify as classify_with_edits with:
    """Train the classifier on real training images and a method's edits of them."""
    input:
        **crops(),
        **edits("train"),
        code=code_of("classify"),
    output:
        weights=f"{METHOD}/classifier.safetensors",
        model=f"{METHOD}/classifier.json",
    log:
        "logs/classify_with_edits/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/classify_with_edits/{dataset}/seed{seed}/{method}.tsv"


rule regress_aus:
    """Train the AU regressor on rendered training faces; its error on test faces is in the JSON."""
    input:
        **crops(),
        code=code_of("regress_aus"),
    output:
        weights=f"{SEED}/real/au_regressor.safetensors",
        model=f"{SEED}/real/au_regressor.json",
    log:
        "logs/regress_aus/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/regress_aus/{dataset}/seed{seed}.tsv"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        settings=flags("au_regressor"),
    shell:
        command_of(
            "regress_aus",
            wildcards="seed",
            input="crops index split",
            output="weights model",
            params="settings",
        )


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
    params:
        settings=flags("fid.extractor", "fid.inception_weights"),
    shell:
        command_of("fetch_weights", output="weights", params="settings")


rule extract_features_real:
    """Feature statistics of the real images: once per data set, for every method and seed."""
    input:
        **crops("index", "split"),
        images=crops()["crops"],
        extractor_weights=extractor_weights(),
        code=code_of("features"),
    output:
        features="results/{dataset}/features_real.safetensors",
        vectors="results/{dataset}/features_real.npy",
    log:
        "logs/extract_features_real/{dataset}.log",
    benchmark:
        "logs/benchmarks/extract_features_real/{dataset}.tsv"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        part=f"--part {settings.fid.real_images}",
        inputs=optional_flags("index", "split", "extractor_weights"),
        settings=flags("fid.extractor", "fid.batch"),
    shell:
        command_of("features", input="images", output="features vectors", params="part inputs settings")


use rule extract_features_real as extract_features_edits with:
    """Feature statistics of a method's edits of the test images."""
    input:
        images=f"{METHOD}/edits_test.npy",
        extractor_weights=extractor_weights(),
        code=code_of("features"),
    output:
        features=f"{METHOD}/features_test.safetensors",
        vectors=f"{METHOD}/features_test.npy",
    log:
        "logs/extract_features_edits/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/extract_features_edits/{dataset}/seed{seed}/{method}.tsv"
    params:
        part="",
