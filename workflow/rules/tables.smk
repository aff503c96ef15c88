"""Tables 1 to 3 and further measures, rendered from metric files, their statistics and the description of the run alone.

REQUIRED INPUTS: metric files and the values behind them; crops.csv, split.csv, excluded.csv, completeness.json of every data set
OUTPUTS: results/run.json, results/{table}_statistics.json, .md, .csv, results/{table}_table.md, .csv, .tex
"""


rule describe_run:
    """Write down what made the tables: preset, settings, and the facts of every data set."""
    input:
        index=of_datasets("crops.csv"),
        split=of_datasets("split.csv"),
        excluded=of_datasets("excluded.csv"),
        completeness=of_datasets("completeness.json"),
        code=code_of("describe_run"),
    output:
        run=report(
            "results/run.json",
            caption="../report/run.rst",
            category=IN_REPORT["run"],
            labels={"what": "settings and data sets"},
        ),
    log:
        "logs/describe_run/run.log",
    benchmark:
        "logs/benchmarks/describe_run/run.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        datasets=dataset_flags,
        settings=flags(*Settings.model_fields),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} describe_run \
            --out {output.run:q} \
            {params.datasets} \
            {params.settings}
        """


rule compare_methods:
    """Intervals over people of every number of a table, and paired tests between its methods."""
    input:
        context="results/run.json",
        values=table_values,
        code=code_of("compare"),
    output:
        comparisons="results/{table}_statistics.json",
        markdown=report(
            "results/{table}_statistics.md",
            caption="../report/statistics.rst",
            category=IN_REPORT["tables"],
            labels=table_labels("Markdown", "intervals and tests"),
        ),
        csv=report(
            "results/{table}_statistics.csv",
            caption="../report/statistics.rst",
            category=IN_REPORT["tables"],
            labels=table_labels("CSV", "intervals and tests"),
        ),
    log:
        "logs/compare_methods/{table}.log",
    benchmark:
        "logs/benchmarks/compare_methods/{table}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        values=values_flags,
    shell:
        r"""
        efgan --log {log:q} --threads {threads} compare \
            --name {wildcards.table} \
            --context {input.context:q} \
            --comparisons {output.comparisons:q} \
            --markdown {output.markdown:q} \
            --csv {output.csv:q} \
            {params.values}
        """


rule render_table:
    """Render a table as Markdown, CSV and LaTeX."""
    input:
        context="results/run.json",
        metrics=table_metrics,
        comparisons="results/{table}_statistics.json",
        curves=table_curves,
        code=code_of("table"),
    output:
        markdown=report(
            "results/{table}_table.md",
            caption="../report/table.rst",
            category=IN_REPORT["tables"],
            labels=table_labels("Markdown"),
        ),
        csv=report(
            "results/{table}_table.csv",
            caption="../report/table.rst",
            category=IN_REPORT["tables"],
            labels=table_labels("CSV"),
        ),
        latex=report(
            "results/{table}_table.tex",
            caption="../report/table.rst",
            category=IN_REPORT["tables"],
            labels=table_labels("LaTeX"),
        ),
    log:
        "logs/render_table/{table}.log",
    benchmark:
        "logs/benchmarks/render_table/{table}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        metrics=metrics_flags,
        curves=curves_flags,
    shell:
        r"""
        efgan --log {log:q} --threads {threads} table \
            --name {wildcards.table} \
            --context {input.context:q} \
            {params.metrics} \
            --comparisons {input.comparisons:q} \
            {params.curves} \
            --markdown {output.markdown:q} \
            --csv {output.csv:q} \
            --latex {output.latex:q}
        """
