"""What the service accepts and keeps: every number that bounds its memory and its work."""

from dataclasses import dataclass

_MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Bounds of the service.

    The memory of uploads is at most `uploads * zip_bytes`, that of sessions `session_bytes`, that of one batch
    `zip_bytes + batch_bytes`.
    """

    upload_bytes: int = 20 * _MIB  # largest photograph, as a file
    pixels: int = 32_000_000  # most pixels of a photograph, width times height
    zip_bytes: int = 64 * _MIB  # largest zip of a batch, as a file
    batch_photographs: int = 50  # most photographs in a zip
    batch_bytes: int = 256 * _MIB  # most bytes of a zip's members unpacked, and of the zip that is given back
    faces: int = 8  # most faces of one photograph that the page offers, largest first
    preview_side: int = 1024  # longer side of the picture that the page shows, pixels
    uploads: int = 8  # bodies that are read at the same time
    read_seconds: float = 60.0  # time that a body may take to arrive
    workers: int = 2  # threads that edit
    queue: int = 64  # requests that wait for a thread; one more is answered with 503
    batch_faces: int = 8  # most faces that are edited in one go
    sessions: int = 64  # most photographs in memory
    session_bytes: int = 512 * _MIB  # of all photographs in memory; the one unused for longest is forgotten first
    session_seconds: float = 1800.0  # age without use after which a photograph is forgotten
    connections: int = 256  # open connections; one more is answered with 503
