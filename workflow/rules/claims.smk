"""What the paper claims, and whether it holds in this run; before a run: what it could decide at all.

REQUIRED INPUTS: results/run.json; values behind every number; edits_test.npy, edits_test.csv, readings_au.csv; weights
OUTPUTS: results/claims.json, .md, .csv, results/claims_plan.md, results/{dataset}/seed{seed}/values_claims.csv,
         results/{dataset}/seed{seed}/wild/values_claims.csv
"""


rule measure_claims:
    """Numbers of every edit that only the claims need, and of what EF-GAN and Cascade EF-GAN do inside."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        patch_centers="results/{dataset}/patch_centers.json",
        asked=asked_edits("edits_test.npy"),
        asked_index=asked_edits("edits_test.csv"),
        edits=of_methods("edits_test.npy", claim_methods),
        edits_index=of_methods("edits_test.csv", claim_methods),
        readings=claim_readings,
        weights=of_trained("ef_gan", "weights.safetensors"),
        model=of_trained("ef_gan", "model.json"),
        cascade_weights=of_trained("cascade_ef_gan", "weights.safetensors"),
        cascade_model=of_trained("cascade_ef_gan", "model.json"),
        cascade_critics=of_trained("cascade_ef_gan", "discriminators.safetensors"),
        reader_weights=with_true_edits("real/au_regressor.safetensors"),
        reader_model=with_true_edits("real/au_regressor.json"),
        code=code_of("claim_values"),
    output:
        values="results/{dataset}/seed{seed}/values_claims.csv",
    log:
        "logs/measure_claims/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/measure_claims/{dataset}/seed{seed}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    resources:
        gpu=1,
    params:
        methods=method_flags(claim_methods, "edits", "edits_index", "readings"),
        networks=optional_flag(
            "weights",
            "model",
            "cascade_weights",
            "cascade_model",
            "cascade_critics",
            "reader_weights",
            "reader_model",
        ),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} claim_values \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            --patch-centers {input.patch_centers:q} \
            --asked {input.asked:q} \
            --asked-index {input.asked_index:q} \
            {params.methods} \
            {params.networks} \
            --values {output.values:q}
        """


rule measure_wild_claims:
    """AU change obtained in wild images, and change outside the face (Sec. 4.5)."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        edits="results/{dataset}/seed{seed}/wild/edits_test.npy",
        edits_index="results/{dataset}/seed{seed}/wild/edits_test.csv",
        code=code_of("wild_values"),
    output:
        values="results/{dataset}/seed{seed}/wild/values_claims.csv",
    log:
        "logs/measure_wild_claims/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/measure_wild_claims/{dataset}/seed{seed}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        reader=settings.measures.aus,
        openface=f"--openface {quote(OPENFACE_PROGRAM)}" if OPENFACE_PROGRAM else "",
    shell:
        r"""
        efgan --log {log:q} --threads {threads} wild_values \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --edits {input.edits:q} \
            --edits-index {input.edits_index:q} \
            --reader {params.reader} \
            {params.openface} \
            --values {output.values:q}
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
