"""The AsyncAPI 3.0 description of every channel and message, from the models, the codec and the topics.

Source: AsyncAPI 3.0.0, Kafka bindings 0.5.0. Payload schemas are what a sender must fulfil (pydantic's
validation mode); rules between fields are in the descriptions, and the models enforce them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from contracts.asyncapi_headers import dead_letter_headers_schema, envelope_schema, frame_headers_schema
from contracts.cloudevents import JSON_CONTENT_TYPE
from contracts.frames import FrameHeader
from contracts.identity import NAME_PATTERN
from contracts.message_codec import KINDS, Kind
from contracts.results import DeadLetter
from contracts.topics import (
    ALARMS,
    COIL_EVENTS,
    COIL_REPORTS,
    DEAD_LETTERS,
    DEFECTS,
    FRAMES,
    INSPECTIONS,
    LOCAL_BROKER,
    TOPICS,
    UNSEGMENTED,
    TopicSpec,
)

ASYNCAPI_VERSION = "3.0.0"
CONTRACT_VERSION = "1.0.0"
_KAFKA_BINDING = "0.5.0"
_SCHEMAS = "#/components/schemas/"

Object = dict[str, Any]

_FRAME_KEY = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}/[A-Za-z0-9][A-Za-z0-9._-]{0,63}/(0|[1-9][0-9]*)$"
_CHANNELS = {
    FRAMES: ("frames", "receive"),
    INSPECTIONS: ("inspections", "send"),
    DEFECTS: ("defects", "send"),
    DEAD_LETTERS: ("deadLetters", "send"),
    COIL_EVENTS: ("coilEvents", "receive"),
    COIL_REPORTS: ("coilReports", "send"),
    ALARMS: ("alarms", "send"),
    UNSEGMENTED: ("unsegmented", "send"),
}
_DESCRIPTION = """\
Every record is a CloudEvents 1.0 event in Kafka's binary content mode: attributes are `ce_*` headers.
A frame's value is its image bytes, untouched; every other message is JSON.
The major version is the `.v1` of `ce_type`: fields may be added within it, a reader drops what it does not
know and refuses another major.
Coilwatch writes its results in transactions: read them with `isolation.level=read_committed`.
Every producer hashes keys with murmur2, as Java clients do (librdkafka: `partitioner=murmur2_random`):
topics keyed by `coil_id` are read together by partition.
Times are nanoseconds since the Unix epoch, UTC, as 64-bit integers.
"""


def document() -> Object:
    """The whole description, ready for JSON or YAML."""
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {
            "title": "coilwatch",
            "version": CONTRACT_VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "servers": {
            "local": {
                "host": LOCAL_BROKER,
                "protocol": "kafka",
                "description": "What `python -m local kafka up` starts",
            }
        },
        "defaultContentType": JSON_CONTENT_TYPE,
        "channels": {_CHANNELS[spec.kind][0]: _channel(spec) for spec in TOPICS},
        "operations": dict(_operation(spec) for spec in TOPICS),
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def document_yaml() -> str:
    """The file `asyncapi.yaml`, with a first line that says where it comes from."""
    dumped: str = yaml.dump(
        document(), Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True, default_flow_style=False
    )
    return "# Generated from contracts/ by `python -m contracts asyncapi`: do not edit.\n" + dumped


class _Dumper(yaml.SafeDumper):
    """For people: no anchors, and text of several lines as a block."""

    def ignore_aliases(self, data: object) -> bool:
        """Write what occurs twice twice."""
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Text of several lines as a literal block."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _Dumper.represent_text)


def _channel(spec: TopicSpec) -> Object:
    config: Object = {name: int(value) if value.isdecimal() else value for name, value in spec.config.items()}
    return {
        "address": spec.name,
        "description": f"{spec.purpose}.",
        "messages": {name: _ref(f"#/components/messages/{name}") for name in _names_on(spec.kind)},
        "bindings": {
            "kafka": {
                "topic": spec.name,
                "partitions": spec.partitions,
                "topicConfiguration": config | {"cleanup.policy": [config["cleanup.policy"]]},
                "bindingVersion": _KAFKA_BINDING,
            }
        },
    }


def _operation(spec: TopicSpec) -> tuple[str, Object]:
    channel, action = _CHANNELS[spec.kind]
    name = f"{action}{channel[0].upper()}{channel[1:]}"
    return name, {"action": action, "channel": _ref(f"#/channels/{channel}")}


def _names_on(topic: str) -> Iterable[str]:
    if topic == FRAMES:
        return ["frame"]
    if topic == DEAD_LETTERS:
        return ["deadLetter"]
    if topic == UNSEGMENTED:
        return ["inspection"]
    return [_camel(kind) for kind in KINDS if kind.topic == topic]


def _camel(kind: Kind) -> str:
    name = kind.message.__name__
    return name[0].lower() + name[1:]


def _messages() -> Object:
    frame = {
        "name": "frame",
        "title": "Frame",
        "summary": _summary(FrameHeader),
        # A media range, because AsyncAPI knows one content type a message; the header says which of the two.
        "contentType": "image/*",
        "headers": _ref(_SCHEMAS + "FrameHeaders"),
        "payload": {"type": "string", "format": "binary", "description": "The image bytes, untouched"},
        "bindings": _text_key("coil_id/camera_id/block, where block = frame_index // 32", _FRAME_KEY),
    }
    letter = {
        "name": "deadLetter",
        "title": "DeadLetter",
        "summary": _summary(DeadLetter),
        "contentType": "application/octet-stream",
        "headers": _ref(_SCHEMAS + "DeadLetterHeaders"),
        "payload": {"description": "The rejected record's value, whatever it is; also null"},
        "bindings": _key({"description": "The rejected record's key, whatever it is; also null"}),
    }
    return {"frame": frame, "deadLetter": letter, **{_camel(kind): _json_message(kind) for kind in KINDS}}


def _json_message(kind: Kind) -> Object:
    name = kind.message.__name__
    return {
        "name": _camel(kind),
        "title": name,
        "summary": _summary(kind.message),
        "contentType": JSON_CONTENT_TYPE,
        "headers": _ref(f"{_SCHEMAS}{name}Headers"),
        "payload": _ref(_SCHEMAS + name),
        "bindings": _text_key("coil_id", NAME_PATTERN),
    }


def _text_key(description: str, pattern: str) -> Object:
    return _key({"type": "string", "pattern": pattern, "description": description})


def _key(schema: Object) -> Object:
    return {"kafka": {"key": schema, "bindingVersion": _KAFKA_BINDING}}


def _schemas() -> Object:
    models: list[type[BaseModel]] = [kind.message for kind in KINDS]
    _, found = models_json_schema([(m, "validation") for m in models], ref_template=_SCHEMAS + "{model}")
    headers = {f"{kind.message.__name__}Headers": envelope_schema(kind) for kind in KINDS}
    frames = {"FrameHeaders": frame_headers_schema(), "DeadLetterHeaders": dead_letter_headers_schema()}
    return frames | headers | {name: _tidy(schema) for name, schema in found["$defs"].items()}


def _tidy(schema: Object) -> Object:
    """Without the titles that pydantic makes of field names, and with descriptions on one line."""
    properties = {
        name: {key: value for key, value in part.items() if key != "title"}
        for name, part in schema.get("properties", {}).items()
    }
    tidied = schema | ({"properties": properties} if properties else {})
    return tidied | (
        {"description": " ".join(schema["description"].split())} if "description" in schema else {}
    )


def _summary(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _ref(target: str) -> Object:
    return {"$ref": target}
