"""The numbers of every method: R, G, R+G, PSNR, SSIM, distances of features, identity, AU error."""


rule measure_accuracy_real:
    """R: the classifier of real images on real test images."""
    input:
        **crops(),
        weights=rules.classify.output.weights,
        model=rules.classify.output.model,
        code=code_of("accuracy"),
    output:
        **measured("R", method="real"),
        predictions=f"{SEED}/real/predictions_R.csv",
    log:
        "logs/measure_accuracy_real/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/measure_accuracy_real/{dataset}/seed{seed}.tsv"
    resources:
        gpu=1,
    params:
        name="R",
        method="real",
    shell:
        command_of(
            "accuracy",
            "--name {params.name} --method {params.method}",
            wildcards="dataset seed",
            input="weights model crops index split",
            output="metric predictions values",
        )


rule measure_accuracy_edits:
    """G: the classifier of real images on a method's edits of the test images."""
    input:
        **edits("test"),
        weights=rules.classify.output.weights,
        model=rules.classify.output.model,
        code=code_of("accuracy"),
    output:
        **measured("G"),
        predictions=f"{METHOD}/predictions_G.csv",
    log:
        "logs/measure_accuracy_edits/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_accuracy_edits/{dataset}/seed{seed}/{method}.tsv"
    resources:
        gpu=1,
    shell:
        command_of(
            "accuracy",
            "--name G",
            wildcards="method dataset seed",
            input="weights model edits edits_index",
            output="metric predictions values",
        )


use rule measure_accuracy_real as measure_accuracy_augmented with:
    """R+G: the classifier of real images and edits on real test images."""
    input:
        **crops(),
        weights=rules.classify_with_edits.output.weights,
        model=rules.classify_with_edits.output.model,
        code=code_of("accuracy"),
    output:
        **measured("R+G"),
        predictions=f"{METHOD}/predictions_R+G.csv",
    log:
        "logs/measure_accuracy_augmented/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_accuracy_augmented/{dataset}/seed{seed}/{method}.tsv"
    params:
        name="R+G",
        method="{method}",


rule measure_psnr:
    """PSNR between each edit and the same person's real image with the target expression."""
    input:
        **edits("test"),
        partners=crops()["crops"],
        partners_index=crops()["index"],
        code=code_of("similarity"),
    output:
        **measured("psnr"),
    log:
        "logs/measure_psnr/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_psnr/{dataset}/seed{seed}/{method}.tsv"
    params:
        name="psnr",
    shell:
        command_of(
            "similarity",
            "--name {params.name}",
            wildcards="method dataset seed",
            input="edits edits_index partners partners_index",
            output="metric values",
        )


use rule measure_psnr as measure_ssim with:
    """SSIM of the same pairs."""
    output:
        **measured("ssim"),
    log:
        "logs/measure_ssim/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_ssim/{dataset}/seed{seed}/{method}.tsv"
    params:
        name="ssim",


use rule measure_psnr as measure_psnr_true with:
    """PSNR between each edit and the true edit: same person, pose and light, target AUs (rendered faces only)."""
    input:
        **edits("test"),
        partners=f"{SEED}/true_edit/edits_test.npy",
        partners_index=f"{SEED}/true_edit/edits_test.csv",
        code=code_of("similarity"),
    output:
        **measured("psnr_true"),
    log:
        "logs/measure_psnr_true/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_psnr_true/{dataset}/seed{seed}/{method}.tsv"
    params:
        name="psnr_true",


rule measure_fid:
    """Fréchet distance between the features of real images and of edits; FID only with Inception."""
    input:
        real=rules.extract_features_real.output.features,
        edits=rules.extract_features_edits.output.features,
        edits_vectors=rules.extract_features_edits.output.vectors,
        edits_index=f"{METHOD}/edits_test.csv",
        code=code_of("fid"),
    output:
        **measured("fid"),
    log:
        "logs/measure_fid/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_fid/{dataset}/seed{seed}/{method}.tsv"
    shell:
        command_of(
            "fid",
            wildcards="method dataset seed",
            input="real edits edits_vectors edits_index",
            output="metric values",
        )


