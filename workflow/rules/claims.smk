"""What the paper claims and whether it holds in this run; how much the tables move with the assumptions made."""


rule classify_again:
    """R (of method `real`) or R+G by further classifiers: one image of a small test set moves a single one."""
    input:
        **crops(),
        edits=if_trained(f"{METHOD}/edits_train.npy"),
        edits_index=if_trained(f"{METHOD}/edits_train.csv"),
        code=code_of("classify_again"),
    output:
        values=f"{METHOD}/values_again.csv",
    log:
        "logs/classify_again/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/classify_again/{dataset}/seed{seed}/{method}.tsv"
    wildcard_constraints:
        method=one_of(["real", *settings.methods]),
    threads: settings.threads
    resources:
        gpu=1,
    params:
        edits=optional_flags("edits", "edits_index"),
        settings=flags("classifier", "measures.classifiers"),
    shell:
        command_of(
            "classify_again",
            wildcards="method dataset seed",
            input="crops index split",
            output="values",
            params="edits settings",
        )


rule measure_claims:
    """Numbers of every edit that only the claims need, and of what EF-GAN and Cascade EF-GAN do inside."""
    input:
        **crops(),
        patch_centers=rules.average_patch_centers.output.centers,
        # What is asked for: the true edits where they are known, else the edits that do nothing.
        asked=where_true_edits(f"{SEED}/true_edit/edits_test.npy", f"{SEED}/unchanged/edits_test.npy"),
        asked_index=where_true_edits(f"{SEED}/true_edit/edits_test.csv", f"{SEED}/unchanged/edits_test.csv"),
        edits=of_methods("edits_test.npy", study.claim_methods),
        edits_index=of_methods("edits_test.csv", study.claim_methods),
        readings=where_true_edits(of_methods("readings_au.csv", study.claim_methods)),
        weights=of_method("ef_gan", "weights.safetensors"),
        model=of_method("ef_gan", "model.json"),
        cascade_weights=of_method("cascade_ef_gan", "weights.safetensors"),
        cascade_model=of_method("cascade_ef_gan", "model.json"),
        cascade_critics=of_method("cascade_ef_gan", "discriminators.safetensors"),
        reader_weights=where_true_edits(rules.regress_aus.output.weights),
        reader_model=where_true_edits(rules.regress_aus.output.model),
        code=code_of("claim_values"),
    output:
        values=f"{SEED}/values_claims.csv",
    log:
        "logs/measure_claims/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/measure_claims/{dataset}/seed{seed}.tsv"
    resources:
        gpu=1,
    params:
        methods=keyed_flags(study.claim_methods, "edits", "edits_index", "readings"),
        networks=optional_flags(
            "weights",
            "model",
            "cascade_weights",
            "cascade_model",
            "cascade_critics",
            "reader_weights",
            "reader_model",
        ),
    shell:
        command_of(
            "claim_values",
            wildcards="dataset seed",
            input="crops index split patch_centers asked asked_index",
            output="values",
            params="methods networks",
        )


rule measure_wild_claims:
    """AU change obtained in wild images, and change outside the face (Sec. 4.5)."""
    input:
        **crops("crops", "index"),
        **edits("test", "wild"),
        code=code_of("wild_values"),
    output:
        values=f"{SEED}/wild/values_claims.csv",
    log:
        "logs/measure_wild_claims/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/measure_wild_claims/{dataset}/seed{seed}.tsv"
    params:
        reader=settings.measures.aus,
        openface=OPENFACE_FLAG,
    shell:
        command_of(
            "wild_values",
            "--reader {params.reader}",
            wildcards="dataset seed",
            input="crops index edits edits_index",
            output="values",
            params="openface",
        )


rule judge_claims:
    """Verdicts of the paper's claims by rules that are the same for every preset."""
    input:
        context=rules.describe_run.output.run,
        values=study.claim_values(),
        identity=expand(f"{SEED}/same_person/metrics/identity.json", dataset=settings.datasets, seed=settings.seeds),
        code=code_of("claims"),
    output:
        verdicts="results/claims.json",
        markdown=in_report("results/claims.md", "claims", shows="verdicts", format="Markdown"),
        csv=in_report("results/claims.csv", "claims", shows="verdicts", format="CSV"),
    log:
        "logs/judge_claims/claims.log",
    benchmark:
        "logs/benchmarks/judge_claims/claims.tsv"
    params:
        values=seed_flags("values"),
        identity=seed_flags("identity"),
    shell:
        command_of("claims", input="context", output="verdicts markdown csv", params="values identity")


rule plan_claims:
    """Which claims this preset can decide at all, from its test faces and people. Trains nothing; not part of `all`."""
    input:
        context=rules.describe_run.output.run,
        measured=from_checkout(["resources/measured_claims.csv"]),
        code=code_of("claims_plan"),
    output:
        plan="results/claims_plan.md",
    log:
        "logs/plan_claims/claims.log",
    benchmark:
        "logs/benchmarks/plan_claims/claims.tsv"
    shell:
        command_of("claims_plan", input="context measured", output="plan")


rule sensitivity:
    """Vary the cheap assumptions of the evaluation, one at a time."""
    input:
        **crops(dataset=settings.datasets[0]),
        real_vectors=f"results/{settings.datasets[0]}/features_real.npy",
        run=lambda wildcards: study.sensitivity_inputs(),
        code=code_of("sensitivity"),
    output:
        csv="results/sensitivity.csv",
        markdown=in_report(
            "results/sensitivity.md", "tables", table="Tables", shows="sensitivity to assumptions", format="Markdown"
        ),
    log:
        "logs/sensitivity/sensitivity.log",
    benchmark:
        "logs/benchmarks/sensitivity/sensitivity.tsv"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        dataset=settings.datasets[0],
        seed=settings.seeds[0],
        folder=f"results/{settings.datasets[0]}/seed{settings.seeds[0]}",
        methods=" ".join(f"--method {name}" for name in study.sensitivity_methods),
        settings=flags(*Settings.model_fields),
    shell:
        command_of(
            "sensitivity",
            "--dataset {params.dataset} --seed {params.seed} --folder {params.folder:q}",
            input="crops index split",
            output="csv markdown",
            params="methods settings",
        )
