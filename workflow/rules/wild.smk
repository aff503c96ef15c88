"""Wild images: Cascade EF-GAN pre-trained on posed photographs, then fine-tuned (Sec. 4.5, Fig. 8).

REQUIRED INPUTS: crops.npy, crops.csv, split.csv of the data sets of the pre-training and of the wild images
OUTPUTS: results/combined/crops.npy, crops.csv, split.csv;
results/{dataset}/seed{seed}/wild/weights.safetensors, discriminators.safetensors, model.json, curves.csv;
results/{dataset}/seed{seed}/{pretrained or wild}/edits_test.npy, edits_test.csv
"""


rule combine:
    """Put the data sets of the pre-training together."""
    input:
        crops=of_pretraining("crops.npy"),
        index=of_pretraining("crops.csv"),
        split=of_pretraining("split.csv"),
        code=code_of("combine"),
    output:
        crops="results/combined/crops.npy",
        index="results/combined/crops.csv",
        split="results/combined/split.csv",
    log:
        "logs/combine/combined.log",
    benchmark:
        "logs/benchmarks/combine/combined.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        sources=combine_flags,
    shell:
        r"""
        efgan --log {log:q} --threads {threads} combine \
            {params.sources} \
            --crops {output.crops:q} \
            --index {output.index:q} \
            --split {output.split:q}
        """


rule finetune_wild:
    """Fine-tune the pre-trained Cascade EF-GAN on wild images (Sec. 4.5)."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        pretrained=f"results/{PRETRAINING}/seed{{seed}}/cascade_ef_gan/weights.safetensors",
        pretrained_discriminators=f"results/{PRETRAINING}/seed{{seed}}/cascade_ef_gan/discriminators.safetensors",
        pretrained_model=f"results/{PRETRAINING}/seed{{seed}}/cascade_ef_gan/model.json",
        code=code_of("finetune_wild"),
    output:
        weights="results/{dataset}/seed{seed}/wild/weights.safetensors",
        discriminators="results/{dataset}/seed{seed}/wild/discriminators.safetensors",
        model="results/{dataset}/seed{seed}/wild/model.json",
        curves="results/{dataset}/seed{seed}/wild/curves.csv",
    log:
        "logs/finetune_wild/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/finetune_wild/{dataset}/seed{seed}.tsv"
    priority: 20
    retries: PREEMPTIONS
    conda:
        "../envs/efgan.yaml"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        tensorboard="logs/tensorboard/{dataset}/seed{seed}/wild",
        settings=flags("losses", "wild"),
    shell:
        r"""
        exec efgan --log {log:q} --threads {threads} finetune_wild \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            --pretrained {input.pretrained:q} \
            --pretrained-discriminators {input.pretrained_discriminators:q} \
            --pretrained-model {input.pretrained_model:q} \
            --weights {output.weights:q} \
            --discriminators {output.discriminators:q} \
            --model {output.model:q} \
            --curves {output.curves:q} \
            --tensorboard {params.tensorboard:q} \
            {params.settings}
        """


rule generate_wild:
    """Edit wild test images to every expression of the pre-training, before and after fine-tuning (Fig. 8)."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        weights=wild_generator("weights.safetensors"),
        model=wild_generator("model.json"),
        targets_index=f"results/{PRETRAINING}/crops.csv",
        targets_split=f"results/{PRETRAINING}/split.csv",
        code=code_of("generate"),
    output:
        edits="results/{dataset}/seed{seed}/{stage}/edits_test.npy",
        edits_index="results/{dataset}/seed{seed}/{stage}/edits_test.csv",
    log:
        "logs/generate_wild/{dataset}/seed{seed}/{stage}.log",
    benchmark:
        "logs/benchmarks/generate_wild/{dataset}/seed{seed}/{stage}.tsv"
    wildcard_constraints:
        stage="pretrained|wild",
    conda:
        "../envs/efgan.yaml"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        settings=flags("generation_batch"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} generate \
            --method cascade_ef_gan \
            --part test \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            --weights {input.weights:q} \
            --model {input.model:q} \
            --targets-index {input.targets_index:q} \
            --targets-split {input.targets_split:q} \
            --edits {output.edits:q} \
            --edits-index {output.edits_index:q} \
            {params.settings}
        """
