"""Photographs and manifest of every data set.

OUTPUTS: results/{dataset}/photos.zip, manifest.csv, completeness.json; results/rendered/openface.zip
"""

from typing import get_args

from cascade_efgan.config.settings import DatasetName

#: Modules that read one data set each. `data/sources.py` imports them all, and a job runs one.
SOURCE_MODULES = {
    name: f"cascade_efgan.data.{'rendered_photos' if name == 'rendered' else name}" for name in get_args(DatasetName)
}


def download_code(dataset):
    """Source files that `efgan download` runs for one data set: an edit of another's reruns nothing."""
    others = [module for name, module in SOURCE_MODULES.items() if name != dataset]
    return code_of("download", {"cascade_efgan.data.sources": others})


def wanted_download_code(wildcards):
    """The same as an input function."""
    return download_code(wildcards.dataset)


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
