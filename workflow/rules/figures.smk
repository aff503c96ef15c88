"""The paper's figures, and what it lacks: curves, confusion, AUs, best and worst edits, the expression gap.

REQUIRED INPUTS: crops.npy, crops.csv, split.csv; edits_test.npy, edits_test.csv; weights.safetensors, model.json,
curves.csv; predictions_R.csv, predictions_G.csv; readings_au.csv
OUTPUTS: results/{dataset}/seed{seed}/figures/{name}.png, .pdf, .json (its caption)
"""


rule draw_edits:
    """Draw edits side by side: methods (Fig. 5), ablation (Fig. 6), more edits (Fig. 11 to 14)."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        edits=of_methods("edits_test.npy", figure_methods),
        edits_index=of_methods("edits_test.csv", figure_methods),
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
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        edits=method_flags(figure_methods, "edits", "edits_index"),
        settings=figure_settings(),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} draw_edits \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            {params.edits} \
            --methods {output.methods:q} \
            --ablation {output.ablation:q} \
            --more {output.more:q} \
            --all-expressions {output.all_expressions:q} \
            {params.settings}
        """


rule draw_networks:
    """Draw what networks do inside: attention (Fig. 3), the cascade's steps (Fig. 4), continuous editing (Fig. 7)."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        edits_index="results/{dataset}/seed{seed}/unchanged/edits_test.csv",
        weights="results/{dataset}/seed{seed}/ef_gan/weights.safetensors",
        model="results/{dataset}/seed{seed}/ef_gan/model.json",
        cascade_weights=of_trained("cascade_ef_gan", "weights.safetensors"),
        cascade_model=of_trained("cascade_ef_gan", "model.json"),
        code=code_of("draw_networks"),
    output:
        attention=figure("fig03_attention"),
        steps=figure_of_method("fig04_cascade_steps", "cascade_ef_gan"),
        continuous=figure_of_method("fig07_continuous", "cascade_ef_gan"),
    log:
        "logs/draw_networks/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/draw_networks/{dataset}/seed{seed}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    resources:
        gpu=1,
    params:
        cascade_weights=optional_flag("cascade_weights"),
        cascade_model=optional_flag("cascade_model"),
        steps=figure_flag("steps", "cascade_ef_gan"),
        continuous=figure_flag("continuous", "cascade_ef_gan"),
        settings=figure_settings(),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} draw_networks \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --edits-index {input.edits_index:q} \
            --weights {input.weights:q} \
            --model {input.model:q} \
            {params.cascade_weights} \
            {params.cascade_model} \
            --attention {output.attention:q} \
            {params.steps} \
            {params.continuous} \
            {params.settings}
        """


rule draw_wild:
    """Draw wild images and their edits, before and after fine-tuning (Fig. 8, 10)."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        pretrained="results/{dataset}/seed{seed}/pretrained/edits_test.npy",
        pretrained_index="results/{dataset}/seed{seed}/pretrained/edits_test.csv",
        wild="results/{dataset}/seed{seed}/wild/edits_test.npy",
        wild_index="results/{dataset}/seed{seed}/wild/edits_test.csv",
        examples=f"results/{PRETRAINING}/crops.npy",
        examples_index=f"results/{PRETRAINING}/crops.csv",
        examples_split=f"results/{PRETRAINING}/split.csv",
        code=code_of("draw_wild"),
    output:
        figure=figure("fig08_wild"),
    log:
        "logs/draw_wild/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/draw_wild/{dataset}/seed{seed}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        settings=figure_settings(),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} draw_wild \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --pretrained {input.pretrained:q} \
            --pretrained-index {input.pretrained_index:q} \
            --wild {input.wild:q} \
            --wild-index {input.wild_index:q} \
            --examples {input.examples:q} \
            --examples-index {input.examples_index:q} \
            --examples-split {input.examples_split:q} \
            --figure {output.figure:q} \
            {params.settings}
        """


rule draw_curves:
    """Draw the losses of every training on a data set, epoch by epoch."""
    input:
        curves=of_methods("curves.csv", trained_methods),
        code=code_of("draw_curves"),
    output:
        figure=figure("training_curves"),
    log:
        "logs/draw_curves/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/draw_curves/{dataset}/seed{seed}.tsv"
    wildcard_constraints:
        dataset=with_combined(),
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        curves=method_flags(trained_methods, "curves"),
        settings=figure_settings(),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} draw_curves \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            {params.curves} \
            --figure {output.figure:q} \
            {params.settings}
        """


rule draw_scores:
    """Draw confusion matrices, quality against the expression gap, best edits and largest failures."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        real_predictions="results/{dataset}/seed{seed}/real/predictions_R.csv",
        edits=of_methods("edits_test.npy", figure_methods),
        edits_index=of_methods("edits_test.csv", figure_methods),
        predictions=of_methods("predictions_G.csv", figure_methods),
        readings=readings_of_edits,
        code=code_of("draw_scores"),
    output:
        confusion=figure("confusion"),
        gap=figure("expression_gap"),
        extremes=figure("best_and_worst"),
    log:
        "logs/draw_scores/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/draw_scores/{dataset}/seed{seed}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        edits=method_flags(figure_methods, "edits", "edits_index", "predictions", "readings"),
        settings=figure_settings(),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} draw_scores \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --real-predictions {input.real_predictions:q} \
            {params.edits} \
            --confusion {output.confusion:q} \
            --gap {output.gap:q} \
            --extremes {output.extremes:q} \
            {params.settings}
        """


rule draw_aus:
    """Draw the AUs obtained against the AUs asked for (rendered faces only)."""
    input:
        edits_index="results/{dataset}/seed{seed}/unchanged/edits_test.csv",
        readings=of_methods("readings_au.csv", figure_methods),
        metric="results/{dataset}/seed{seed}/unchanged/metrics/au_error.json",
        code=code_of("draw_aus"),
    output:
        figure=figure("action_units"),
    log:
        "logs/draw_aus/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/draw_aus/{dataset}/seed{seed}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        readings=method_flags(figure_methods, "readings"),
        settings=figure_settings(),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} draw_aus \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --edits-index {input.edits_index:q} \
            {params.readings} \
            --metric {input.metric:q} \
            --figure {output.figure:q} \
            {params.settings}
        """
