"""Why a record can never be inspected, or a message never be read: the one expected failure of each."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """A dead letter's reason; also a metric label, so the set is closed."""

    NULL_VALUE = "null_value"
    EMPTY_VALUE = "empty_value"
    HEADER_MISSING = "header_missing"
    HEADER_NOT_UTF8 = "header_not_utf8"
    HEADER_INVALID = "header_invalid"
    HEADER_CONTRADICTORY = "header_contradictory"
    UNKNOWN_VERSION = "unknown_version"
    NOT_AN_IMAGE = "not_an_image"
    CORRUPT_IMAGE = "corrupt_image"
    TRUNCATED_IMAGE = "truncated_image"
    WRONG_SIZE = "wrong_size"
    TOO_LARGE = "too_large"


class FrameRejected(Exception):
    """A frame that no retry can save: it goes to the dead-letter topic. Anything else raised is a bug."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class MessageFault(StrEnum):
    """Why a JSON message (any but a frame) cannot be read; also a metric label, so the set is closed."""

    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_VERSION = "unknown_version"
    MALFORMED = "malformed"


class MessageRejected(Exception):
    """A JSON message that no retry can save."""

    def __init__(self, reason: MessageFault, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
