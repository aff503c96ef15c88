"""Request bodies, read into memory and never further than their limit."""

import asyncio

from fastapi import Request

from cascade_efgan.app.limits import Limits
from cascade_efgan.app.workers import BusyError


class TooLargeError(Exception):
    """A body beyond its limit; the message is one sentence for the user."""


class BodyReader:
    """Reads files, a few at a time. Multipart forms are not offered: their parser would write large parts to disk."""

    def __init__(self, limits: Limits) -> None:
        self._seconds = limits.read_seconds
        self._places = asyncio.Semaphore(limits.uploads)

    async def read(self, request: Request, most: int) -> bytes:
        """The body as `read_within` gives it; `BusyError`: too many are being read, or it comes too slowly."""
        if self._places.locked():
            raise BusyError("too many files are arriving right now; try again in a few seconds")
        async with self._places:
            try:
                async with asyncio.timeout(self._seconds):
                    return await read_within(request, most)
            except TimeoutError:
                raise BusyError("the file took too long to arrive; try again, or choose a smaller one") from None


async def read_within(request: Request, most: int) -> bytes:
    """The whole body; `TooLargeError` where it has, or says that it has, more than `most` bytes."""
    too_large = TooLargeError(f"the file is too large; choose one of at most {most / 2**20:.3g} MB")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise too_large
    data = bytearray()
    async for chunk in request.stream():
        if len(data) + len(chunk) > most:
            raise too_large
        data += chunk
    return bytes(data)
