from __future__ import annotations

import re

import pytest

from contracts.rejections import Reason
from contracts.results import Fate, Inspection
from local.observing.truth import Found, disagreements, found
from producer_sim.manifest import Fault, FrameLine
from tests.support.coil_run import ended, inspection, manifest, observed, sent


def test_found_and_passed_are_counted_over_frames_of_known_truth() -> None:
    lines = [sent(0, 1), sent(1, 2), sent(2, 3), sent(3), sent(4), sent(5, known=False), sent(6, 1)]
    run = observed(
        inspection(0, Fate.DEFECTIVE),
        inspection(1, Fate.UNSEGMENTED),
        inspection(2, Fate.CLEAN),
        inspection(3, Fate.CLEAN),
        inspection(4, Fate.DEFECTIVE),
        inspection(5),
        inspection(6, Fate.DEAD_LETTERED),
    )
    assert found(lines, run.coils["C1"]) == Found(
        defective=3, defective_found=2, clean=2, clean_passed=1, unknown=1
    )


def test_frames_of_other_coils_do_not_count() -> None:
    run = observed(inspection(0, coil="C1"), inspection(0, coil="C2"))
    assert found([sent(0, coil="C1"), sent(0, coil="C2")], run.coils["C2"]).clean == 1


def test_a_picture_that_comes_again_counts_once() -> None:
    lines = [sent(0, 1, origin="a"), sent(1, 1, origin="a"), sent(2, origin="b"), sent(3, origin="b")]
    run = observed(*(inspection(n, Fate.DEFECTIVE if n < 3 else Fate.CLEAN) for n in range(4)))
    assert found(lines, run.coils["C1"]) == Found(
        defective=1, defective_found=1, clean=1, clean_passed=0, unknown=0
    )


CORRUPT = inspection(0, Fate.DEAD_LETTERED, reason=Reason.CORRUPT_IMAGE)

AGREE: list[tuple[str, FrameLine, list[Inspection]]] = [
    ("clean", sent(0), [inspection(0)]),
    ("late is inspected", sent(0, fault=Fault.LATE), [inspection(0)]),
    ("dropped", sent(0, fault=Fault.DROP), []),
    ("corrupt", sent(0, fault=Fault.CORRUPT), [CORRUPT]),
    ("sent twice", sent(0, fault=Fault.DUPLICATE), [inspection(0), inspection(0, offset=8)]),
]

DIFFER: list[tuple[str, FrameLine, list[Inspection], str]] = [
    ("lost", sent(0), [], "was sent and has no inspection"),
    ("invented", sent(0, fault=Fault.DROP), [inspection(0)], "was never sent and has an inspection"),
    ("rejected", sent(0), [CORRUPT], r"dead_lettered \(corrupt_image\), must be inspected"),
    ("accepted", sent(0, fault=Fault.CORRUPT), [inspection(0)], "clean, must be corrupt_image"),
    ("other reason", sent(0, fault=Fault.TRUNCATE), [CORRUPT], "must be truncated_image"),
    ("counted twice", sent(0), [inspection(0), inspection(0, offset=8)], "1 duplicates counted, 0 sent"),
    ("one lost of two", sent(0, fault=Fault.DUPLICATE), [inspection(0)], "0 duplicates counted, 1 sent"),
    (
        "unknown frame",
        sent(0),
        [inspection(0), inspection(1)],
        "top/1 has an inspection and was never",
    ),
]


@pytest.mark.parametrize(("line", "seen"), [c[1:] for c in AGREE], ids=[c[0] for c in AGREE])
def test_right_fates_agree(line: FrameLine, seen: list[Inspection]) -> None:
    assert disagreements(manifest(line), observed(*seen, ended({"top": 1}))) == []


@pytest.mark.parametrize(("line", "seen", "says"), [c[1:] for c in DIFFER], ids=[c[0] for c in DIFFER])
def test_a_wrong_fate_is_named(line: FrameLine, seen: list[Inspection], says: str) -> None:
    (sentence,) = disagreements(manifest(line), observed(*seen, ended({"top": 1})))
    assert re.search(says, sentence), sentence


def test_coils_are_held_to_the_manifest_too() -> None:
    run = observed(inspection(0), inspection(0, coil="C2"), ended({"top": 2}), ended({"top": 1}, coil="C3"))
    sentences = disagreements(manifest(sent(0), sent(0, coil="C2")), run)
    assert sentences == [
        "C1 ended with {'top': 2}, sent {'top': 1}",
        "C2 was sent, its end was not seen",
        "C3 was seen, the manifest does not know it",
    ]
