"""AU error of edits (beyond the paper): of rendered faces by a small network, of photographs by OpenFace or MediaPipe.

REQUIRED INPUTS: crops.npy, crops.csv, split.csv; edits_test.npy, edits_test.csv
OUTPUTS: results/{dataset}/seed{seed}/real/au_regressor.safetensors, au_regressor.json,
         results/{dataset}/seed{seed}/{method}/metrics/au_error.json,
         results/{dataset}/seed{seed}/{method}/readings_au.csv
"""


rule regress_aus:
    """Train the AU regressor on rendered training faces; its error on test faces stands in the JSON."""
    input:
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        split="results/{dataset}/split.csv",
        code=code_of("regress_aus"),
    output:
        weights="results/{dataset}/seed{seed}/real/au_regressor.safetensors",
        model="results/{dataset}/seed{seed}/real/au_regressor.json",
    log:
        "logs/regress_aus/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/regress_aus/{dataset}/seed{seed}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: settings.threads
    resources:
        gpu=1,
    params:
        settings=flags("au_regressor"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} regress_aus \
            --seed {wildcards.seed} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --split {input.split:q} \
            --weights {output.weights:q} \
            --model {output.model:q} \
            {params.settings}
        """


rule measure_au_error:
    """Mean absolute error between the AUs that the regressor sees in the edits and their targets."""
    input:
        weights="results/{dataset}/seed{seed}/real/au_regressor.safetensors",
        model="results/{dataset}/seed{seed}/real/au_regressor.json",
        edits="results/{dataset}/seed{seed}/{method}/edits_test.npy",
        edits_index="results/{dataset}/seed{seed}/{method}/edits_test.csv",
        code=code_of("au_error"),
    output:
        metric="results/{dataset}/seed{seed}/{method}/metrics/au_error.json",
        readings="results/{dataset}/seed{seed}/{method}/readings_au.csv",
        values="results/{dataset}/seed{seed}/{method}/values_au_error.csv",
    log:
        "logs/measure_au_error/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_au_error/{dataset}/seed{seed}/{method}.tsv"
    wildcard_constraints:
        dataset=one_of([name for name in settings.datasets if has_true_edits(name)]),
    conda:
        "../envs/efgan.yaml"
    threads: 1
    resources:
        gpu=1,
    shell:
        r"""
        efgan --log {log:q} --threads {threads} au_error \
            --method {wildcards.method} \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --weights {input.weights:q} \
            --model {input.model:q} \
            --edits {input.edits:q} \
            --edits-index {input.edits_index:q} \
            --metric {output.metric:q} \
            --readings {output.readings:q} \
            --values {output.values:q}
        """


rule measure_au_error_of_photographs:
    """The same of photographs, whose AUs OpenFace reads where it is installed, else MediaPipe."""
    input:
        edits="results/{dataset}/seed{seed}/{method}/edits_test.npy",
        edits_index="results/{dataset}/seed{seed}/{method}/edits_test.csv",
        code=code_of("photograph_aus"),
    output:
        metric="results/{dataset}/seed{seed}/{method}/metrics/au_error.json",
        values="results/{dataset}/seed{seed}/{method}/values_au_error.csv",
    log:
        "logs/measure_au_error_of_photographs/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_au_error_of_photographs/{dataset}/seed{seed}/{method}.tsv"
    wildcard_constraints:
        dataset=one_of([name for name in settings.datasets if not has_true_edits(name)]),
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        reader=settings.measures.aus,
        openface=f"--openface {quote(OPENFACE_PROGRAM)}" if OPENFACE_PROGRAM else "",
    shell:
        r"""
        efgan --log {log:q} --threads {threads} photograph_aus \
            --method {wildcards.method} \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --edits {input.edits:q} \
            --edits-index {input.edits_index:q} \
            --reader {params.reader} \
            {params.openface} \
            --metric {output.metric:q} \
            --values {output.values:q}
        """
