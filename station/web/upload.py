"""A multipart upload, held in memory alone: nothing from a request reaches the file system."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from station.web.refusals import Refused

FIELDS = 4
FIELD_BYTES = 256


class _InMemory(MultiPartParser):
    spool_max_size = 2**40  # Starlette's own puts what is above 1 MiB into a file; the border bounds it here


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What was sent to be tried."""

    image: bytes
    bundle: str
    preset: str


async def read_upload(request: Request) -> Upload:
    """The form's fields. Raises Refused."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Refused(415, "Send the image as multipart/form-data, in the field `image`")
    parser = _InMemory(
        request.headers, request.stream(), max_files=1, max_fields=FIELDS, max_part_size=FIELD_BYTES
    )
    try:
        form = await parser.parse()
    except MultiPartException as broken:
        raise Refused(400, f"That is not a form that can be read: {broken.message}") from None
    try:
        return await _read(form)
    finally:
        await form.close()


async def _read(form: FormData) -> Upload:
    image = form.get("image")
    if not isinstance(image, UploadFile):
        raise Refused(422, "Send the image in the field `image`, with a file name")
    return Upload(
        image=await image.read(), bundle=_word(form, "bundle"), preset=_word(form, "preset", "line")
    )


def _word(form: FormData, name: str, default: str | None = None) -> str:
    value = form.get(name, default)
    if not isinstance(value, str) or not value:
        raise Refused(422, f"Say which {name} in the field `{name}`")
    return value
