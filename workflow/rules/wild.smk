"""Wild images: Cascade EF-GAN pre-trained on posed photographs, then fine-tuned (Sec. 4.5, Fig. 8)."""

#: Whose expressions the wild images get, and the generator that is fine-tuned on these.
POSED = crops(dataset=study.pretraining)
WILD_METHOD = wild_method(settings.wild.init_from)
PRETRAINED = [
    f"results/{study.pretraining}/seed{{seed}}/cascade_ef_gan/{name}"
    for name in ("weights.safetensors", "model.json", "discriminators.safetensors")
]
if settings.wild.init_from:
    published = Path("src/cascade_efgan/pretrained", settings.wild.init_from)
    PRETRAINED = from_checkout([str(published / Path(path).name) for path in PRETRAINED])


rule combine:
    """Put the data sets of the pre-training together."""
    input:
        **{name: expand(path, dataset=settings.pretraining) for name, path in crops().items()},
        code=code_of("combine"),
    output:
        **crops(dataset="combined"),
    log:
        "logs/combine/combined.log",
    benchmark:
        "logs/benchmarks/combine/combined.tsv"
    params:
        sources=keyed_flags(settings.pretraining, "crops", "index", "split", prefix="from-"),
    shell:
        command_of("combine", output="crops index split", params="sources")


use rule train as finetune_wild with:
    """Fine-tune the pre-trained Cascade EF-GAN on wild images (Sec. 4.5)."""
    input:
        **crops(),
        pretrained=PRETRAINED[0],
        pretrained_model=PRETRAINED[1],
        pretrained_discriminators=PRETRAINED[2],
        code=code_of("train"),
    output:
        **generator("wild"),
    log:
        "logs/finetune_wild/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/finetune_wild/{dataset}/seed{seed}.tsv"
    wildcard_constraints:
        dataset=one_of(settings.all_datasets),  # not of the data sets put together
    params:
        method=WILD_METHOD,
        start=from_pretrained("wild"),
        tensorboard="logs/tensorboard/{dataset}/seed{seed}/wild",
        settings=flags("losses", "wild"),


use rule generate as generate_wild with:
    """Edit wild test images to every expression of the pre-training, before and after fine-tuning (Fig. 8)."""
    input:
        **crops(),
        weights=branch(lambda wildcards: wildcards.stage == "wild", rules.finetune_wild.output.weights, PRETRAINED[0]),
        model=branch(lambda wildcards: wildcards.stage == "wild", rules.finetune_wild.output.model, PRETRAINED[1]),
        targets_index=POSED["index"],
        targets_split=POSED["split"],
        code=code_of("generate"),
    output:
        **edits("test", "{stage}"),
    log:
        "logs/generate_wild/{dataset}/seed{seed}/{stage}.log",
    benchmark:
        "logs/benchmarks/generate_wild/{dataset}/seed{seed}/{stage}.tsv"
    wildcard_constraints:
        stage="pretrained|wild",
    params:
        method=WILD_METHOD,
        part="test",
        settings=flags("generation_batch"),


rule draw_wild:
    """Draw wild images and their edits, before and after fine-tuning (Fig. 8, 10)."""
    input:
        **crops("crops", "index"),
        pretrained=f"{SEED}/pretrained/edits_test.npy",
        pretrained_index=f"{SEED}/pretrained/edits_test.csv",
        wild=f"{SEED}/wild/edits_test.npy",
        wild_index=f"{SEED}/wild/edits_test.csv",
        examples=POSED["crops"],
        examples_index=POSED["index"],
        examples_split=POSED["split"],
        code=code_of("draw_wild"),
    output:
        figure=figure("fig08_wild"),
    log:
        "logs/draw_wild/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/draw_wild/{dataset}/seed{seed}.tsv"
    params:
        method=WILD_METHOD,
        settings=flags("preset", "figures"),
    shell:
        command_of(
            "draw_wild",
            "--method {params.method}",
            wildcards="dataset seed",
            input="crops index pretrained pretrained_index wild wild_index examples examples_index examples_split",
            output="figure",
            params="settings",
        )
