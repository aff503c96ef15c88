"""Files from the future, which a clock that was set back leaves: Snakemake would not see what is edited after it.

Snakemake compares the bytes of an input only where it is newer than the output.
"""

import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from cascade_efgan.errors import InputError

#: A file server's clock may be ahead by so many seconds.
TOLERANCE = 60
DAY = 86400


def refuse_future(made: str, sources: Iterable[str]) -> None:
    """Stop where a result, or what results are made from, is dated after now.

    The advice keeps the order of the results among themselves and makes all of them older than every source, so that
    Snakemake compares the bytes of each source with those that it recorded.

    Raises:
        InputError: names the newest such file, and the command that fixes it.
    """
    now = time.time()
    results, origins = dict(_times([made])), dict(_times(sources))
    both = {**results, **origins}
    newest = max(both, key=both.__getitem__, default=None)
    if newest is None or both[newest] <= now + TOLERANCE:
        return
    number = sum(when > now + TOLERANCE for when in both.values())
    commands = []
    if results:
        oldest = min([now, *origins.values()])
        days = max(1, int((max(results.values()) - oldest) // DAY + 1))
        commands.append(rf"find {made} -type f -exec touch -r {{}} -d '-{days} days' {{}} \;")
    if any(when > now + TOLERANCE for when in origins.values()):
        commands.append(f"find {' '.join(sources)} -type f -newermt now -exec touch {{}} +")
    raise InputError(
        f"{newest} is dated {time.strftime('%F %T', time.localtime(both[newest]))}, which is after now, and so are "
        f"{number - 1} other files: a clock was set back, and later changes would go unseen. Set the clock right, or "
        f"date the files back without harm: {'; '.join(commands)}"
    )


def _times(places: Iterable[str]) -> Iterator[tuple[str, float]]:
    for place in map(Path, places):
        for path in [place] if place.is_file() else place.rglob("*"):
            with suppress(FileNotFoundError):  # a job under way may just have renamed it
                status = path.lstat()
                if stat.S_ISREG(status.st_mode):
                    yield str(path), status.st_mtime
