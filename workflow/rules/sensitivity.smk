"""How much the tables move with the assumptions of the evaluation. Not part of `all`: some minutes on a laptop.

REQUIRED INPUTS: a finished run of the first data set and seed
OUTPUTS: results/sensitivity.md, results/sensitivity.csv
"""


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
        markdown=report(
            "results/sensitivity.md",
            caption="../report/sensitivity.rst",
            category=IN_REPORT["tables"],
            labels={"table": "Tables", "shows": "sensitivity to assumptions", "format": "Markdown"},
        ),
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
