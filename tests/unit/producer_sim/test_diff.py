from __future__ import annotations

import math
from typing import Any

import pytest

from contracts.codec import encode
from contracts.rejections import Reason
from contracts.results import Box, BoxMm, DefectEvent, DefectRegion, Fate, Inspection, RecordId
from producer_sim.diff import Comparison, compare, read_outcomes
from producer_sim.recording import Record
from producer_sim.refused import SimulatorRefused

IDENTITY = {"line_id": "line-1", "coil_id": "c-1", "camera_id": "camera-1"}
TIMES = {"exposed_at_ns": 1, "deadline_at_ns": 2, "inspected_at_ns": 3}


def inspection(index: int, **changes: Any) -> Inspection:
    values: dict[str, Any] = {
        **IDENTITY, **TIMES, "frame_index": index, "fate": Fate.DEFECTIVE, "gate_score": 0.75,
        "gate_threshold": 0.5, "regions_by_class": {3: 1}, "bundle": "b@1",
        "source": RecordId(topic="strip.frames.v1", partition=0, offset=index),
    }  # fmt: skip
    return Inspection(**{**values, **changes})


def event(index: int, **region: Any) -> DefectEvent:
    values: dict[str, Any] = {
        "class_id": 3, "class_name": "scratch", "score": 0.9, "area_px": 4, "area_mm2": 1.0,
        "box_px": Box(row_min=0, col_min=0, row_max=1, col_max=1),
        "box_mm": BoxMm(along_min_mm=0, along_max_mm=1, across_min_mm=0, across_max_mm=1),
        "mask_rle": "1 2 257 2",
    }  # fmt: skip
    return DefectEvent(
        **IDENTITY, **TIMES, frame_index=index, mm_per_px_across=1, mm_per_px_along=1, position_mm=0,
        width_px=8, height_px=8, gate_score=0.75, bundle="b@1",
        regions=(DefectRegion(**{**values, **region}),),
        source=RecordId(topic="strip.frames.v1", partition=0, offset=index),
    )  # fmt: skip


def records(*messages: Inspection | DefectEvent) -> list[Record]:
    return [
        Record(
            topic=e.topic,
            partition=0,
            offset=n,
            timestamp_ms=n,
            key=e.key,
            value=e.value,
            headers=tuple(e.headers),
        )
        for n, e in enumerate(encode(message) for message in messages)
    ]


def difference(a: list[Inspection | DefectEvent], b: list[Inspection | DefectEvent]) -> Comparison:
    return compare(read_outcomes("A", records(*a)), read_outcomes("B", records(*b)))


def test_the_same_results_at_other_times_in_another_order_do_not_differ() -> None:
    later = {"inspected_at_ns": 99, "exposed_at_ns": 98, "bundle": "b@1"}
    elsewhere = RecordId(topic="again.strip.frames.v1", partition=5, offset=77)

    result = difference(
        [inspection(0), inspection(1, fate=Fate.CLEAN, regions_by_class={}), event(0)],
        [
            inspection(1, fate=Fate.CLEAN, regions_by_class={}, source=elsewhere, **later),
            event(0),
            inspection(0, source=elsewhere, **later),
        ],
    )

    assert result == Comparison(frames=2, different=0, events_compared=True, first=None)


DEAD = {"fate": Fate.DEAD_LETTERED, "gate_score": None, "gate_threshold": None, "regions_by_class": {}}


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        pytest.param(
            inspection(1, gate_score=math.nextafter(0.75, 1)),
            "line-1/c-1/camera-1/1: inspection's gate_score is 0.75 in A, 0.7500000000000001 in B",
            id="score by its last bit",
        ),
        pytest.param(
            inspection(1, fate=Fate.UNSEGMENTED, regions_by_class={}),
            "line-1/c-1/camera-1/1: inspection's fate is defective in A, unsegmented in B",
            id="fate",
        ),
        pytest.param(
            inspection(1, regions_by_class={3: 2}),
            "line-1/c-1/camera-1/1: inspection's regions_by_class is {3: 1} in A, {3: 2} in B",
            id="regions",
        ),
        pytest.param(
            inspection(1, gate_threshold=0.6),
            "line-1/c-1/camera-1/1: inspection's gate_threshold is 0.5 in A, 0.6 in B",
            id="threshold",
        ),
        pytest.param(
            inspection(2),
            "line-1/c-1/camera-1/1: 1 inspections in A, 0 in B",
            id="identity",
        ),
    ],
)
def test_the_first_difference_is_told(other: Inspection, sentence: str) -> None:
    result = difference([inspection(0), inspection(1)], [inspection(0), other])

    assert result.first == sentence
    assert result.different == result.frames - 1


def test_reasons_are_compared() -> None:
    result = difference(
        [inspection(0, **DEAD, reason=Reason.CORRUPT_IMAGE)],
        [inspection(0, **DEAD, reason=Reason.WRONG_SIZE)],
    )

    assert result.first == "line-1/c-1/camera-1/0: inspection's reason is corrupt_image in A, wrong_size in B"


def test_frames_are_compared_in_the_order_of_the_strip() -> None:
    a = [inspection(i, gate_score=0.1) for i in (10, 9, 100)]
    b = [inspection(i, gate_score=0.2) for i in (100, 10, 9)]

    result = difference(list(a), list(b))

    assert result.different == 3
    assert str(result.first).startswith("line-1/c-1/camera-1/9:")


def test_a_frame_inspected_twice_differs_from_one_inspected_once() -> None:
    twice = [inspection(0), inspection(0, source=RecordId(topic="t", partition=0, offset=9))]

    assert difference([*twice], [*twice]).first is None
    assert difference([*twice], [inspection(0)]).first == "line-1/c-1/camera-1/0: 2 inspections in A, 1 in B"


def test_a_frame_segmented_later_counts_as_it_ended() -> None:
    unsegmented = inspection(0, fate=Fate.UNSEGMENTED, regions_by_class={})

    assert difference([unsegmented, inspection(0)], [inspection(0)]).first is None
    assert difference([inspection(0), unsegmented], [inspection(0)]).first is not None


def test_a_mask_is_compared_when_both_sides_hold_defect_events() -> None:
    result = difference([inspection(0), event(0)], [inspection(0), event(0, mask_rle="1 2 257 3")])

    assert result.first == (
        "line-1/c-1/camera-1/0: defect event's regions is mask_rle 1 2 257 2 in A, 1 2 257 3 in B"
    )
    only_one_side = difference([inspection(0), event(0)], [inspection(0)])
    assert only_one_side.first is None
    assert not only_one_side.events_compared


def test_a_missing_defect_event_is_a_difference() -> None:
    both = [inspection(0), inspection(1), event(0), event(1)]

    assert difference([*both], both[:3]).first == "line-1/c-1/camera-1/1: 1 defect events in A, 0 in B"


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(SimulatorRefused, match="holds no inspections"):
        read_outcomes("A", records(event(0)))


def test_what_is_no_result_is_refused() -> None:
    (good,) = records(inspection(0))
    broken = Record(
        topic=good.topic,
        partition=0,
        offset=4,
        timestamp_ms=0,
        key=good.key,
        value=b"{}",
        headers=good.headers,
    )

    with pytest.raises(SimulatorRefused, match=r"no result at strip\.inspections\.v1/0/4"):
        read_outcomes("A", [broken])
