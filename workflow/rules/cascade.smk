"""Cascades: Baseline + Cascade, Cascade EF-GAN.

REQUIRED INPUTS: as for `train`, and the weights of the single-step method, same seed
OUTPUTS: results/{dataset}/seed{seed}/{method}/weights.safetensors, discriminators.safetensors, model.json, curves.csv
"""


rule finetune_cascade:
    """Fine-tune a cascade whose every module starts from the single-step weights (Sec. 3.3, Sec. 8)."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        centers=patch_centers,
        pretrained=pretrained("weights.safetensors"),
        pretrained_discriminators=pretrained("discriminators.safetensors"),
        code=code_of("finetune_cascade"),
    output:
        weights="results/{dataset}/seed{seed}/{method}/weights.safetensors",
        discriminators="results/{dataset}/seed{seed}/{method}/discriminators.safetensors",
        model="results/{dataset}/seed{seed}/{method}/model.json",
        curves="results/{dataset}/seed{seed}/{method}/curves.csv",
    log:
        "logs/finetune_cascade/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/finetune_cascade/{dataset}/seed{seed}/{method}.tsv"
    wildcard_constraints:
        dataset=with_combined(),
        method=one_of(FINETUNED),
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
        settings=flags("crop", "patches", "network", "losses", "finetune"),
    shell:
        r"""
        exec efgan --log {log:q} --threads {threads} finetune_cascade \
            --method {wildcards.method} \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            {params.centers} \
            --pretrained {input.pretrained:q} \
            --pretrained-discriminators {input.pretrained_discriminators:q} \
            --weights {output.weights:q} \
            --discriminators {output.discriminators:q} \
            --model {output.model:q} \
            --curves {output.curves:q} \
            --tensorboard {params.tensorboard:q} \
            {params.settings}
        """
