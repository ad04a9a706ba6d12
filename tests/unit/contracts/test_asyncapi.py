"""`asyncapi.yaml` is valid, current, and says of every record what the code says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from contracts.asyncapi import document, document_yaml
from contracts.topics import TOPICS
from tests.support.golden_records import GoldenRecord, todays_records
from tests.support.hostile_headers import hostile_headers
from tests.support.messages import FRAME_HEADER

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "tests" / "golden" / "asyncapi" / "asyncapi-3.0.0.schema.json"
DOCUMENT = document()


def validator_of(part: Mapping[str, Any]) -> Draft7Validator:
    """AsyncAPI's own schema format is a superset of JSON Schema draft-07."""
    return Draft7Validator({**part, "components": DOCUMENT["components"]})


def message_of(record: GoldenRecord) -> dict[str, Any]:
    """The message that the description offers for a record's topic and type."""
    channel = next(c for c in DOCUMENT["channels"].values() if c["address"] == record.topic)
    names = list(channel["messages"])
    if len(names) == 1:
        return DOCUMENT["components"]["messages"][names[0]]
    ce_type = dict(record.headers)["ce_type"]
    assert ce_type is not None
    first, second = ce_type.decode().split(".")[1].split("-")
    return DOCUMENT["components"]["messages"][first + second.capitalize()]


def test_it_is_valid_by_the_published_schema() -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    errors = sorted(Draft7Validator(schema).iter_errors(DOCUMENT), key=str)
    assert not errors, errors[0].message


@pytest.mark.parametrize(
    "broken",
    [
        {"asyncapi": "2.6.0"},
        {"channels": {"frames": {"adress": "strip.frames.v1"}}},
        {"channels": {"frames": {"bindings": {"kafka": {"partitions": 0, "bindingVersion": "0.5.0"}}}}},
    ],
)
def test_the_published_schema_is_really_applied(broken: dict[str, Any]) -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert not Draft7Validator(schema).is_valid(DOCUMENT | broken)


def test_the_file_is_current() -> None:
    written = (ROOT / "asyncapi.yaml").read_text(encoding="utf-8")
    assert written == document_yaml(), "out of date: run `python -m contracts asyncapi`"


def test_the_file_holds_the_document() -> None:
    assert yaml.safe_load(document_yaml()) == DOCUMENT


def test_every_reference_leads_somewhere() -> None:
    for target in references(DOCUMENT):
        found: Any = DOCUMENT
        for step in target.removeprefix("#/").split("/"):
            assert step in found, target
            found = found[step]


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [target for value in part.values() for target in references(value)]
    return [target for value in part for target in references(value)] if isinstance(part, list) else []


def test_every_topic_has_its_channel() -> None:
    assert [c["address"] for c in DOCUMENT["channels"].values()] == [spec.name for spec in TOPICS]
    for spec, channel in zip(TOPICS, DOCUMENT["channels"].values(), strict=True):
        binding = channel["bindings"]["kafka"]
        assert binding["partitions"] == spec.partitions
        assert binding["topicConfiguration"].keys() == spec.config.keys()


@pytest.mark.parametrize("name", todays_records())
def test_every_record_fits_its_description(name: str) -> None:
    record = todays_records()[name]
    message = message_of(record)
    headers = {name: value.decode() for name, value in record.headers if value is not None}
    validator_of(message["headers"]).validate(headers)
    if record.value is not None:
        validator_of(message["payload"]).validate(json.loads(record.value))
    assert record.key is not None
    validator_of(message["bindings"]["kafka"]["key"]).validate(record.key.decode())


@pytest.mark.parametrize("name", [name for name, record in todays_records().items() if record.value])
def test_every_field_is_described(name: str) -> None:
    record = todays_records()[name]
    value = json.loads(record.value or b"")
    schema = message_of(record)["payload"]["$ref"].rpartition("/")[2]
    assert DOCUMENT["components"]["schemas"][schema]["properties"].keys() == value.keys()


def test_every_header_of_a_frame_is_described() -> None:
    described = DOCUMENT["components"]["schemas"]["FrameHeaders"]["properties"].keys()
    assert {name for name, _ in todays_records()["frame"].headers} == described


def test_what_is_about_a_frame_may_carry_its_trace() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    traced = {name for name, part in schemas.items() if "ce_traceparent" in part.get("properties", {})}
    assert traced == {"FrameHeaders", "InspectionHeaders", "DefectEventHeaders"}


def test_the_description_refuses_hostile_headers_too() -> None:
    """As far as JSON Schema can: what is absent or not of its type; ranges and agreement it cannot."""
    validator = validator_of(DOCUMENT["components"]["messages"]["frame"]["headers"])
    refused = 0
    for case in hostile_headers(FRAME_HEADER):
        try:
            headers = {name: (value or b"").decode() for name, value in case.headers or ()}
        except UnicodeDecodeError:
            continue
        refused += not validator.is_valid(headers)
    assert refused > 100, "the description knows the patterns of names and numbers"
