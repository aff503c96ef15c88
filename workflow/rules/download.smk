"""Photographs and manifest of every data set.

OUTPUTS: results/{dataset}/photos.zip, manifest.csv, completeness.json; results/rendered/openface.zip
"""


rule render:
    """Render the project's own faces, with their true AUs and landmarks in OpenFace's format."""
    input:
        code=download_code("rendered"),
    output:
        photos="results/rendered/photos.zip",
        manifest="results/rendered/manifest.csv",
        completeness="results/rendered/completeness.json",
        openface="results/rendered/openface.zip",
    log:
        "logs/render/rendered.log",
    benchmark:
        "logs/benchmarks/render/rendered.tsv"
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        settings=flags("rendered"),
    shell:
        r"""
        efgan --log {log:q} --threads {threads} download \
            --dataset rendered \
            --photos {output.photos:q} \
            --manifest {output.manifest:q} \
            --completeness {output.completeness:q} \
            --openface {output.openface:q} \
            {params.settings}
        """


# A checkpoint: how many chunks OpenFace takes is known only when the photographs are counted.
checkpoint download:
    """Fetch an open data set, each photograph checked by its hash, or read the archive that the user obtained."""
    input:
        checksums=download_checksums,
        code=wanted_download_code,
    output:
        photos="results/{dataset}/photos.zip",
        manifest="results/{dataset}/manifest.csv",
        completeness="results/{dataset}/completeness.json",
    log:
        "logs/download/{dataset}.log",
    benchmark:
        "logs/benchmarks/download/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(name for name in settings.all_datasets if name != "rendered"),
    conda:
        "../envs/efgan.yaml"
    threads: 1
    params:
        checksums=optional_flag("checksums"),
        settings=download_settings,
        archive=archive_state,
    shell:
        r"""
        efgan --log {log:q} --threads {threads} download \
            --dataset {wildcards.dataset} \
            --photos {output.photos:q} \
            --manifest {output.manifest:q} \
            --completeness {output.completeness:q} \
            {params.checksums} \
            {params.settings}
        """
