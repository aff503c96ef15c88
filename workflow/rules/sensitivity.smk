"""How much the tables move with the assumptions of the evaluation. Not part of `all`: some minutes on a laptop.

REQUIRED INPUTS: a finished run of the first data set and seed
OUTPUTS: results/sensitivity.md, results/sensitivity.csv
"""

SENSITIVITY_METHODS = [
    "unchanged",
    *([name for name in COMPARED if name in settings.methods] or settings.methods),
]


def sensitivity_inputs(wildcards):
    """What a finished run offers: edits, values, features, weights, and numbers of each method."""
    dataset = settings.datasets[0]
    folder = f"results/{dataset}/seed{settings.seeds[0]}"
    paths = [f"{folder}/real/{name}" for name in ("classifier.safetensors", "classifier.json")]
    if has_true_edits(dataset):
        paths += [f"{folder}/real/{name}" for name in ("au_regressor.safetensors", "au_regressor.json")]
    for method in SENSITIVITY_METHODS:
        names = ["edits_test.npy", "edits_test.csv", "features_test.npy", "values_G.csv", "values_psnr.csv"]
        names += ["metrics/G.json", "metrics/psnr.json", "metrics/fid.json"]
        if method not in CONTROLS:
            names += ["edits_train.npy", "edits_train.csv", "metrics/R+G.json", "weights.safetensors", "model.json"]
        paths += [f"{folder}/{method}/{name}" for name in names]
    return paths


rule sensitivity:
    """Vary the cheap assumptions of the evaluation, one at a time."""
    input:
        crops=f"results/{settings.datasets[0]}/crops.npy",
        index=f"results/{settings.datasets[0]}/crops.csv",
        split=f"results/{settings.datasets[0]}/split.csv",
        real_vectors=f"results/{settings.datasets[0]}/features_real.npy",
        run=sensitivity_inputs,
        code=code_of("sensitivity"),
    output:
        csv="results/sensitivity.csv",
        markdown="results/sensitivity.md",
    log:
        "logs/sensitivity/sensitivity.log",
    benchmark:
        "logs/benchmarks/sensitivity/sensitivity.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        dataset=settings.datasets[0],
        seed=settings.seeds[0],
        folder=f"results/{settings.datasets[0]}/seed{settings.seeds[0]}",
        methods=" ".join(f"--method {name}" for name in SENSITIVITY_METHODS),
        settings=flags(*Settings.model_fields),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} sensitivity \
            --dataset {params.dataset} \
            --seed {params.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            --folder {params.folder:q} \
            {params.methods} \
            --csv {output.csv:q} \
            --markdown {output.markdown:q} \
            {params.settings}
        """
