"""The code of the checkout that a command is run in, whichever checkout's environment is active.

A Git worktree, a colleague's copy or a queued DVC experiment has a `src` of its own, but its commands come from the
environment of the checkout that was installed: its code would run, and the records would name the other files.
"""

import hashlib
import os
import sys
from functools import cache
from pathlib import Path

from cascade_efgan.errors import InputError

#: Folder of the package that was imported.
IMPORTED = Path(__file__).resolve().parents[1]


def own_source(folder: Path) -> Path | None:
    """The `src` of the checkout that a folder is in, links resolved; None outside of any."""
    for root in (folder, *folder.parents):
        if (root / "Snakefile").is_file() and (root / "src" / IMPORTED.name / "__init__.py").is_file():
            return (root / "src").resolve()
    return None


def use_own_code(folder: Path | None = None) -> None:
    """Start this command again with the code of the checkout that it works in, if another one's was imported.

    Raises:
        InputError: it would not be imported even so.
    """
    source = own_source(folder or Path.cwd())
    if source in (None, IMPORTED.parent):
        return
    before = os.environ.get("PYTHONPATH", "")
    if before.split(os.pathsep)[0] == str(source):
        raise InputError(
            f"{source.parent}: this is another checkout than the one of {IMPORTED}, whose code would run; activate "
            "this checkout's own environment (make install, then source .venv/bin/activate)"
        )
    sys.stderr.write(f"efgan: this checkout's own code is used, {source}, not {IMPORTED.parent}\n")
    sys.stderr.flush()
    os.environ["PYTHONPATH"] = os.pathsep.join([str(source), *([before] if before else [])])
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


@cache
def imported_sha256() -> str:
    """SHA-256 over names and bytes of the imported package's Python files: what truly ran."""
    digest = hashlib.sha256()
    for path in sorted(IMPORTED.rglob("*.py")):
        digest.update(path.relative_to(IMPORTED).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
