"""The committed model card and report against the bundle that ships: none is edited by hand or grows old."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.bundle import BUNDLES, bundle_version, load_card
from model.evaluation.evaluate_command import CARD_FILE, EVALUATION_FILE, REPORT_FILE
from model.evaluation.model_card import render_card

COMMITTED = Path(__file__).parents[3] / "docs" / "model" / "severstal"
BUNDLE = BUNDLES / "severstal"

pytestmark = pytest.mark.skipif(
    not COMMITTED.is_dir(), reason="docs/model/severstal is not there yet: the README says how to make it"
)


def test_the_committed_card_is_what_the_renderer_makes() -> None:
    evaluation = json.loads((COMMITTED / EVALUATION_FILE).read_text("utf-8"))
    expected = render_card(load_card(BUNDLE), bundle_version(BUNDLE), evaluation)
    assert (COMMITTED / CARD_FILE).read_text("utf-8") == expected


def test_the_committed_evaluation_is_of_the_bundle_that_ships() -> None:
    evaluation = json.loads((COMMITTED / EVALUATION_FILE).read_text("utf-8"))
    assert evaluation["bundles"][0]["version"] == bundle_version(BUNDLE)


def test_the_committed_report_holds_no_frames() -> None:
    page = (COMMITTED / REPORT_FILE).read_text("utf-8")
    assert "data:image/jpeg" not in page
    assert "must not be redistributed" in page
    assert len(page) < 1e6
