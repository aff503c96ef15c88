"""How every number came to be: the record of the run, the page that shows it, and the run as an RO-Crate."""


# Snakemake's records and the logs are where Snakemake itself runs, on a cluster too.
localrules:
    record_provenance,
    build_page,
    describe_crate,


#: Every source file that a job of this workflow may execute: another one is another record. This file is included
#: last, so that all rules are known here.
RULE_CODE = sorted(
    {str(path) for rule in workflow.rules for path in rule.input if str(path).startswith(("src/", "workflow/"))}
    | {path for dataset in settings.all_datasets for path in download_code(dataset)}
)
#: The workflow's own files, which the RO-Crate carries along.
WORKFLOW_FILES = ["Snakefile", "config.yaml", *sorted(map(str, Path("workflow/rules").glob("*.smk")))]
#: Parts of the page that are no Python: `code_of` does not count them.
PAGE_PARTS = sorted(map(str, Path("src/cascade_efgan/audit/page/static").glob("*")))
#: The metric files behind every table.
TABLE_METRICS = sorted({path for table in study.tables for path in study.table_metrics(table)})
#: Whose pictures the page shows: every method and control, first seed.
SHOWN_EDITS = [
    f"results/{dataset}/seed{settings.seeds[0]}/{method}"
    for dataset in settings.datasets
    for method in study.figure_methods(dataset)
]


rule record_provenance:
    """Record every job behind the final files, with its command, seed and run time, and every file with its hash."""
    input:
        traced=study.final_files(),
        code=from_checkout(RULE_CODE),
        record_code=code_of("provenance"),
        workflow=from_checkout(WORKFLOW_FILES),
    output:
        record="results/provenance.json",
        sources="results/source.zip",
    log:
        "logs/record_provenance/run.log",
    benchmark:
        "logs/benchmarks/record_provenance/run.tsv"
    shell:
        command_of(
            "provenance",
            "--metadata .snakemake/metadata --out {output.record:q} {input.traced:q}",
            output="sources",
        )


rule build_page:
    """Build the page on which every number shows what made it."""
    input:
        record=rules.record_provenance.output.record,
        sources=rules.record_provenance.output.sources,
        run=rules.describe_run.output.run,
        traced=study.final_files(),
        metrics=TABLE_METRICS,
        crops=expand(crops()["crops"], dataset=settings.datasets),
        index=expand(crops()["index"], dataset=settings.datasets),
        edits=[f"{folder}/edits_test.{suffix}" for folder in SHOWN_EDITS for suffix in ("npy", "csv")],
        predictions=[f"{folder}/predictions_G.csv" for folder in SHOWN_EDITS],
        parts=from_checkout(PAGE_PARTS),
        code=code_of("page"),
    output:
        page="results/index.html",
    log:
        "logs/build_page/run.log",
    benchmark:
        "logs/benchmarks/build_page/run.tsv"
    shell:
        command_of("page", input="record run", output="page")


rule describe_crate:
    """Describe the run as a Workflow Run RO-Crate, its workflow included."""
    input:
        record=rules.record_provenance.output.record,
        run=rules.describe_run.output.run,
        workflow=from_checkout(WORKFLOW_FILES),
        code=code_of("crate"),
    output:
        metadata="results/ro-crate-metadata.json",
        workflow=[f"results/source/{path}" for path in WORKFLOW_FILES],
    log:
        "logs/describe_crate/run.log",
    benchmark:
        "logs/benchmarks/describe_crate/run.tsv"
    shell:
        command_of("crate", "{output.workflow:q}", input="record run", output="metadata")
