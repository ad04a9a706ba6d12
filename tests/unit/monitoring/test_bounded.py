"""Names from outside as labels: the first few, then `other`."""

from __future__ import annotations

from monitoring.bounded import (
    CAMERA_VALUES,
    LINE_VALUES,
    MOST_CAMERAS,
    MOST_LINES,
    OTHER,
    UNKNOWN,
    Bounded,
    Places,
)


def test_the_first_names_are_admitted_for_good() -> None:
    bounded = Bounded[str](2)
    assert [bounded.admits(name) for name in ("a", "b", "c", "a", "d", "b", "c")] == [
        *(True, True, False),
        *(True, False, True, False),
    ]


def test_what_is_refused_is_not_remembered() -> None:
    bounded = Bounded[int](3)
    assert sum(bounded.admits(number) for number in range(100_000)) == 3
    assert len(bounded._admitted) == 3


def test_a_line_too_many_is_other_with_all_its_cameras() -> None:
    places = Places()
    lines = [places.line(f"line-{number}") for number in range(MOST_LINES)]
    assert lines == [f"line-{number}" for number in range(MOST_LINES)]
    assert places.line("one-too-many") == OTHER
    assert places.camera("one-too-many", "top") == (OTHER, OTHER)
    assert places.camera("line-0", "top") == ("line-0", "top")


def test_a_camera_too_many_is_an_other_of_its_line() -> None:
    places = Places()
    for number in range(MOST_CAMERAS):
        assert places.camera("line-0", f"cam-{number}") == ("line-0", f"cam-{number}")
    assert places.camera("line-0", "one-too-many") == ("line-0", OTHER)
    assert places.camera("line-1", "cam-0") == ("line-1", OTHER), "cameras of all lines together"
    assert places.camera("line-0", "cam-0") == ("line-0", "cam-0")


def test_who_is_called_other_or_unknown_takes_nobodys_place() -> None:
    places = Places()
    assert places.camera(OTHER, "top") == (OTHER, OTHER)
    assert places.camera(UNKNOWN, "top") == (UNKNOWN, UNKNOWN)
    assert [places.line(f"line-{number}") for number in range(MOST_LINES + 1)][-1] == OTHER


def test_values_are_never_more_than_is_said() -> None:
    places = Places()
    names = [OTHER, UNKNOWN, *(f"n{number}" for number in range(200))]
    cameras = {places.camera(line, camera) for line in names for camera in names}
    assert len(cameras) == CAMERA_VALUES
    assert len({line for line, _ in cameras}) == LINE_VALUES
