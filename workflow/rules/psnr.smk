"""PSNR of edits (Sec. 4.3, Table 2), and SSIM of the same pairs.

REQUIRED INPUTS: edits_test.npy, edits_test.csv; crops.npy, crops.csv or the true edits
OUTPUTS: results/{dataset}/seed{seed}/{method}/metrics/psnr.json, psnr_true.json, ssim.json,
         values_psnr.csv, values_psnr_true.csv, values_ssim.csv
"""


rule measure_psnr:
    """PSNR and SSIM between each edit and the same person's real image with the target expression."""
    input:
        edits="results/{dataset}/seed{seed}/{method}/edits_test.npy",
        edits_index="results/{dataset}/seed{seed}/{method}/edits_test.csv",
        crops="results/{dataset}/crops.npy",
        index="results/{dataset}/crops.csv",
        code=code_of("psnr"),
    output:
        metric="results/{dataset}/seed{seed}/{method}/metrics/psnr.json",
        values="results/{dataset}/seed{seed}/{method}/values_psnr.csv",
        ssim_metric="results/{dataset}/seed{seed}/{method}/metrics/ssim.json",
        ssim_values="results/{dataset}/seed{seed}/{method}/values_ssim.csv",
    log:
        "logs/measure_psnr/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_psnr/{dataset}/seed{seed}/{method}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    shell:
        r"""
        efgan --log {log:q} --threads {threads} psnr \
            --name psnr \
            --method {wildcards.method} \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --edits {input.edits:q} \
            --edits-index {input.edits_index:q} \
            --crops {input.crops:q} \
            --index {input.index:q} \
            --metric {output.metric:q} \
            --values {output.values:q} \
            --ssim-metric {output.ssim_metric:q} \
            --ssim-values {output.ssim_values:q}
        """


rule measure_psnr_true:
    """PSNR between each edit and the true edit: same person, pose and light, target AUs (rendered faces only)."""
    input:
        edits="results/{dataset}/seed{seed}/{method}/edits_test.npy",
        edits_index="results/{dataset}/seed{seed}/{method}/edits_test.csv",
        true_edits="results/{dataset}/seed{seed}/true_edit/edits_test.npy",
        true_edits_index="results/{dataset}/seed{seed}/true_edit/edits_test.csv",
        code=code_of("psnr"),
    output:
        metric="results/{dataset}/seed{seed}/{method}/metrics/psnr_true.json",
        values="results/{dataset}/seed{seed}/{method}/values_psnr_true.csv",
    log:
        "logs/measure_psnr_true/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_psnr_true/{dataset}/seed{seed}/{method}.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    shell:
        r"""
        efgan --log {log:q} --threads {threads} psnr \
            --name psnr_true \
            --method {wildcards.method} \
            --dataset {wildcards.dataset} \
            --seed {wildcards.seed} \
            --edits {input.edits:q} \
            --edits-index {input.edits_index:q} \
            --true-edits {input.true_edits:q} \
            --true-edits-index {input.true_edits_index:q} \
            --metric {output.metric:q} \
            --values {output.values:q}
        """
