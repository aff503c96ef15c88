"""The HTTP service behind the page. Everything is in memory; nothing of an upload is written to disk or logged."""

import asyncio
import base64
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from cascade_efgan.app.action_units import ACTION_UNITS
from cascade_efgan.app.engine import OpenedFace, OpenedPhotograph, Shown, Wish, WorkerDiedError
from cascade_efgan.app.limits import Limits
from cascade_efgan.app.request_filter import LOOPBACK, RequestFilter
from cascade_efgan.app.sessions import Sessions
from cascade_efgan.app.workers import BatchRunner, BusyError, Workers
from cascade_efgan.app.zip_edits import Answer, read_members
from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.editing.inputs import target_aus
from cascade_efgan.editing.mark import named_aus
from cascade_efgan.errors import InputError

if TYPE_CHECKING:
    from cascade_efgan.app.processes import ProcessEngine

log = logging.getLogger("efgan.app")

STATIC = Path(__file__).parent / "static"


class TooLargeError(Exception):
    """A body beyond its limit; the message is one sentence for the user."""


#: Errors that the user can do something about -> status of the answer.
_STATUS = {BusyError: 503, TooLargeError: 413, InputError: 422, WorkerDiedError: 500}

Intensity = Annotated[float, Field(ge=0, le=1.5, allow_inf_nan=False)]
Strength = Annotated[float, Field(ge=0, le=AU_MAX, allow_inf_nan=False)]


class FaceWish(BaseModel):
    """What the page wants of one face: all 17 AUs 0..5, and how far to go there from the face as it is, 0..1.5."""

    model_config = ConfigDict(extra="forbid")
    face: int = Field(ge=0)
    aus: dict[Literal[AUS], Strength]  # type: ignore[valid-type]
    intensity: Intensity = 1.0


class EditWish(BaseModel):
    """What the page wants to see or to download."""

    model_config = ConfigDict(extra="forbid")
    view: Literal["face", "photograph"] = "face"
    edits: list[FaceWish] = Field(min_length=1, max_length=32)

    def wishes(self, faces: Sequence[OpenedFace]) -> list[Wish]:
        """As the engine takes them; AUs that are not given stay. `InputError` where there is no such face."""
        for edit in self.edits:
            if edit.face >= len(faces):
                raise InputError(f"there is no face {edit.face + 1} in this photograph; choose one of those shown")
        return [
            Wish(edit.face, target_aus(faces[edit.face].aus, None, edit.aus, edit.intensity)) for edit in self.edits
        ]


def make_app(engine: "ProcessEngine", limits: Limits, hosts: tuple[str, ...] | None = LOOPBACK) -> ASGIApp:
    """The service; `hosts`: names by which it may be called, see `RequestFilter`."""
    service = _Service(engine, limits, local=hosts == LOOPBACK)
    # No pages of documentation: FastAPI's load scripts from elsewhere.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=service.lifespan)
    app.add_exception_handler(Exception, _defect)
    for kind in (*_STATUS, RequestValidationError, ValidationError, HTTPException):
        app.add_exception_handler(kind, _sentence)
    app.get("/")(service.page)
    app.get("/api/about")(service.about)
    app.post("/api/photos")(service.open)
    app.delete("/api/photos/{token}")(service.forget)
    app.post("/api/photos/{token}/edit")(service.edit)
    app.post("/api/photos/{token}/download")(service.download)
    app.post("/api/photos/{token}/animation")(service.animate)
    app.post("/api/batch")(service.batch)
    app.mount("/static", StaticFiles(directory=STATIC))
    return RequestFilter(app, hosts)


