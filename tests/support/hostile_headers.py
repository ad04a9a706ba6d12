"""Frame headers that must be rejected, each with its reason: one corpus for codec, worker and broker."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.codec import frame_headers
from contracts.frames import FrameHeader
from contracts.rejections import Reason

Headers = list[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """A frame record that is wrong in one way. `mentions` is in the rejection's detail."""

    name: str
    key: bytes | None
    headers: Headers | None
    reason: Reason
    mentions: str
    identity_readable: bool = True

    def __str__(self) -> str:
        return self.name


def hostile_headers(header: FrameHeader) -> list[Hostile]:
    """The table, bent from the record of `header`; its image bytes may be a sound image."""
    return [
        *_missing(header),
        *_not_utf8(header),
        *_versions(header),
        *_repeated(header),
        *_invalid(header),
        *_contradictory(header),
    ]


def with_header(headers: Headers, name: str, value: bytes | None) -> Headers:
    """The same headers, one of them with another value."""
    return [(n, value if n == name else v) for n, v in headers]


def without_header(headers: Headers, *names: str) -> Headers:
    """The same headers without some."""
    return [(n, v) for n, v in headers if n not in names]


def _sound(header: FrameHeader) -> Headers:
    return list(frame_headers(header))


def _missing(header: FrameHeader) -> list[Hostile]:
    key, sound, reason = header.key, _sound(header), Reason.HEADER_MISSING
    bare: list[tuple[str, Headers | None]] = [
        ("no headers", None),
        ("empty headers", []),
        ("only foreign headers", [("x-id", b"1")]),
    ]
    cases = [
        Hostile(
            name=name,
            key=key,
            headers=headers,
            reason=reason,
            mentions="absent: ce_specversion, ce_type",
            identity_readable=False,
        )
        for name, headers in bare
    ]
    required = [n for n, _ in sound if n not in ("ce_time", "ce_offsetmm", "ce_traceparent")]
    cases += [
        Hostile(
            name=f"{n} absent",
            key=key,
            headers=without_header(sound, n),
            reason=reason,
            mentions=f"absent: {n}",
        )
        for n in required
    ]
    cases += [
        Hostile(
            name=f"{n} null",
            key=key,
            headers=with_header(sound, n, None),
            reason=reason,
            mentions=f"null: {n}",
        )
        for n in (*required, "ce_time", "ce_offsetmm")
    ]
    nameless = without_header(sound, "ce_id", "ce_coilid")
    return [
        *cases,
        Hostile(
            name="ce_id and ce_coilid absent",
            key=key,
            headers=nameless,
            reason=reason,
            mentions="absent: ce_id, ce_coilid",
            identity_readable=False,
        ),
    ]


def _not_utf8(header: FrameHeader) -> list[Hostile]:
    sound, reason = _sound(header), Reason.HEADER_NOT_UTF8
    names = (
        "ce_specversion",
        "ce_type",
        "ce_id",
        "ce_coilid",
        "ce_frameindex",
        "ce_positionmm",
        "content-type",
    )
    cases = [
        Hostile(
            name=f"{n} not UTF-8",
            key=header.key,
            headers=with_header(sound, n, b"\xff\xfe" + (n.encode())),
            reason=reason,
            mentions=f"{n} is not UTF-8",
        )
        for n in names
    ]
    twice = [("ce_coilid", b"\xff"), *sound]
    return [
        *cases,
        Hostile(
            name="ce_coilid twice, one not UTF-8",
            key=header.key,
            headers=twice,
            reason=reason,
            mentions="ce_coilid",
        ),
    ]


def _versions(header: FrameHeader) -> list[Hostile]:
    sound, unknown, invalid = _sound(header), Reason.UNKNOWN_VERSION, Reason.HEADER_INVALID
    values = [
        ("ce_type", b"coilwatch.frame.v2", unknown),
        ("ce_type", b"coilwatch.frame.v0", unknown),
        ("ce_type", b"coilwatch.frame.v999999999", unknown),
        ("ce_specversion", b"2.0", unknown),
        ("ce_specversion", b"0.3", unknown),
        ("ce_specversion", b"one", invalid),
        ("ce_type", b"coilwatch.inspection.v1", invalid),
        ("ce_type", b"coilwatch.inspection.v2", invalid),
        ("ce_type", b"coilwatch.frame", invalid),
        ("ce_type", b"coilwatch.frame.v1.1", invalid),
        ("ce_type", b"coilwatch.frame.v01", invalid),
        ("ce_type", b"com.example.picture.v1", invalid),
        ("ce_type", b"", invalid),
    ]
    cases = [_bent(header, name, value, reason) for name, value, reason in values]
    stripped = [("ce_type", b"coilwatch.frame.v2"), *without_header(sound, "ce_type", "ce_widthpx")]
    return [
        *cases,
        Hostile(
            name="another major with other headers",
            key=header.key,
            headers=stripped,
            reason=unknown,
            mentions="ce_type",
        ),
    ]


