"""Slurm: a run first ends what a killed run before it left in the queue.

Snakemake's plugin does not take up the jobs of an earlier run, and cannot cancel them once that run was killed.
"""

from cascade_efgan.cluster import cancel_left_behind


onstart:
    if workflow.executor_plugin.name == "slurm":
        for job in sentence_on_error(cancel_left_behind, Path.cwd()):
            logger.warning(f"Slurm job {job}, which an earlier run left behind, was cancelled")
