from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.rejections import Reason
from producer_sim.manifest import (
    CoilLine,
    Fault,
    FrameLine,
    Manifest,
    ManifestInvalid,
    MarkLine,
    RunLine,
    Truth,
    load_manifest,
    write_manifest,
)


def frame(index: int, **changes: object) -> FrameLine:
    values = {
        "line_id": "line-1", "coil_id": "c-1", "camera_id": "camera-1", "frame_index": index,
        "exposed_at_ns": 10 + index, "sent": 1, "origin": "a.jpg",
    }  # fmt: skip
    return FrameLine.model_validate({**values, **changes})


MARK = MarkLine(
    line_id="line-1", coil_id="c-1", class_id=1, lane_mm=640.0, diameter_mm=300.0, period_mm=942.5,
    hits_mm=(17.0, 959.5), missed_mm=(1902.0,), origin="synthetic",
)  # fmt: skip


def manifest(*marks: MarkLine) -> Manifest:
    return Manifest(
        run=RunLine(
            source="synthetic", seed=4, topic_prefix="p.", fault_probabilities={Fault.DROP: 0.1},
            started_at_ns=1, ended_at_ns=9, interrupted=False, failed=0,
        ),
        coils=(
            CoilLine(
                line_id="line-1", coil_id="c-1", started_at_ns=1, deadline_at_ns=300, ended_at_ns=8,
                announced_by_camera={"camera-1": 4},
            ),
        ),
        frames=(
            frame(0, truth=Truth(classes=(1, 3), rle_by_class={1: "1 2", 3: "9 4"})),
            frame(1, sent=0, fault=Fault.DROP, truth=Truth(classes=())),
            frame(2, fault=Fault.CORRUPT, expected_reason=Reason.CORRUPT_IMAGE),
            frame(3, sent=2, fault=Fault.DUPLICATE),
        ),
        marks=marks,
    )  # fmt: skip


def test_it_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_manifest(manifest(), tmp_path / "m.jsonl")

    assert load_manifest(tmp_path / "m.jsonl") == manifest()
    assert [path.name for path in tmp_path.iterdir()] == ["m.jsonl"]


def test_roll_marks_come_back_too_and_older_manifests_have_none(tmp_path: Path) -> None:
    write_manifest(manifest(MARK), tmp_path / "m.jsonl")
    lines = (tmp_path / "m.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "older.jsonl").write_text("".join(line for line in lines if '"kind":"mark"' not in line))

    assert load_manifest(tmp_path / "m.jsonl").marks == (MARK,)
    assert load_manifest(tmp_path / "older.jsonl") == manifest()


def test_what_to_expect_of_a_frame() -> None:
    plain, dropped, corrupt, twice = manifest().frames

    assert [f.missing for f in (plain, dropped, corrupt, twice)] == [False, True, False, False]
    assert [f.inspectable for f in (plain, dropped, corrupt, twice)] == [True, False, False, True]
    assert plain.truth is not None
    assert plain.truth.defective
    assert dropped.truth is not None
    assert not dropped.truth.defective
    assert str(plain.identity) == "line-1/c-1/camera-1/0"


def test_a_manifest_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    write_manifest(manifest(), path)
    path.with_name("m.jsonl.partial").mkdir()  # writing beside it fails

    with pytest.raises(OSError, match=r"m\.jsonl\.partial"):
        write_manifest(manifest(), path)

    assert load_manifest(path) == manifest()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        pytest.param(lambda text: "", "does not start with a run", id="empty"),
        pytest.param(lambda text: text.split("\n", 1)[1], "does not start with a run", id="without its run"),
        pytest.param(lambda text: text[:-30], "line 6", id="cut off"),
        pytest.param(
            lambda text: text.replace('"kind":"coil"', '"kind":"bobbin"'), "line 2", id="unknown kind"
        ),
        pytest.param(
            lambda text: text.replace('"format_version":1', '"format_version":2'), "line 1", id="newer"
        ),
        pytest.param(lambda text: text.replace('"sent":2', '"sent":-2'), "line 6: frame.sent", id="negative"),
        pytest.param(lambda text: text.replace('"fault":"drop"', '"fault":"lost"'), "line 4", id="fault"),
        pytest.param(lambda text: text.replace('"seed":4', '"seed":4,"sed":5'), "line 1", id="unknown field"),
    ],
)
def test_a_broken_one_is_refused(tmp_path: Path, spoil: object, sentence: str) -> None:
    assert callable(spoil)
    path = tmp_path / "m.jsonl"
    write_manifest(manifest(), path)
    path.write_text(spoil(path.read_text()))

    with pytest.raises(ManifestInvalid, match=sentence):
        load_manifest(path)


def test_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestInvalid, match="cannot be read"):
        load_manifest(tmp_path / "none")


def test_every_line_is_json_for_whoever_reads_it_without_us(tmp_path: Path) -> None:
    write_manifest(manifest(), tmp_path / "m.jsonl")

    kinds = [json.loads(line)["kind"] for line in (tmp_path / "m.jsonl").read_text().splitlines()]

    assert kinds == ["run", "coil", "frame", "frame", "frame", "frame"]
