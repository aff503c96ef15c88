"""Numbers, training curves and settings in the form that `dvc metrics`, `dvc plots` and `dvc params` read.

REQUIRED INPUTS: {table}_table.csv; curves.csv of every training run
OUTPUTS: results/metrics/{table}/{dataset}/{method}.json, results/curves.csv, results/settings.yaml
"""


rule collect_metrics:
    """Write each row of the tables as a JSON file."""
    input:
        tables=expand("results/{table}_table.csv", table=TABLES),
        code=code_of("metrics"),
    output:
        rows=metric_files(),
    log:
        "logs/collect_metrics/metrics.log",
    benchmark:
        "logs/benchmarks/collect_metrics/metrics.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        tables=lambda wildcards, input: " ".join(f"--table {quote(path)}" for path in input.tables),
        rows=lambda wildcards, output: " ".join(f"--row {quote(path)}" for path in output.rows),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} metrics \
            {params.tables} \
            {params.rows}
        """


rule collect_curves:
    """Put the losses of all training runs together."""
    input:
        curves=training_curves(),
        code=code_of("curves"),
    output:
        curves="results/curves.csv",
    log:
        "logs/collect_curves/curves.log",
    benchmark:
        "logs/benchmarks/collect_curves/curves.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        curves=lambda wildcards, input: " ".join(f"--curves {quote(path)}" for path in input.curves),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} curves \
            {params.curves} \
            --out {output.curves:q}
        """


rule record_settings:
    """Write down every setting as it was resolved from preset, config.yaml and command line."""
    input:
        code=code_of("config"),
    output:
        settings="results/settings.yaml",
    log:
        "logs/record_settings/settings.log",
    benchmark:
        "logs/benchmarks/record_settings/settings.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        settings=flags(*Settings.model_fields),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} config \
            --out {output.settings:q} \
            {params.settings}
        """
