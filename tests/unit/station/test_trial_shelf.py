"""The bundles that can be tried: few inspectors alive, few pictures waiting, broken ones said."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import astuple
from pathlib import Path
from threading import Event

import pytest

from model.bundle import BUNDLES, bundle_version
from model.inspector import Inspector
from station.trial.refusals import Busy, NotAnImage, UnknownBundle
from station.trial.shelf import Shelf, load_warm
from station.trial.trial import Trial
from tests.support.bundles import painted_frame
from tests.support.trials import CLEAN, SCRATCH, trial_bundles, tried


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trial_bundles(tmp_path_factory.mktemp("trial"))


# --- what can be tried ---


def test_the_shipped_bundles_are_listed_with_what_their_cards_say() -> None:
    listed = {bundle.name: bundle for bundle in Shelf().facts()}
    assert set(listed) == {path.parent.name for path in BUNDLES.glob("*/card.json")}
    for bundle in listed.values():
        assert bundle.version == bundle_version(BUNDLES / bundle.name)
        assert (bundle.width_px, bundle.height_px) == (1600, 256)
        for preset in bundle.presets:
            assert [kind.class_id for kind in preset.classes] == [1, 2, 3, 4]
            assert preset.gate_threshold > 0
            held_out = preset.held_out
            assert held_out.frames
            assert None not in astuple(held_out)
            assert held_out.auc > 0.9
            assert held_out.defective >= 200
            assert held_out.missed <= 5
            assert held_out.miss_share_below_95 < 0.02
            assert 0 < held_out.clean_rejected < held_out.clean
            assert 0 < held_out.positive_dice < 1
    assert [preset.name for preset in listed["severstal"].presets] == ["line", "accurate"]
    assert [kind.name for kind in listed["synthetic"].presets[0].classes] == [
        "pit",
        "crack",
        "scratch",
        "scab",
    ]


def test_a_card_without_figures_is_listed_without_them(folder: Path) -> None:
    trial = Trial(Shelf(folder))
    level, strict = trial.bundles()
    trial.close()
    assert (level.name, strict.name) == ("level", "strict")
    assert {level.presets[0].held_out.auc, level.presets[0].held_out.missed} == {None}
    assert strict.presets[0].classes[2].min_area_px == 20_000


def test_a_bundle_whose_files_were_changed_is_told_to_the_log_and_not_to_the_browser(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(folder / "level", tmp_path / "level")
    (tmp_path / "level" / "gate.int8.bin").write_bytes(b"other")
    trial = Trial(Shelf(tmp_path))
    with caplog.at_level(logging.WARNING), pytest.raises(UnknownBundle) as refused:
        tried(trial, CLEAN)
    trial.close()
    assert str(tmp_path) not in str(refused.value)
    assert "gate.int8.bin is not what its card lists" in caplog.text


def test_a_bundle_with_a_broken_card_is_left_out_with_a_line_in_the_log(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(folder / "level", tmp_path / "level")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "card.json").write_text("{")
    with caplog.at_level(logging.WARNING):
        shelf = Shelf(tmp_path)
    assert [bundle.name for bundle in shelf.facts()] == ["level"]
    assert "broken" in caplog.text


# --- few alive, few waiting ---


def test_inspectors_are_loaded_when_first_asked_for_and_few_are_kept(folder: Path) -> None:
    loaded: list[tuple[str, str]] = []

    def load(one: Path, preset: str) -> Inspector:
        loaded.append((one.name, preset))
        return load_warm(one, preset)

    trial = Trial(Shelf(folder, kept=2, load=load))
    assert loaded == []
    level, accurate, strict = ("level", "line"), ("level", "accurate"), ("strict", "line")
    for bundle, preset in (level, accurate, level, strict, level, accurate):
        tried(trial, CLEAN, bundle, preset)
    trial.close()
    assert loaded == [level, accurate, strict, accurate]  # `level` was used in between, and stayed


def test_inspectors_go_when_nobody_tried_anything_for_a_while(folder: Path) -> None:
    loads: list[str] = []
    gone = Event()

    class Watched(Shelf):
        def clear(self) -> None:
            super().clear()
            gone.set()

    def load(one: Path, preset: str) -> Inspector:
        loads.append(one.name)
        return load_warm(one, preset)

    async def one_pause() -> None:
        await trial.run(CLEAN, "level", "line")
        assert await asyncio.to_thread(gone.wait, 30)
        await trial.run(CLEAN, "level", "line")

    trial = Trial(Watched(folder, load=load), idle_s=0.01)
    asyncio.run(one_pause())
    trial.close()
    assert loads == ["level", "level"]


class Held:
    """Loads only when it is let: whoever asks for an inspector stands still until then."""

    def __init__(self) -> None:
        self.reached, self.let = Event(), Event()

    def __call__(self, folder: Path, preset: str) -> Inspector:
        self.reached.set()
        assert self.let.wait(30)
        return load_warm(folder, preset)


def held(folder: Path, then: Callable[[Trial, Held], Coroutine[None, None, None]]) -> None:
    gate = Held()
    trial = Trial(Shelf(folder, load=gate), waiting=2)
    try:
        asyncio.run(then(trial, gate))
    finally:
        gate.let.set()
        trial.close()


def test_more_than_may_wait_are_refused_at_once_and_those_that_wait_are_served(folder: Path) -> None:
    async def crowd(trial: Trial, gate: Held) -> None:
        waiting = [asyncio.create_task(trial.run(CLEAN, "level", "line")) for _ in range(3)]
        await asyncio.to_thread(gate.reached.wait, 30)
        with pytest.raises(Busy, match="try again"):
            await trial.run(CLEAN, "level", "line")
        with pytest.raises(NotAnImage):  # what needs no place is told as ever
            await trial.run(b"text", "level", "line")
        gate.let.set()
        assert [result.passed for result in await asyncio.gather(*waiting)] == [False] * 3
        assert not (await trial.run(CLEAN, "level", "line")).passed

    held(folder, crowd)


def test_who_goes_away_while_waiting_leaves_the_place_to_others(folder: Path) -> None:
    async def one_goes(trial: Trial, gate: Held) -> None:
        tasks = [asyncio.create_task(trial.run(CLEAN, "level", "line")) for _ in range(3)]
        await asyncio.to_thread(gate.reached.wait, 30)
        tasks[2].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[2]
        instead = asyncio.create_task(trial.run(painted_frame([SCRATCH]), "level", "line"))
        gate.let.set()
        assert not (await tasks[0]).passed
        assert (await instead).passed

    held(folder, one_goes)


def test_a_closed_trial_says_so(folder: Path) -> None:
    trial = Trial(Shelf(folder), waiting=0)
    trial.close()
    for _ in range(2):  # it gives back the place that it took
        with pytest.raises(Busy, match="closing"):
            tried(trial, CLEAN)