class _Service:
    """The requests, one method each."""

    def __init__(self, engine: "ProcessEngine", limits: Limits, local: bool) -> None:
        self._engine = engine
        self._limits = limits
        self._local = local
        self._sessions: Sessions[tuple[bytes, OpenedPhotograph]] = Sessions(limits)
        self._workers = Workers(limits)
        self._faces: BatchRunner[tuple[OpenedFace, np.ndarray], Shown]
        self._faces = BatchRunner(self._workers, engine.show_faces, limits)
        self._places = asyncio.Semaphore(limits.uploads)
        self._batch = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Forget old photographs while the service runs; end the engine and the threads with it."""
        sweeper = asyncio.create_task(self._sweep())
        yield
        sweeper.cancel()
        self._engine.close()
        self._workers.close()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(60)
            self._sessions.forget_old()

    async def page(self) -> FileResponse:
        return FileResponse(STATIC / "index.html")

    async def about(self) -> dict[str, Any]:
        """What the page needs to know before the first photograph."""
        limits = self._limits
        return {
            "model": self._engine.description,
            "caution": self._engine.caution,
            "local": self._local,
            "au_max": AU_MAX,
            "aus": [{"au": au, **unit._asdict()} for au, unit in ACTION_UNITS.items()],
            "expressions": {name: named_aus(values) for name, values in self._engine.expressions.items()},
            "limits": {
                name: getattr(limits, name)
                for name in ("upload_bytes", "zip_bytes", "batch_photographs", "session_seconds")
            },
        }

    async def open(self, request: Request) -> dict[str, Any]:
        """A photograph, its bytes as the body: a token for it, its preview and its faces."""
        data = await self._read_file(request, self._limits.upload_bytes)
        photograph: OpenedPhotograph = await self._workers.run(self._engine.open, data)
        return {
            "token": self._sessions.add((data, photograph), len(data) + photograph.bytes),
            "preview": _text(photograph.preview_file),
            "note": photograph.note,
            "faces": [
                {
                    "aus": named_aus(face.aus),
                    "guessed": list(face.guessed),
                    "crop": _text(face.crop_file),
                    "picture": _text(face.picture_file),
                }
                for face in photograph.faces
            ],
        }

    async def _read_file(self, request: Request, most: int) -> bytes:
        """The body as `_read` gives it, a few at a time. Multipart forms would have large parts written to disk."""
        if self._places.locked():
            raise BusyError("too many files are arriving right now; try again in a few seconds")
        async with self._places:
            try:
                async with asyncio.timeout(self._limits.read_seconds):
                    return await _read(request, most)
            except TimeoutError:
                raise BusyError("the file took too long to arrive; try again, or choose a smaller one") from None

    async def forget(self, token: str) -> Response:
        self._sessions.forget(token)
        return Response(status_code=204)

    async def edit(self, token: str, request: Request) -> dict[str, Any]:
        """The edit as the page shows it, a picture a step; of a face its attention and the network's output as well."""
        _, photograph, wishes, whole = await self._asked(token, request)
        if whole:
            shown: Shown = await self._workers.run(self._engine.show_photograph, photograph, wishes)
        else:
            shown = await self._faces.run((photograph.faces[wishes[0].face], wishes[0].target))
        return {name: [_text(picture) for picture in pictures] for name, pictures in shown._asdict().items()}

    async def download(self, token: str, request: Request) -> Response:
        """The full-size photograph with its faces edited."""
        data, photograph, wishes, _ = await self._asked(token, request)
        made = await self._workers.run(self._engine.download, data, photograph, wishes)
        return Response(made.data, media_type=made.media)

    async def animate(self, token: str, request: Request) -> Response:
        """A GIF from the face as it is to the edit and back."""
        _, photograph, wishes, whole = await self._asked(token, request)
        made = await self._workers.run(self._engine.animate, photograph, wishes, whole)
        return Response(made.data, media_type=made.media)

    async def _asked(self, token: str, request: Request) -> tuple[bytes, OpenedPhotograph, list[Wish], bool]:
        """The file and the photograph of a token, what its faces are to show, and whether all of it is wanted."""
        # FastAPI would read any size; 32 faces of 17 AUs take a tenth of this.
        wish = EditWish.model_validate_json(await _read(request, 2**17))
        upload = self._sessions.get(token)
        if upload is None:
            raise HTTPException(404, "this photograph is no longer in memory; choose it again")
        return *upload, wish.wishes(upload[1].faces), wish.view == "photograph"

    async def batch(
        self, request: Request, expression: str, intensity: Annotated[Intensity, Query()] = 1.0
    ) -> Response:
        """Every photograph of a zip, its bytes as the body, edited to one expression."""
        if expression not in self._engine.expressions:
            raise InputError(f"no such expression; choose one of {', '.join(self._engine.expressions)}")
        if self._batch.locked():
            raise BusyError("another zip is being edited; try again in a minute")
        async with self._batch:
            data = await self._read_file(request, self._limits.zip_bytes)
            return Response(await self._edit_zip(data, request, expression, intensity), media_type="application/zip")

    async def _edit_zip(self, data: bytes, request: Request, expression: str, intensity: float) -> bytes:
        members = read_members(data, self._limits)
        with contextlib.closing(Answer(self._limits)) as answer:
            # Unpacking is work too: it does not belong in the event loop.
            while (member := await self._workers.run(next, members, None, patient=True)) is not None:
                try:
                    if isinstance(member, InputError):
                        raise member
                    made = await self._workers.run(self._engine.edit_file, member, expression, intensity, patient=True)
                except (InputError, WorkerDiedError) as error:
                    answer.refuse(error)
                else:
                    answer.add(made.data, made.media)
                if await request.is_disconnected():
                    raise BusyError("the page went away")  # nobody reads it; the rest is not edited
            return answer.finish()


async def _read(request: Request, most: int) -> bytes:
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


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


async def _sentence(_: Request, error: Exception) -> JSONResponse:
    """An error as one sentence."""
    status, text = 422, "these settings are not understood; load the page again"
    if isinstance(error, HTTPException):
        status, text = error.status_code, str(error.detail)
    elif not isinstance(error, RequestValidationError | ValidationError):  # whose words repeat what the client sent
        status, text = next(status for kind, status in _STATUS.items() if isinstance(error, kind)), str(error)
    headers = {"Retry-After": "2"} if status == 503 else {}
    return JSONResponse({"error": text[:1].upper() + text[1:].rstrip(".") + "."}, status, headers)


async def _defect(_: Request, error: Exception) -> JSONResponse:
    log.error("this is a defect of efgan, not of the photograph: %s", type(error).__name__)
    return JSONResponse({"error": "Something went wrong in the service; its terminal says what."}, 500)
