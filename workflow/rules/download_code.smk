"""Which source files a data set's download runs."""

from typing import get_args

from cascade_efgan.config.section import DatasetName

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
