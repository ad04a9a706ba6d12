"""A dead letter's headers: the original ones untouched, then `dl_*`. Its key and value are the original's."""

from __future__ import annotations

from pydantic import ValidationError

from contracts.cloudevents import Headers, clip
from contracts.rejections import MessageFault, MessageRejected
from contracts.results import DeadLetter

DEAD_LETTER_HEADERS = (
    "dl_reason",
    "dl_detail",
    "dl_source_topic",
    "dl_source_partition",
    "dl_source_offset",
    "dl_rejected_at_ns",
)


def dead_letter_headers(letter: DeadLetter, original: Headers | None) -> list[tuple[str, bytes | None]]:
    """The original headers, also those that cannot be decoded, then why and from where."""
    source = letter.source
    return [
        *(original or ()),
        ("dl_reason", letter.reason.value.encode()),
        ("dl_detail", letter.detail.encode()),
        ("dl_source_topic", source.topic.encode()),
        ("dl_source_partition", b"%d" % source.partition),
        ("dl_source_offset", b"%d" % source.offset),
        ("dl_rejected_at_ns", b"%d" % letter.rejected_at_ns),
    ]


def read_dead_letter(headers: Headers | None) -> DeadLetter:
    """Why and from where. Of a letter that was sent again and rejected again, the last time counts.

    Raises MessageRejected(MALFORMED) when a `dl_` header is absent, null, not UTF-8 or invalid.
    """
    try:
        texts = {
            name: (value or b"").decode() for name, value in headers or () if name in DEAD_LETTER_HEADERS
        }
    except UnicodeDecodeError as error:
        raise MessageRejected(MessageFault.MALFORMED, f"dead letter: not UTF-8: {error.reason}") from None
    absent = [name for name in DEAD_LETTER_HEADERS if name not in texts]
    if absent:
        raise MessageRejected(MessageFault.MALFORMED, f"dead letter: absent: {', '.join(absent)}")
    values = {name.removeprefix("dl_"): text for name, text in texts.items()}
    source = {part: values.pop(f"source_{part}") for part in ("topic", "partition", "offset")}
    try:
        return DeadLetter.model_validate({**values, "source": source})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "_".join(str(part) for part in first["loc"])
        raise MessageRejected(
            MessageFault.MALFORMED, clip(f"dead letter: dl_{where}: {first['msg']}")
        ) from None
