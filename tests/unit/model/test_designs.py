"""Which design runs: what a card may say, what a preset can run by, what is refused and how."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.bundle import CARD_FILE, BundleRefused, load_card, write_bundle
from model.card import DESIGNS, Design
from model.cli import main
from model.designs import choose_design
from model.engines.openvino import OpenVinoInspector
from model.engines.shared_openvino import SharedBackboneOpenVino, TwoHeadOpenVino
from model.load import load_inspector
from tests.support.bundles import painted_frame, whole_card
from tests.support.shared_bundles import shared_bundle, shared_card

SHARED: tuple[Design, ...] = ("shared_backbone", "two_head")
INSPECTORS = {
    "separate": OpenVinoInspector,
    "shared_backbone": SharedBackboneOpenVino,
    "two_head": TwoHeadOpenVino,
}


@pytest.mark.parametrize(
    ("preset", "asked", "runs"),
    [
        ("line", None, "separate"),
        ("line", "separate", "separate"),
        ("accurate", None, "shared_backbone"),
        ("accurate", "shared_backbone", "shared_backbone"),
        ("accurate", "two_head", "two_head"),
    ],
)
def test_a_preset_runs_by_its_own_design_or_by_one_that_it_can(
    level_bundle: Path, preset: str, asked: str | None, runs: str
) -> None:
    found = load_inspector(level_bundle, threads=1, preset=preset, design=asked)
    assert type(found) is INSPECTORS[runs]


@pytest.mark.parametrize(
    ("preset", "asked", "says"),
    [
        ("accurate", "separate", r"cannot run as separate: .* no gate network runs apart; "
         "choose shared_backbone or two_head, or preset line$"),
        ("line", "two_head", r"cannot run as two_head: a gate network of its own .* share no encoder; "
         "choose separate, or preset accurate$"),
        ("line", "both", "no design 'both': choose one of separate, two_head, shared_backbone$"),
    ],
)  # fmt: skip
def test_a_design_that_a_preset_cannot_run_by_is_refused_with_those_that_it_can(
    level_bundle: Path, preset: str, asked: str, says: str
) -> None:
    with pytest.raises(BundleRefused, match=says):
        load_inspector(level_bundle, threads=1, preset=preset, design=asked)


@pytest.mark.parametrize("design", SHARED)
def test_a_bundle_of_a_design_with_one_encoder_needs_no_gate_and_runs_by_its_design(
    level_bundle: Path, tmp_path: Path, design: Design
) -> None:
    folder = shared_bundle(tmp_path / design, level_bundle, design)
    card = load_card(folder)
    assert card.gate is None
    assert not any(name.startswith("gate.") for name in card.files)
    assert type(load_inspector(folder, threads=1)) is INSPECTORS[design]
    assert {choose_design(card, "line", other) for other in SHARED} == set(SHARED)
    with pytest.raises(BundleRefused, match=r"choose shared_backbone or two_head$"):
        choose_design(card, "line", "separate")


def test_a_card_of_before_loads_as_it_did(level_bundle: Path) -> None:
    card = load_card(level_bundle)
    assert (card.format_version, card.design, card.input.view.kind) == (2, "separate", "whole")
    stated = json.loads((level_bundle / CARD_FILE).read_bytes())
    assert stated["gate"]["architecture"] == "dense"


@pytest.mark.parametrize("design", DESIGNS)
def test_a_card_that_does_not_fit_its_design_is_refused(tmp_path: Path, design: Design) -> None:
    card = whole_card(name="unfit")
    if design == "separate":
        unfit = {"describes no gate, which": card.model_copy(update={"gate": None})}
    else:
        shared = shared_card(card, design, 0.5)
        unfit = {
            "describes a gate, but": shared.model_copy(update={"gate": card.gate}),
            "scores preset line by a gate network, but": shared.model_copy(
                update={"presets": {"line": card.presets["line"]}}
            ),
        }
    for says, wrong in unfit.items():
        with pytest.raises(BundleRefused, match=f"{says} .*design {design}"):
            write_bundle(tmp_path / "unfit", wrong, {})


@pytest.mark.parametrize("design", SHARED)
def test_gate_files_do_not_belong_to_a_design_without_a_gate(
    level_bundle: Path, tmp_path: Path, design: Design
) -> None:
    card = load_card(level_bundle)
    files = {name: level_bundle / name for name in card.files}
    with pytest.raises(BundleRefused, match=rf"lists gate\.int8\.bin, but design {design}"):
        write_bundle(tmp_path / "both", shared_card(card, design, 0.5), files)


def test_predict_takes_a_design(
    level_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(painted_frame())
    folders = ["predict", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--bundle", str(level_bundle)]
    assert main([*folders, "--preset", "accurate", "--design", "two_head", "--threads", "1"]) == 0
    assert main([*folders, "--design", "shared_backbone"]) == 2
    assert "cannot run as shared_backbone" in capsys.readouterr().err
