"""What the service accepts and keeps: every number that bounds its memory and its work."""

from dataclasses import dataclass

_MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Bounds of the service.

    The memory of uploads is at most `uploads * zip_bytes`, that of sessions `session_bytes`, that of one batch
    `zip_bytes + batch_bytes`.

    Attributes:
        upload_bytes: largest photograph, as a file.
        pixels: most pixels of a photograph, width times height.
        zip_bytes: largest zip of a batch, as a file.
        batch_photographs: most photographs in a zip.
        batch_bytes: most bytes of a zip's members unpacked, and of the zip that is given back.
        faces: most faces of one photograph that the page offers, largest first.
        preview_side: longer side of the picture that the page shows, pixels.
        uploads: bodies that are read at the same time.
        read_seconds: time that a body may take to arrive.
        workers: threads that edit.
        queue: requests that wait for a thread; one more is answered with 503.
        batch_faces: most faces that are edited in one go.
        sessions: most photographs in memory.
        session_bytes: bytes of all photographs in memory; the one unused for longest is forgotten first.
        session_seconds: age without use after which a photograph is forgotten.
        connections: open connections; one more is answered with 503.
    """

    upload_bytes: int = 20 * _MIB
    pixels: int = 32_000_000
    zip_bytes: int = 64 * _MIB
    batch_photographs: int = 50
    batch_bytes: int = 256 * _MIB
    faces: int = 8
    preview_side: int = 1024
    uploads: int = 8
    read_seconds: float = 60.0
    workers: int = 2
    queue: int = 64
    batch_faces: int = 8
    sessions: int = 64
    session_bytes: int = 512 * _MIB
    session_seconds: float = 1800.0
    connections: int = 256
