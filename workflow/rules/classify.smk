"""Expression classifiers: of real images (for R and G), and of real images with a method's edits (for R+G).

For a claim alone: both by further classifiers, where `measures.classifiers` asks for them.

REQUIRED INPUTS: crops.npy, crops.csv, split.csv; for R+G edits_train.npy, edits_train.csv
OUTPUTS: results/{dataset}/seed{seed}/{real or method}/classifier.safetensors, classifier.json,
         results/{dataset}/seed{seed}/{real or method}/values_again.csv
"""


rule classify:
    """Train the classifier on real training images."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        code=code_of("classify"),
    output:
        weights="results/{dataset}/seed{seed}/real/classifier.safetensors",
        model="results/{dataset}/seed{seed}/real/classifier.json",
    log:
        "logs/classify/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/classify/{dataset}/seed{seed}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        settings=flags("classifier"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} classify \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            --weights {output.weights:q} \
            --model {output.model:q} \
            {params.settings}
        """


rule classify_with_edits:
    """Train the classifier on real training images and a method's edits of them."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        edits="results/{dataset}/seed{seed}/{method}/edits_train.npy",
        edits_index="results/{dataset}/seed{seed}/{method}/edits_train.csv",
        code=code_of("classify"),
    output:
        weights="results/{dataset}/seed{seed}/{method}/classifier.safetensors",
        model="results/{dataset}/seed{seed}/{method}/classifier.json",
    log:
        "logs/classify_with_edits/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/classify_with_edits/{dataset}/seed{seed}/{method}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        settings=flags("classifier"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} classify \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            --edits {input.edits:q} \
            --edits-index {input.edits_index:q} \
            --weights {output.weights:q} \
            --model {output.model:q} \
            {params.settings}
        """


rule classify_again:
    """R (of method `real`) or R+G by further classifiers: one image of a small test set moves a single one."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        edits=edits_to_learn("edits_train.npy"),
        edits_index=edits_to_learn("edits_train.csv"),
        code=code_of("classify_again"),
    output:
        values="results/{dataset}/seed{seed}/{method}/values_again.csv",
    log:
        "logs/classify_again/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/classify_again/{dataset}/seed{seed}/{method}.tsv"
    wildcard_constraints:
        method=one_of(["real", *settings.methods]),
    conda:
        "../envs/efgan.yaml"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        edits=optional_flag("edits", "edits_index"),
        settings=flags("classifier", "measures.classifiers"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} classify_again \
            --method {wildcards.method} \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            {params.edits} \
            --values {output.values:q} \
            {params.settings}
        """
