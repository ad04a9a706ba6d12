"""The live strip is a function of the messages alone: not of their order, their repeats, or the deltas."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.message_codec import CoilRecord
from contracts.results import DefectEvent, Inspection, RecordId
from station.strip.state import StripState
from station.strip.wire import to_wire
from tests.support import message_strategies as any_of
from tests.support.coils import CoilScript, Spot
from tests.support.strip_view import Client, seen_of

COIL = "C1"
T0 = 1_767_225_600_000_000_000
few_times = st.integers(T0, T0 + 3)
lines = st.sampled_from(["line-1", "line-2"])
sources = st.builds(RecordId, topic=st.just("f"), partition=st.integers(0, 1), offset=st.integers(0, 1))


@st.composite
def bent(draw: st.DrawFn, messages: st.SearchStrategy[CoilRecord]) -> CoilRecord:
    """Of one coil, with so few frames, sources and times that they meet."""
    message = draw(messages)
    changes: dict[str, object] = {"coil_id": COIL, "line_id": draw(lines)}
    if isinstance(message, Inspection | DefectEvent):
        changes |= {
            "camera_id": draw(st.sampled_from(["top", "bottom"])),
            "frame_index": draw(st.sampled_from([0, 1, 2, 70])),
            "source": draw(sources),
            "inspected_at_ns": draw(few_times),
        }
    return message.model_copy(update=changes)


a_frame_s = bent(any_of.inspections) | bent(any_of.defect_events)
a_coil_s = bent(any_of.coils_started) | bent(any_of.coils_ended) | bent(any_of.coil_reports)
alarms = any_of.alarms.map(lambda alarm: alarm.model_copy(update={"coil_id": COIL, "alarm_id": "a"}))
of_one_coil = st.lists(a_frame_s | a_frame_s | a_coil_s | alarms, min_size=1, max_size=12)


@given(of_one_coil, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_neither_order_nor_repeats_matter(messages: list[CoilRecord], chance: random.Random) -> None:
    shuffled = messages + [chance.choice(messages) for _ in range(4)]
    chance.shuffle(shuffled)
    assert seen_of(shuffled, COIL) == seen_of(messages, COIL)


@given(of_one_coil)
@settings(max_examples=50, deadline=None)
def test_a_repeat_changes_nothing(messages: list[CoilRecord]) -> None:
    state = StripState(20)
    for message in messages:
        state.take(message)
    seq = state.seq(COIL)
    for message in messages:
        assert not state.take(message)
    assert state.seq(COIL) == seq


@given(st.lists(st.tuples(a_frame_s | a_coil_s | alarms, st.booleans()), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_deltas_add_up_to_the_whole(steps: list[tuple[CoilRecord, bool]]) -> None:
    state, client, fresh = StripState(20), Client(), Client()
    for message, asks in steps:
        state.take(message)
        if asks:
            client.ask(state, COIL)
    client.ask(state, COIL)
    fresh.ask(state, COIL)
    assert client.seen() == fresh.seen()


@given(st.lists(any_of.json_messages, min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_whatever_the_contract_allows_becomes_json(messages: list[CoilRecord]) -> None:
    state = StripState(3)
    for message in messages:
        state.take(message)
    assert 1 <= len(state) <= 3
    for coil_ids in state.coil_ids().values():
        for coil_id in coil_ids:
            wire = to_wire(state.snapshot(coil_id))
            assert json.loads(json.dumps(wire, allow_nan=False)) == wire


@pytest.mark.parametrize("seed", range(3))
def test_a_real_coil_in_any_order(seed: int) -> None:
    coil = CoilScript(cameras={"top": 0.0, "bottom": 100.0})
    messages: list[CoilRecord] = [coil.started(), coil.ended(300)]
    for index in range(300):
        for camera in coil.cameras:
            if (index + (camera == "top")) % 7:
                messages.append(coil.clean(index, camera_id=camera))
            else:
                at_mm, across_mm = index * coil.pitch_mm, coil.cameras[camera]
                spot = Spot(1 + index % 4, at_mm + 10, at_mm + 30, across_mm + 5, across_mm + 20)
                messages += coil.defective(index, spot, camera_id=camera)
    shuffled = [*messages, *messages[100:200]]
    random.Random(seed).shuffle(shuffled)
    seen = seen_of(shuffled, "C1")
    assert seen == seen_of(messages, "C1")
    assert len(seen["fates"]) == 600
    assert seen["coil"].outstanding == 0
    assert sum(seen["coil"].regions_by_class.values()) == len(seen["regions"])
