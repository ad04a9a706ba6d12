"""The rules of `make up`'s synthetic strip: all three verdicts are within reach of its coils."""

from __future__ import annotations

import pytest

from consumer.coils.grading.grade import grade
from consumer.coils.grading.rules import load_rules
from contracts.reports import CoilDefect, Verdict
from local.plan import SYNTHETIC_RULES
from model.bundle import find, load_card
from tests.support.grading import defect, facts, mark

RULES = load_rules(SYNTHETIC_RULES)


@pytest.mark.parametrize(
    ("longest_mm", "verdict"), [(150.0, Verdict.RELEASE), (160.0, Verdict.HOLD), (180.0, Verdict.REJECT)]
)
def test_the_longest_crack_decides(longest_mm: float, verdict: Verdict) -> None:
    assert _verdict(defect(2, length_mm=longest_mm)) is verdict


def test_a_large_scab_is_held() -> None:
    assert _verdict(defect(4, area_mm2=29_000.0)) is Verdict.RELEASE
    assert _verdict(defect(4, area_mm2=31_000.0)) is Verdict.HOLD


def test_the_damaged_roll_and_ordinary_scratches_hold_nothing() -> None:
    scratches = [defect(3, along_mm=1_000.0 * n, length_mm=205.0, area_mm2=20_000.0) for n in range(5, 90)]
    graded = grade(facts(*scratches, marks=(mark(count=190),)), RULES)
    assert (graded.verdict, graded.findings) == (Verdict.RELEASE, ())


def test_they_name_the_classes_of_the_strips_bundle() -> None:
    names = {each.name for each in load_card(find("synthetic")).classes}
    for name in names:
        assert _verdict(defect(1, name=name)) is Verdict.RELEASE, "an unknown class would be held"


def _verdict(*defects: CoilDefect) -> Verdict:
    return grade(facts(*defects), RULES).verdict