def _repeated(header: FrameHeader) -> list[Hostile]:
    sound, reason = _sound(header), Reason.HEADER_CONTRADICTORY
    others: list[tuple[str, bytes | None, bool]] = [
        ("ce_type", b"coilwatch.frame.v2", True),
        ("ce_coilid", b"another", False),
        ("ce_frameindex", b"4000000", False),
        ("ce_widthpx", b"1", True),
        ("ce_exposedatns", b"1", True),
        ("ce_offsetmm", None, True),
        ("content-type", b"image/x-other", True),
    ]
    return [
        Hostile(
            name=f"{name} twice, {'later' if later else 'earlier'} the other",
            key=header.key,
            headers=[*sound, (name, value)] if later else [(name, value), *sound],
            reason=reason,
            mentions=f"{name} is given twice",
            identity_readable=readable,
        )
        for name, value, readable in others
        for later in (True, False)
    ]


_BAD_INTEGERS = (
    b"",
    b"-1",
    b"+1",
    b"1.0",
    b"0x10",
    b"1_000",
    b" 7",
    b"007",
    b"abc",
    b"\xd9\xa3",
    b"9" * 5000,
)
_BAD_NUMBERS = (b"", b"nan", b"inf", b"-Infinity", b"1e999", b"1,5", b"0x1p3", b" 1.0", b"1.", b".5", b"--1")
_BAD_NAMES = (b"", b"a/b", b"..", b"-a", b"a b", b"a" * 65, "Würfel".encode(), b"a\n", b"a\x00")


def _invalid(header: FrameHeader) -> list[Hostile]:
    width = ("ce_widthpx", "ce_heightpx")
    values = [
        *((n, v) for n in ("ce_lineid", "ce_coilid", "ce_cameraid") for v in _BAD_NAMES),
        *(
            (n, v)
            for n in ("ce_frameindex", "ce_exposedatns", "ce_deadlineatns", *width)
            for v in _BAD_INTEGERS
        ),
        *((n, v) for n in ("ce_mmperpxacross", "ce_positionmm", "ce_offsetmm") for v in _BAD_NUMBERS),
        *((n, v) for n in width for v in (b"0", b"16385", b"4294967295")),
        ("ce_frameindex", b"9007199254740992"),
        ("ce_exposedatns", b"9223372036854775808"),
        *((n, v) for n in ("ce_mmperpxacross", "ce_mmperpxalong") for v in (b"0", b"-0.5", b"101")),
        ("ce_positionmm", b"-1"),
        ("ce_offsetmm", b"-100001"),
        *(("content-type", v) for v in (b"", b"image/webp", b"application/json", b"jpeg")),
        *(("ce_time", v) for v in (b"", b"now", b"2026-13-01T00:00:00Z", b"2026-01-01", b"1767225612")),
    ]
    return [_bent(header, name, value, Reason.HEADER_INVALID) for name, value in values]


def _contradictory(header: FrameHeader) -> list[Hostile]:
    sound, reason = _sound(header), Reason.HEADER_CONTRADICTORY
    sender = header.line_id, header.coil_id, header.camera_id
    elsewhere = [
        ("ce_coilid", b"another", "key"),
        ("ce_cameraid", b"another", "key"),
        ("ce_frameindex", str(header.frame_index + 3200).encode(), "key"),
        ("ce_lineid", b"another", "ce_id"),
        ("ce_id", f"another/{'/'.join(sender[1:])}/{header.frame_index}".encode(), "ce_id"),
        ("ce_id", f"{'/'.join(sender)}/{header.frame_index + 1}".encode(), "ce_id"),
        ("ce_source", b"/lines/another/cameras/another", "ce_source"),
    ]
    cases = [
        Hostile(
            name=f"{name} says {value.decode()}",
            key=header.key,
            headers=with_header(sound, name, value),
            reason=reason,
            mentions=mentions,
            identity_readable=False,
        )
        for name, value, mentions in elsewhere
    ]
    keys: list[tuple[str, bytes | None, bool]] = [
        ("null", None, True),
        ("empty", b"", False),
        ("of another coil", b"another/" + header.key.partition(b"/")[2], False),
        ("of another block", header.key + b"0", False),
        ("not UTF-8", b"\xff\xfe", False),
    ]
    cases += [
        Hostile(
            name=f"key {name}",
            key=key,
            headers=sound,
            reason=reason,
            mentions="key is",
            identity_readable=readable,
        )
        for name, key, readable in keys
    ]
    other_type = b"image/png" if header.encoding.value == "image/jpeg" else b"image/jpeg"
    return [
        *cases,
        _bent(header, "ce_id", b"7c9e6679-7425-40de-944b-e07fc1f90ae7", reason),
        _bent(header, "ce_time", b"1999-12-31T23:59:59Z", reason),
        Hostile(
            name="ce_datacontenttype says the other encoding",
            key=header.key,
            headers=[*sound, ("ce_datacontenttype", other_type)],
            reason=reason,
            mentions="ce_datacontenttype",
        ),
    ]


def _bent(header: FrameHeader, name: str, value: bytes, reason: Reason) -> Hostile:
    shown = value[:24].decode("utf-8", "backslashreplace").encode("unicode_escape").decode()
    return Hostile(
        name=f"{name} = '{shown}'",
        key=header.key,
        headers=with_header(_sound(header), name, value),
        reason=reason,
        mentions=name,
        # Whose frame it is, is said twice: by four headers and by ce_id.
        identity_readable=not _another_identity(name, value),
    )


def _another_identity(name: str, value: bytes) -> bool:
    """A broken name still disputes the identity, unless it is empty; a broken index says nothing."""
    named = name in ("ce_lineid", "ce_coilid", "ce_cameraid") and value != b""
    return named or (name == "ce_frameindex" and value.isdigit() and value == b"%d" % int(value[:19]))
