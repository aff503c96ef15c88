"""R, G and R+G (Sec. 4.3, Tables 1 and 3).

REQUIRED INPUTS: classifiers; crops.npy, crops.csv, split.csv; edits_test.npy, edits_test.csv
OUTPUTS: results/{dataset}/seed{seed}/{real or method}/metrics/R.json, G.json, R+G.json, each with its predictions
         and values_*.csv: what is behind it, image by image
"""


rule measure_accuracy_real:
    """R: the classifier of real images on real test images."""
    input:
        weights="results/{dataset}/seed{seed}/real/classifier.safetensors",
        model="results/{dataset}/seed{seed}/real/classifier.json",
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        code=code_of("accuracy"),
    output:
        metric="results/{dataset}/seed{seed}/real/metrics/R.json",
        predictions="results/{dataset}/seed{seed}/real/predictions_R.csv",
        values="results/{dataset}/seed{seed}/real/values_R.csv",
    log:
        "logs/measure_accuracy_real/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/measure_accuracy_real/{dataset}/seed{seed}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    resources:
        gpu=1,
    shell:
        r"""
        efgan --log {log:q} --threads {threads} accuracy \
            --name R \
            --method real \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --weights {input.weights:q} \
            --model {input.model:q} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            --metric {output.metric:q} \
            --predictions {output.predictions:q} \
            --values {output.values:q}
        """


rule measure_accuracy_edits:
    """G: the classifier of real images on a method's edits of the test images."""
    input:
        weights="results/{dataset}/seed{seed}/real/classifier.safetensors",
        model="results/{dataset}/seed{seed}/real/classifier.json",
        edits="results/{dataset}/seed{seed}/{method}/edits_test.npy",
        edits_index="results/{dataset}/seed{seed}/{method}/edits_test.csv",
        code=code_of("accuracy"),
    output:
        metric="results/{dataset}/seed{seed}/{method}/metrics/G.json",
        predictions="results/{dataset}/seed{seed}/{method}/predictions_G.csv",
        values="results/{dataset}/seed{seed}/{method}/values_G.csv",
    log:
        "logs/measure_accuracy_edits/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_accuracy_edits/{dataset}/seed{seed}/{method}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    resources:
        gpu=1,
    shell:
        r"""
        efgan --log {log:q} --threads {threads} accuracy \
            --name G \
            --method {wildcards.method} \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --weights {input.weights:q} \
            --model {input.model:q} \
            --edits {input.edits:q} \
            --edits-index {input.edits_index:q} \
            --metric {output.metric:q} \
            --predictions {output.predictions:q} \
            --values {output.values:q}
        """


rule measure_accuracy_augmented:
    """R+G: the classifier of real images and edits on real test images."""
    input:
        weights="results/{dataset}/seed{seed}/{method}/classifier.safetensors",
        model="results/{dataset}/seed{seed}/{method}/classifier.json",
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        code=code_of("accuracy"),
    output:
        metric="results/{dataset}/seed{seed}/{method}/metrics/R+G.json",
        predictions="results/{dataset}/seed{seed}/{method}/predictions_R+G.csv",
        values="results/{dataset}/seed{seed}/{method}/values_R+G.csv",
    log:
        "logs/measure_accuracy_augmented/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_accuracy_augmented/{dataset}/seed{seed}/{method}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    resources:
        gpu=1,
    shell:
        r"""
        efgan --log {log:q} --threads {threads} accuracy \
            --name R+G \
            --method {wildcards.method} \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --weights {input.weights:q} \
            --model {input.model:q} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            --metric {output.metric:q} \
            --predictions {output.predictions:q} \
            --values {output.values:q}
        """
