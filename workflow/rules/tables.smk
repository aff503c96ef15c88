"""Tables 1 to 3 and further measures, from metric files, their statistics and the description of the run alone."""


rule describe_run:
    """Write down what made the tables: preset, settings, and the facts of every data set."""
    input:
        index=expand(crops()["index"], dataset=settings.all_datasets),
        split=expand(crops()["split"], dataset=settings.all_datasets),
        excluded=expand("results/{dataset}/excluded.csv", dataset=settings.all_datasets),  # rules.X.output is no pattern in S3
        completeness=expand(photographs()["completeness"], dataset=settings.all_datasets),
        code=code_of("describe_run"),
    output:
        run=in_report("results/run.json", "run", what="settings and data sets"),
    log:
        "logs/describe_run/run.log",
    benchmark:
        "logs/benchmarks/describe_run/run.tsv"
    params:
        datasets=keyed_flags(settings.all_datasets, "index", "split", "excluded", "completeness"),
        settings=flags(*Settings.model_fields),
    shell:
        command_of("describe_run", "--out {output.run:q}", params="datasets settings")


rule compare_methods:
    """Intervals over people of every number of a table, and paired tests between its methods."""
    input:
        context=rules.describe_run.output.run,
        values=lambda wildcards: study.table_values(wildcards.table),
        code=code_of("compare"),
    output:
        comparisons="results/{table}_statistics.json",
        markdown=in_tables("statistics", "md", "Markdown", "intervals and tests"),
        csv=in_tables("statistics", "csv", "CSV", "intervals and tests"),
    log:
        "logs/compare_methods/{table}.log",
    benchmark:
        "logs/benchmarks/compare_methods/{table}.tsv"
    params:
        values=seed_flags("values"),
    shell:
        command_of(
            "compare",
            "--name {wildcards.table}",
            input="context",
            output="comparisons markdown csv",
            params="values",
        )


rule render_table:
    """Render a table as Markdown, CSV and LaTeX."""
    input:
        context=rules.describe_run.output.run,
        metrics=lambda wildcards: study.table_metrics(wildcards.table),
        comparisons=rules.compare_methods.output.comparisons,
        curves=lambda wildcards: study.table_curves(wildcards.table),
        code=code_of("table"),
    output:
        markdown=in_tables("table", "md", "Markdown"),
        csv=in_tables("table", "csv", "CSV"),
        latex=in_tables("table", "tex", "LaTeX"),
    log:
        "logs/render_table/{table}.log",
    benchmark:
        "logs/benchmarks/render_table/{table}.tsv"
    params:
        metrics=seed_flags("metrics"),
        curves=seed_flags("curves"),
    shell:
        command_of(
            "table",
            "--name {wildcards.table}",
            input="context comparisons",
            output="markdown csv latex",
            params="metrics curves",
        )


rule collect_metrics:
    """Write each row of the tables as a JSON file."""
    input:
        tables=expand("results/{table}_table.csv", table=study.tables),
        code=code_of("metrics"),
    output:
        rows=study.row_files(),
    log:
        "logs/collect_metrics/metrics.log",
    benchmark:
        "logs/benchmarks/collect_metrics/metrics.tsv"
    params:
        tables=lambda wildcards, input: " ".join(f"--table {quote(path)}" for path in input.tables),
        rows=lambda wildcards, output: " ".join(f"--row {quote(path)}" for path in output.rows),
    shell:
        command_of("metrics", params="tables rows")


rule collect_curves:
    """Put the losses of all training runs together."""
    input:
        curves=study.training_curves(),
        code=code_of("curves"),
    output:
        curves="results/curves.csv",
    log:
        "logs/collect_curves/curves.log",
    benchmark:
        "logs/benchmarks/collect_curves/curves.tsv"
    params:
        curves=lambda wildcards, input: " ".join(f"--curves {quote(path)}" for path in input.curves),
    shell:
        command_of("curves", "--out {output.curves:q}", params="curves")


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
    params:
        settings=flags(*Settings.model_fields),
    shell:
        command_of("config", "--out {output.settings:q}", params="settings")
