"""What is trained from scratch: StarGAN, GANimation, Baseline, EF-GAN; for a claim, a cascade.

REQUIRED INPUTS: crops.npy, crops.csv, split.csv; patch_centers.json with local focuses
OUTPUTS: results/{dataset}/seed{seed}/{method}/weights.safetensors, discriminators.safetensors, model.json, curves.csv
"""


rule train:
    """Train a method from scratch (Sec. 8, EF-GAN Training Details)."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        centers=patch_centers,
        code=code_of("train"),
    output:
        weights="results/{dataset}/seed{seed}/{method}/weights.safetensors",
        discriminators="results/{dataset}/seed{seed}/{method}/discriminators.safetensors",
        model="results/{dataset}/seed{seed}/{method}/model.json",
        curves="results/{dataset}/seed{seed}/{method}/curves.csv",
    log:
        "logs/train/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/train/{dataset}/seed{seed}/{method}.tsv"
    wildcard_constraints:
        dataset=with_combined(),
        method=one_of(FROM_SCRATCH),
    # Almost everything waits for trained weights: the longest jobs start first.
    priority: 20
    retries: PREEMPTIONS
    conda:
        "../envs/efgan.yaml"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        centers=optional_flag("centers"),
        tensorboard="logs/tensorboard/{dataset}/seed{seed}/{method}",
        settings=train_settings,
    shell:
        r"""
        exec efgan --log {log:q} --threads {threads} train \
            --method {wildcards.method} \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            {params.centers} \
            --weights {output.weights:q} \
            --discriminators {output.discriminators:q} \
            --model {output.model:q} \
            --curves {output.curves:q} \
            --tensorboard {params.tensorboard:q} \
            {params.settings}
        """
