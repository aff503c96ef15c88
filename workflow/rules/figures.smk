"""The paper's figures, and what it lacks: curves, confusion, AUs, best and worst edits, the expression gap, bias of FID."""


rule draw_edits:
    """Draw edits side by side: methods (Fig. 5), ablation (Fig. 6), more edits (Fig. 11 to 14)."""
    input:
        **crops("crops", "index"),
        edits=of_methods("edits_test.npy", study.figure_methods),
        edits_index=of_methods("edits_test.csv", study.figure_methods),
        code=code_of("draw_edits"),
    output:
        methods=figure("fig05_methods"),
        ablation=figure("fig06_ablation"),
        more=figure("fig11_more_edits"),
        all_expressions=figure("fig12_all_expressions"),
    log:
        "logs/draw_edits/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/draw_edits/{dataset}/seed{seed}.tsv"
    params:
        edits=keyed_flags(study.figure_methods, "edits", "edits_index"),
        settings=flags("preset", "figures"),
    shell:
        command_of(
            "draw_edits",
            wildcards="dataset seed",
            input="crops index",
            output="methods ablation more all_expressions",
            params="edits settings",
        )


rule draw_networks:
    """Draw what networks do inside: attention (Fig. 3), the cascade's steps (Fig. 4), continuous editing (Fig. 7)."""
    input:
        **crops("crops", "index"),
        edits_index=f"{SEED}/unchanged/edits_test.csv",
        weights=f"{SEED}/ef_gan/weights.safetensors",
        model=f"{SEED}/ef_gan/model.json",
        cascade_weights=of_method("cascade_ef_gan", "weights.safetensors"),
        cascade_model=of_method("cascade_ef_gan", "model.json"),
        code=code_of("draw_networks"),
    output:
        attention=figure("fig03_attention"),
        steps=figure_of("cascade_ef_gan", "fig04_cascade_steps"),
        continuous=figure_of("cascade_ef_gan", "fig07_continuous"),
    log:
        "logs/draw_networks/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/draw_networks/{dataset}/seed{seed}.tsv"
    resources:
        gpu=1,
    params:
        cascade_weights=optional_flags("cascade_weights"),
        cascade_model=optional_flags("cascade_model"),
        steps=output_flag("steps"),
        continuous=output_flag("continuous"),
        settings=flags("preset", "figures"),
    shell:
        command_of(
            "draw_networks",
            wildcards="dataset seed",
            input="crops index edits_index weights model",
            output="attention",
            params="cascade_weights cascade_model steps continuous settings",
        )


rule draw_curves:
    """Draw the losses of every training on a data set, epoch by epoch."""
    input:
        curves=of_methods("curves.csv", study.trained_methods),
        code=code_of("draw_curves"),
    output:
        figure=figure("training_curves"),
    log:
        "logs/draw_curves/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/draw_curves/{dataset}/seed{seed}.tsv"
    wildcard_constraints:
        dataset=WITH_COMBINED,
    params:
        curves=keyed_flags(study.trained_methods, "curves"),
        settings=flags("preset", "figures"),
    shell:
        command_of("draw_curves", wildcards="dataset seed", output="figure", params="curves settings")


rule draw_scores:
    """Draw confusion matrices, quality against the expression gap, best edits and largest failures."""
    input:
        **crops("crops", "index"),
        real_predictions=rules.measure_accuracy_real.output.predictions,
        edits=of_methods("edits_test.npy", study.figure_methods),
        edits_index=of_methods("edits_test.csv", study.figure_methods),
        predictions=of_methods("predictions_G.csv", study.figure_methods),
        readings=where_true_edits(of_methods("readings_au.csv", study.figure_methods)),
        code=code_of("draw_scores"),
    output:
        confusion=figure("confusion"),
        gap=figure("expression_gap"),
        extremes=figure("best_and_worst"),
    log:
        "logs/draw_scores/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/draw_scores/{dataset}/seed{seed}.tsv"
    params:
        edits=keyed_flags(study.figure_methods, "edits", "edits_index", "predictions", "readings"),
        settings=flags("preset", "figures"),
    shell:
        command_of(
            "draw_scores",
            wildcards="dataset seed",
            input="crops index real_predictions",
            output="confusion gap extremes",
            params="edits settings",
        )


rule draw_aus:
    """Draw the AUs obtained against the AUs asked for (rendered faces only)."""
    input:
        edits_index=f"{SEED}/unchanged/edits_test.csv",
        readings=of_methods("readings_au.csv", study.figure_methods),
        metric=f"{SEED}/unchanged/metrics/au_error.json",
        code=code_of("draw_aus"),
    output:
        figure=figure("action_units"),
    log:
        "logs/draw_aus/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/draw_aus/{dataset}/seed{seed}.tsv"
    params:
        readings=keyed_flags(study.figure_methods, "readings"),
        settings=flags("preset", "figures"),
    shell:
        command_of(
            "draw_aus",
            wildcards="dataset seed",
            input="edits_index metric",
            output="figure",
            params="readings settings",
        )


rule draw_fid_curve:
    """Both distances against the number of images: how far the Fréchet distance is biased here."""
    input:
        real=rules.extract_features_real.output.features,
        real_vectors=rules.extract_features_real.output.vectors,
        vectors=lambda wildcards: expand(
            f"{METHOD}/features_test.npy",
            dataset=wildcards.dataset,
            seed=settings.seeds[0],
            method=study.curve_methods(wildcards.dataset),
        ),
        code=code_of("fid_curve"),
    output:
        csv="results/{dataset}/fid_curve.csv",
        picture=in_report(
            "results/{dataset}/fid_curve.png",
            "more",
            figure="F",
            shows="distance against the number of images",
            data="{dataset}",
        ),
        pdf="results/{dataset}/fid_curve.pdf",
    log:
        "logs/draw_fid_curve/{dataset}.log",
    benchmark:
        "logs/benchmarks/draw_fid_curve/{dataset}.tsv"
    params:
        vectors=keyed_flags(study.curve_methods, "vectors"),
        title=lambda wildcards: f"{wildcards.dataset}, preset {settings.preset}, seed {settings.seeds[0]}; "
        "random parts, bars: 1 deviation",
        seed=settings.statistics.seed,
    shell:
        command_of(
            "fid_curve",
            "--seed {params.seed} --title {params.title:q}",
            input="real real_vectors",
            output="csv picture pdf",
            params="vectors",
        )
