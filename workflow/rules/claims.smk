"""What the paper claims, and whether it holds in this run; before a run: what it could decide at all.

REQUIRED INPUTS: results/run.json; values behind every number; edits_test.npy, edits_test.csv, readings_au.csv
OUTPUTS: results/claims.json, .md, .csv, results/claims_plan.md,
         results/{dataset}/seed{seed}/{method}/values_gap.csv, values_left_over.csv, values_region_error.csv,
         and values_*.csv of what EF-GAN and Cascade EF-GAN do inside
"""


rule measure_claims:
    """Numbers of every edit that only the claims need."""
    input:
        index="results/{dataset}/crops.csv",
        edits="results/{dataset}/seed{seed}/{method}/edits_test.npy",
        edits_index="results/{dataset}/seed{seed}/{method}/edits_test.csv",
        patch_centers="results/{dataset}/patch_centers.json",
        readings=with_true_edits("{method}/readings_au.csv"),
        true_edits=with_true_edits("true_edit/edits_test.npy"),
        true_edits_index=with_true_edits("true_edit/edits_test.csv"),
        code=code_of("claim_values"),
    output:
        gap="results/{dataset}/seed{seed}/{method}/values_gap.csv",
        left_over="results/{dataset}/seed{seed}/{method}/values_left_over.csv",
        region_error="results/{dataset}/seed{seed}/{method}/values_region_error.csv",
    log:
        "logs/measure_claims/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_claims/{dataset}/seed{seed}/{method}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        readings=optional_flag("readings"),
        true_edits=optional_flag("true_edits"),
        true_edits_index=optional_flag("true_edits_index"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} claim_values \
            --method {wildcards.method} \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --index {input.index:q} \
            --edits {input.edits:q} \
            --edits-index {input.edits_index:q} \
            --patch-centers {input.patch_centers:q} \
            {params.readings} \
            {params.true_edits} \
            {params.true_edits_index} \
            --gap {output.gap:q} \
            --left-over {output.left_over:q} \
            --region-error {output.region_error:q}
        """


rule measure_claims_inside:
    """What EF-GAN (attention) and Cascade EF-GAN (Interpolator, paths) do inside, edit by edit."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        edits=asked_edits("edits_test.npy"),
        edits_index=asked_edits("edits_test.csv"),
        weights="results/{dataset}/seed{seed}/ef_gan/weights.safetensors",
        model="results/{dataset}/seed{seed}/ef_gan/model.json",
        cascade_weights=cascade_file("weights.safetensors"),
        cascade_model=cascade_file("model.json"),
        reader_weights=with_true_edits("real/au_regressor.safetensors"),
        reader_model=with_true_edits("real/au_regressor.json"),
        code=code_of("claim_networks"),
    output:
        values=inside_values("{dataset}", "{seed}"),
    log:
        "logs/measure_claims_inside/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/measure_claims_inside/{dataset}/seed{seed}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    resources:
        gpu=1,
    params:
        cascade_weights=optional_flag("cascade_weights"),
        cascade_model=optional_flag("cascade_model"),
        reader_weights=optional_flag("reader_weights"),
        reader_model=optional_flag("reader_model"),
        values=inside_flags,
    shell:
        r"""
        efgan --log {log:q} --threads {threads} claim_networks \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            --edits {input.edits:q} \
            --edits-index {input.edits_index:q} \
            --weights {input.weights:q} \
            --model {input.model:q} \
            {params.cascade_weights} \
            {params.cascade_model} \
            {params.reader_weights} \
            {params.reader_model} \
            {params.values}
        """


rule judge_claims:
    """Verdicts of the paper's claims by rules that are the same for every preset."""
    input:
        context="results/run.json",
        values=claim_values(),
        identity=claim_identity(),
        code=code_of("claims"),
    output:
        verdicts="results/claims.json",
        markdown=report(
            "results/claims.md",
            caption="../report/claims.rst",
            category=IN_REPORT["claims"],
            labels={"shows": "verdicts", "format": "Markdown"},
        ),
        csv=report(
            "results/claims.csv",
            caption="../report/claims.rst",
            category=IN_REPORT["claims"],
            labels={"shows": "verdicts", "format": "CSV"},
        ),
    log:
        "logs/judge_claims/claims.log",
    benchmark:
        "logs/benchmarks/judge_claims/claims.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        values=values_flags,
        identity=lambda wildcards, input: " ".join(
            f"--identity {quote(path)}" for path in for_all_seeds(input.identity)
        ),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} claims \
            --context {input.context:q} \
            --verdicts {output.verdicts:q} \
            --markdown {output.markdown:q} \
            --csv {output.csv:q} \
            {params.values} \
            {params.identity}
        """


rule plan_claims:
    """Which claims this preset can decide at all, from its test faces and people. Trains nothing; not part of `all`."""
    input:
        context="results/run.json",
        code=code_of("claims_plan"),
    output:
        plan="results/claims_plan.md",
    log:
        "logs/plan_claims/claims.log",
    benchmark:
        "logs/benchmarks/plan_claims/claims.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    shell:
        r"""
        efgan --log {log:q} --threads {threads} claims_plan \
            --context {input.context:q} \
            --plan {output.plan:q}
        """
