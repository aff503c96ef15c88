"""A side in a process of its own: `python -m benchmarks.worker JSON`; calls come by stdin, records go to stdout.

The public codes' module names clash with each other, and peak memory is a process's: hence one process a side.
"""

import json
import os
import sys
from typing import TextIO

from benchmarks.measure import peak_memory_mib
from benchmarks.peers import PEERS
from benchmarks.peers.checkout import find_checkout
from benchmarks.sides import Side, Task
from cascade_efgan.devices import keep_memory
from cascade_efgan.errors import InputError

#: Sides of the public codes -> the code.
PEER_OF = {
    "stargan_training": "stargan",
    "replicate_training": "ganimation_replicate",
    "replicate_generation": "ganimation_replicate",
    "pytorch_fid": "pytorch_fid",
}


def build(task: Task) -> Side:
    """Import what the task needs, and only that."""
    if task.side in PEER_OF:
        checkout = find_checkout(PEERS[PEER_OF[task.side]]).folder
        if task.side == "stargan_training":
            from benchmarks.peers.stargan import StarGANTraining

            return StarGANTraining(task, checkout)
        if task.side == "pytorch_fid":
            from benchmarks.peers.pytorch_fid import PytorchFid

            return PytorchFid(task, checkout)
        from benchmarks.peers.ganimation_replicate import ReplicateGeneration, ReplicateTraining

        return (ReplicateTraining if task.side == "replicate_training" else ReplicateGeneration)(task, checkout)
    keep_memory()  # as `efgan` does
    from benchmarks.ours import OurFid, OurGeneration, OurTraining

    return {"our_training": OurTraining, "our_generation": OurGeneration, "our_fid": OurFid}[task.side](task)


def own_channel() -> TextIO:
    """Keep stdout for records: whatever a peer prints goes to stderr."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return channel


def main() -> None:
    """Build the side, say so, then answer each line of stdin with one line of JSON until stdin ends."""
    channel = own_channel()
    task = Task(**json.loads(sys.argv[1]))
    try:
        side = build(task)
    except InputError as error:
        print(json.dumps({"input_error": str(error)}), file=channel, flush=True)
        sys.exit(2)
    print(json.dumps({"ready": peak_memory_mib(task.device)}), file=channel, flush=True)
    for line in sys.stdin:
        name = line.strip()
        record = {"peak_memory_mib": peak_memory_mib(task.device)} if name == "memory" else side.call(name)
        print(json.dumps(record), file=channel, flush=True)


if __name__ == "__main__":
    main()
