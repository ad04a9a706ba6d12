from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from consumer.coils.drawing.strip_drawing import StripDrawing
from consumer.coils.drawing.strip_map import BADGES, draw_strip_map, ledger_words
from consumer.coils.drawing.strip_raster import StripCanvas
from consumer.coils.drawing.strip_ribbon import CLEAN, DEAD_LETTERED, DEFECTIVE, MISSING, MOST_CELLS, rows
from contracts.alarms import LaneRecurrence
from contracts.reports import Finding, Verdict
from contracts.results import Fate
from model.palette import colour_of
from tests.support.grading import defect, lane, ledger, mark

RECURRING = LaneRecurrence(
    class_id=3, class_name="scratch", across_min_mm=395.0, across_max_mm=425.0, coils=("C1", "C2"), of_last=5
)


def drawing(**changes: object) -> StripDrawing:
    fields: dict[str, object] = {
        "line_id": "line-1",
        "coil_id": "C1",
        "length_mm": 32_000.0,
        "width_mm": 1000.0,
        "defects": (),
        "marks": (),
        "lanes": (),
        "recurring": (),
        "ledger_by_camera": {"top": ledger(announced=200)},
        "fates": {"top": dict.fromkeys(range(200), Fate.CLEAN)},
        "verdict": Verdict.RELEASE,
        "findings": (),
        "timing": "every frame inspected",
    }
    return StripDrawing(**(fields | changes))  # type: ignore[arg-type]


def painted(what: StripDrawing) -> NDArray[np.uint8]:
    out = BytesIO()
    draw_strip_map(what, StripCanvas(what.length_mm, what.width_mm), out)
    picture = cv2.imdecode(np.frombuffer(out.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture[:, :, ::-1].astype(np.uint8)


def words(what: StripDrawing) -> str:
    """The picture's texts: matplotlib writes each into the SVG, as a comment."""
    out = BytesIO()
    draw_strip_map(what, StripCanvas(what.length_mm, what.width_mm), out, "svg")
    return out.getvalue().decode()


def share_of(colour: str, picture: NDArray[np.uint8]) -> float:
    wanted = np.round(np.array(to_rgb(colour)) * 255)
    return float((np.abs(picture.astype(float) - wanted).max(axis=2) < 2).mean())


def test_a_large_defect_has_its_place_and_its_colour() -> None:
    picture = painted(drawing(defects=[defect(2, 4000, 0, length_mm=8000, width_mm=500)]))
    share = share_of(colour_of(2), picture)
    assert 0.05 < share < 0.09  # an eighth of the strip, which is 3 fifths of the picture, and its legend
    left, right = np.split(picture, 2, axis=1)
    assert share_of(colour_of(2), left) > 20 * share_of(colour_of(2), right)


@pytest.mark.parametrize("length_mm", [20_000.0, 2_000_000.0], ids=["20 m", "2 km"])
def test_the_smallest_defect_is_visible_on_any_strip(length_mm: float) -> None:
    tiny = defect(3, length_mm / 2, 500, length_mm=0.6, width_mm=0.6)
    bare = painted(drawing(length_mm=length_mm, defects=()))
    picture = painted(drawing(length_mm=length_mm, defects=[tiny]))
    dots = share_of(colour_of(3), picture) - share_of(colour_of(3), bare)
    assert dots * picture.shape[0] * picture.shape[1] > 20


@pytest.mark.parametrize("verdict", [*Verdict, None], ids=str)
def test_the_verdict_is_a_word_a_sign_and_a_colour(verdict: Verdict | None) -> None:
    sign, colour, _ = BADGES[verdict]
    text = words(drawing(verdict=verdict))
    assert sign in text
    assert f"fill: {colour.lower()}" in text
    assert len({BADGES[v][0][0] for v in BADGES}) == len(BADGES)


def test_marks_and_lanes_are_named() -> None:
    text = words(
        drawing(
            marks=[mark(roll="work roll 4"), mark(lane_mm=420.0, period_mm=1000.0)],
            lanes=[lane()],
            recurring=[RECURRING],
        )
    )
    assert "work roll 4: scab each 1,885 mm, 9 hits" in text
    assert "no roll of the table: scab each 1,000 mm, 9 hits" in text
    assert "lane: 12 scratches, on 2 of the last 5 coils" in text


def test_a_lane_that_only_other_coils_show_is_named_too() -> None:
    assert "lane: scratch, on 2 of the last 5 coils" in words(drawing(recurring=[RECURRING]))


def test_the_legend_counts_merged_defects() -> None:
    several = [defect(4, 1000, area_mm2=30_000.0), defect(4, 9000, area_mm2=10_000.0), defect(1, 500)]
    text = words(drawing(defects=several))
    assert "scab: 2 defects, 400 cm²" in text
    assert "pit: 1 defect, 100 mm²" in text


def test_the_worst_findings_come_first_and_the_rest_is_counted() -> None:
    held = [Finding(rule=f"held_{i}", verdict=Verdict.HOLD, evidence="odd") for i in range(9)]
    text = words(drawing(findings=[*held, Finding(rule="bad", verdict=Verdict.REJECT, evidence="3 cracks")]))
    assert text.index("reject · bad: 3 cracks") < text.index("hold · held_0: odd")
    assert "and 3 findings more" in text


def test_the_ledger_says_what_is_not_clean() -> None:
    one, other = ledger(announced=1000, missing=2, dead_lettered=1), ledger(announced=1000, surplus=3)
    assert ledger_words(drawing(ledger_by_camera={"a": one, "b": other})).split("   ·   ") == [
        "line-1",
        "32.0 m x 1,000 mm",
        "2,000 frames of 2 cameras",
        "1,997 clean",
        "0 defective",
        "1 dead-lettered",
        "2 missing",
        "3 surplus",
    ]


def test_a_coil_of_which_nothing_is_known_has_a_map() -> None:
    nothing = drawing(length_mm=0.0, width_mm=0.0, ledger_by_camera={}, fates={}, verdict=None)
    assert painted(nothing).shape[1] == 2160


# --- the ribbon ---


def test_the_ribbon_has_a_cell_for_every_frame() -> None:
    fates = {0: Fate.CLEAN, 1: Fate.DEFECTIVE, 3: Fate.DEAD_LETTERED, 9: Fate.CLEAN}
    shown = rows(drawing(ledger_by_camera={"top": ledger(announced=5)}, fates={"top": fates}))
    assert shown["top"].tolist() == [CLEAN, DEFECTIVE, MISSING, DEAD_LETTERED, MISSING]


def test_one_missing_frame_of_100_000_is_seen() -> None:
    fates = dict.fromkeys(range(100_000), Fate.CLEAN)
    del fates[77_777]
    shown = rows(drawing(ledger_by_camera={"top": ledger(announced=100_000)}, fates={"top": fates}))["top"]
    assert shown.size == MOST_CELLS
    assert np.flatnonzero(shown == MISSING).tolist() == [77_777 * MOST_CELLS // 100_000]


def test_many_cameras_share_a_row_that_shows_the_worst() -> None:
    cameras = {f"cam-{i}": ledger(announced=4) for i in range(9)}
    fates = {camera: dict.fromkeys(range(4), Fate.CLEAN) for camera in cameras}
    del fates["cam-7"][2]
    ((name, codes),) = rows(drawing(ledger_by_camera=cameras, fates=fates)).items()
    assert (name, codes.tolist()) == ("9 cameras", [CLEAN, CLEAN, MISSING, CLEAN])


def test_no_ribbon_where_nobody_knows_the_frames_any_more() -> None:
    assert rows(drawing(fates=None)) == {}
