from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import pytest

from contracts.identity import FRAMES_PER_BLOCK
from producer_sim.arrangement import CoilEnd, Exposure, RunShape, Step, arrange
from producer_sim.manifest import Fault


def shape(**changes: int | None) -> RunShape:
    counts: dict[str, Any] = {"lines": 2, "coils": 2, "cameras": 3, "frames_per_coil": 40, **changes}
    return RunShape(coil_prefix="c-", **counts)


def steps(of: RunShape, faults: Mapping[int, Fault] | None = None) -> list[Step]:
    """With a fault for every camera's frames of these indices."""
    return list(arrange(of, lambda line, coil, camera, index: (faults or {}).get(index)))


def order(of: RunShape, faults: Mapping[int, Fault]) -> list[int]:
    return [step.frame_index for step in steps(of, faults) if isinstance(step, Exposure)]


def test_every_frame_of_every_camera_is_there_once() -> None:
    exposures = [step for step in steps(shape()) if isinstance(step, Exposure)]
    places = {(e.line, e.coil, e.camera, e.frame_index) for e in exposures}

    assert len(exposures) == len(places) == shape().frames == 2 * 2 * 3 * 40
    assert sorted(e.serial for e in exposures) == list(range(len(exposures)))


def test_a_coil_ends_after_its_frames_and_before_the_next_begins() -> None:
    for line in range(2):
        of_line = [step for step in steps(shape()) if step.line == line]
        coils = [("end" if isinstance(step, CoilEnd) else "frame", step.coil) for step in of_line]
        assert list(dict.fromkeys(coils)) == [("frame", 0), ("end", 0), ("frame", 1), ("end", 1)]


def test_without_end_the_same_steps_come_first_and_more_after_them() -> None:
    finite, endless = shape(), shape(coils=None)
    first = steps(finite)

    steps_without_end = arrange(endless, lambda line, coil, camera, index: None)

    assert list(islice(steps_without_end, len(first) - 1)) == first[:-1]
    assert {step.coil for step in islice(steps_without_end, 2 * len(first))} > {2, 3}
    assert (finite.endless, endless.endless) == (False, True)
    assert endless.frames is None


def test_lines_run_side_by_side() -> None:
    exposures = [step for step in steps(shape()) if isinstance(step, Exposure)]

    assert {e.line for e in exposures[:2]} == {0, 1}
    for end in range(0, len(exposures), 10):
        sent = [sum(e.line == line for e in exposures[:end]) for line in (0, 1)]
        assert abs(sent[0] - sent[1]) <= 1


def test_the_serial_does_not_depend_on_the_order_of_sending() -> None:
    one = shape(lines=1, coils=1, cameras=1)
    swapped = [s for s in steps(one, {5: Fault.REORDER}) if isinstance(s, Exposure)]

    assert all(e.serial == e.frame_index for e in swapped)


@pytest.mark.parametrize(
    ("reordered", "expected"),
    [
        pytest.param({3}, [0, 1, 2, 4, 3, 5], id="with the next"),
        pytest.param({5}, [0, 1, 2, 3, 5, 4], id="the last with the one before"),
        pytest.param({2, 3}, [0, 1, 3, 2, 4, 5], id="two neighbours swap once"),
        pytest.param({0, 1, 2, 3, 4, 5}, [1, 0, 3, 2, 5, 4], id="all"),
        pytest.param(set(), [0, 1, 2, 3, 4, 5], id="none"),
    ],
)
def test_reorder_swaps_neighbours(reordered: set[int], expected: list[int]) -> None:
    one = shape(lines=1, coils=1, cameras=1, frames_per_coil=6)

    assert order(one, dict.fromkeys(reordered, Fault.REORDER)) == expected


def test_reorder_stays_inside_its_block() -> None:
    one = shape(lines=1, coils=1, cameras=1, frames_per_coil=2 * FRAMES_PER_BLOCK)
    last_of_block = FRAMES_PER_BLOCK - 1

    swapped = order(one, {last_of_block: Fault.REORDER})

    assert swapped[last_of_block - 1 : last_of_block + 2] == [
        last_of_block,
        last_of_block - 1,
        FRAMES_PER_BLOCK,
    ]


def test_a_frame_without_a_neighbour_is_not_called_reordered() -> None:
    one = shape(lines=1, coils=1, cameras=1, frames_per_coil=1)

    (only, _) = steps(one, {0: Fault.REORDER})

    assert isinstance(only, Exposure)
    assert only.fault is None


def test_other_faults_stay_with_their_frame() -> None:
    one = shape(lines=1, coils=1, cameras=1, frames_per_coil=6)
    exposures = [s for s in steps(one, {3: Fault.REORDER, 4: Fault.DROP}) if isinstance(s, Exposure)]

    assert {e.frame_index: e.fault for e in exposures if e.fault} == {3: Fault.REORDER, 4: Fault.DROP}
