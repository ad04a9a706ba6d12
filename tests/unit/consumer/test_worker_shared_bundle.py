"""The worker with a real bundle whose gate and segmenter share an encoder, without a broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from consumer.ladder import Ladder, Rung
from contracts.results import Fate
from model.card import Design
from model.engines.shared_openvino import SharedBackboneOpenVino
from model.load import load_inspector
from tests.support.bundles import STRIP_LEVEL, level_bundle, whole_card
from tests.support.line import HEIGHT_PX, WIDTH_PX, Line
from tests.support.shared_bundles import shared_bundle

SHARED: tuple[Design, ...] = ("shared_backbone", "two_head")
CRACK = 200
"""The grey level of class 2."""


class GateOnly:
    """No time for a segmenter."""

    rung = Rung.GATE_ONLY


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    card = whole_card(name="small", width_px=WIDTH_PX, height_px=HEIGHT_PX)
    card = card.model_copy(update={"input": card.input.model_copy(update={"reduce": 1})})
    return level_bundle(tmp_path_factory.mktemp("small") / "separate", card=card)


def line_with(networks: Path, place: Path, design: Design, ladder: Ladder | None = None) -> Line:
    line = Line(ladder=ladder, partitions=1)
    line.inspector = load_inspector(shared_bundle(place / design, networks, design), threads=1)  # type: ignore[assignment]
    line.inspector.warm_up()
    line.rebuild()
    return line


@pytest.mark.parametrize("design", SHARED)
def test_the_worker_serves_a_bundle_with_one_encoder_and_runs_it_once_a_frame(
    networks: Path, tmp_path: Path, design: Design
) -> None:
    line = line_with(networks, tmp_path, design)
    before = line.inspector._first.inferences  # type: ignore[attr-defined]
    for index in range(10):
        line.send(index, CRACK if index % 3 == 0 else STRIP_LEVEL)
    line.worker.join()
    line.run()

    fates = {i.frame_index: i.fate for i in line.sink.inspections}
    assert fates == {i: Fate.DEFECTIVE if i % 3 == 0 else Fate.CLEAN for i in range(10)}
    assert sorted(event.frame_index for event in line.sink.defects) == [0, 3, 6, 9]
    assert {region.class_id for event in line.sink.defects for region in event.regions} == {2}
    assert line.inspector._first.inferences - before == 10  # type: ignore[attr-defined]


@pytest.mark.parametrize("design", SHARED)
def test_a_frame_that_stays_unsegmented_holds_no_features(
    networks: Path, tmp_path: Path, design: Design
) -> None:
    line = line_with(networks, tmp_path, design, GateOnly())
    line.sink.broker_away = True  # finished frames wait for their commit
    for index in range(4):
        line.send(index, CRACK)
    line.worker.join()
    line.run()

    flights = line.worker._order._partitions[0].flights
    assert [flight.fate for flight in flights] == [Fate.UNSEGMENTED] * 4
    assert [flight.gated.kept for flight in flights if flight.gated] == [None] * 4
    assert all(flight.gated.score > 0.9 for flight in flights if flight.gated)


def test_frames_that_pass_reach_the_decoder_and_no_others(networks: Path, tmp_path: Path) -> None:
    line = line_with(networks, tmp_path, "shared_backbone")
    inspector: object = line.inspector
    assert isinstance(inspector, SharedBackboneOpenVino)
    before = inspector._second.inferences
    for index in range(6):
        line.send(index, CRACK if index == 4 else STRIP_LEVEL)
    line.worker.join()
    line.run()
    assert inspector._second.inferences - before == 1
