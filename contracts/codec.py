"""Messages <-> Kafka records, in one import."""

from contracts.cloudevents import Headers
from contracts.dead_letters import dead_letter_headers, read_dead_letter
from contracts.frame_codec import frame_headers, read_frame_header
from contracts.message_codec import CoilRecord, Encoded, decode, encode
from contracts.readable import ReadableFrame, readable_identity
from contracts.rejections import FrameRejected, MessageFault, MessageRejected, Reason

__all__ = [
    "CoilRecord",
    "Encoded",
    "FrameRejected",
    "Headers",
    "MessageFault",
    "MessageRejected",
    "ReadableFrame",
    "Reason",
    "dead_letter_headers",
    "decode",
    "encode",
    "frame_headers",
    "read_dead_letter",
    "read_frame_header",
    "readable_identity",
]