rule measure_kid:
    """Kernel distance between them; KID only with Inception."""
    input:
        **crops("index", "split"),
        real=rules.extract_features_real.output.features,
        real_vectors=rules.extract_features_real.output.vectors,
        edits_vectors=rules.extract_features_edits.output.vectors,
        edits_index=f"{METHOD}/edits_test.csv",
        code=code_of("kid"),
    output:
        **measured("kid"),
    log:
        "logs/measure_kid/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_kid/{dataset}/seed{seed}/{method}.tsv"
    shell:
        command_of(
            "kid",
            wildcards="method dataset seed",
            input="real real_vectors index split edits_vectors edits_index",
            output="metric values",
        )


rule measure_identity:
    """Cosine between the features of each edit and of its input."""
    input:
        **crops("index"),
        real=rules.extract_features_real.output.features,
        real_vectors=rules.extract_features_real.output.vectors,
        edits_vectors=rules.extract_features_edits.output.vectors,
        edits_index=f"{METHOD}/edits_test.csv",
        code=code_of("identity"),
    output:
        **measured("identity"),
    log:
        "logs/measure_identity/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_identity/{dataset}/seed{seed}/{method}.tsv"
    shell:
        command_of(
            "identity",
            wildcards="method dataset seed",
            input="real real_vectors index edits_vectors edits_index",
            output="metric values",
        )


rule measure_identity_real:
    """The same cosine of pairs of real images: one person, and different people."""
    input:
        **crops("index", "split"),
        real=rules.extract_features_real.output.features,
        real_vectors=rules.extract_features_real.output.vectors,
        code=code_of("identity_of_pairs"),
    output:
        same_person=f"{SEED}/same_person/metrics/identity.json",
        same_person_values=f"{SEED}/same_person/values_identity.csv",
        other_person=f"{SEED}/other_person/metrics/identity.json",
        other_person_values=f"{SEED}/other_person/values_identity.csv",
    log:
        "logs/measure_identity_real/{dataset}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/measure_identity_real/{dataset}/seed{seed}.tsv"
    shell:
        command_of(
            "identity_of_pairs",
            wildcards="dataset seed",
            input="index split real real_vectors",
            output="same_person same_person_values other_person other_person_values",
        )


rule measure_au_error:
    """Mean absolute error between the AUs that the regressor sees in the edits and their targets."""
    input:
        **edits("test"),
        weights=rules.regress_aus.output.weights,
        model=rules.regress_aus.output.model,
        code=code_of("au_error"),
    output:
        **measured("au_error"),
        readings=f"{METHOD}/readings_au.csv",
    log:
        "logs/measure_au_error/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_au_error/{dataset}/seed{seed}/{method}.tsv"
    wildcard_constraints:
        dataset=one_of([name for name in settings.datasets if name in TRUE_EDITS]),
    resources:
        gpu=1,
    shell:
        command_of(
            "au_error",
            wildcards="method dataset seed",
            input="weights model edits edits_index",
            output="metric readings values",
        )


rule measure_au_error_of_photographs:
    """The same of photographs, whose AUs OpenFace reads where it is installed, else MediaPipe."""
    input:
        **edits("test"),
        code=code_of("photograph_aus"),
    output:
        **measured("au_error"),
    log:
        "logs/measure_au_error_of_photographs/{dataset}/seed{seed}/{method}.log",
    benchmark:
        "logs/benchmarks/measure_au_error_of_photographs/{dataset}/seed{seed}/{method}.tsv"
    wildcard_constraints:
        dataset=one_of([name for name in settings.datasets if name not in TRUE_EDITS]),
    params:
        reader=settings.measures.aus,
        openface=OPENFACE_FLAG,
    shell:
        command_of(
            "photograph_aus",
            "--reader {params.reader}",
            wildcards="method dataset seed",
            input="edits edits_index",
            output="metric values",
            params="openface",
        )
