from __future__ import annotations

from pathlib import Path

import pytest

from producer_sim.recording import MAGIC, Record, Recording, RecordingWriter
from producer_sim.refused import SimulatorRefused


def record(offset: int, **changes: object) -> Record:
    values = {
        "topic": "strip.frames.v1", "partition": 1, "offset": offset, "timestamp_ms": 1000 + offset,
        "key": b"k", "value": b"\x00\xff" * 5, "headers": (("ce_type", b"x"),),
    }  # fmt: skip
    return Record(**{**values, **changes})  # type: ignore[arg-type]


ODD = (
    record(0),
    record(1, key=None, value=None, headers=()),
    record(2, key=b"", value=b"", headers=(("", b""), ("twice", None), ("twice", b"\xff\xfe\x00"))),
    record(3, topic="straße", timestamp_ms=-1),
    record(2**62, partition=2**31 - 1, timestamp_ms=2**62),
)


def write(path: Path, *records: Record) -> Path:
    with RecordingWriter(path) as out:
        for one in records:
            out.write(one)
    return path


def test_records_come_back_byte_for_byte(tmp_path: Path) -> None:
    recording = Recording(write(tmp_path / "r", *ODD))

    assert len(recording) == len(ODD)
    assert sorted(recording.records(), key=repr) == sorted(ODD, key=repr)
    assert recording.topics == {"strip.frames.v1", "straße"}
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_an_empty_recording_is_whole(tmp_path: Path) -> None:
    assert len(Recording(write(tmp_path / "r"))) == 0


def test_records_come_by_time_and_never_out_of_their_partitions_order(tmp_path: Path) -> None:
    # Read partition by partition, as a broker gives them; in partition 0 the producer's clock ran backwards.
    times = {0: [10, 30, 20, 50], 1: [5, 25, 40]}
    written = [
        record(offset, partition=partition, timestamp_ms=at)
        for partition, of in times.items()
        for offset, at in enumerate(of)
    ]

    read = [(r.partition, r.offset) for r in Recording(write(tmp_path / "r", *written)).records()]

    assert read == [(1, 0), (0, 0), (1, 1), (0, 1), (0, 2), (1, 2), (0, 3)]


def test_a_recording_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "r", *ODD).read_bytes()
    cut = tmp_path / "cut"

    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        with pytest.raises(SimulatorRefused, match=r"cut off|damaged|no recording"):
            Recording(cut)


def test_a_recording_with_any_byte_changed_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "r", *ODD).read_bytes()
    changed = tmp_path / "changed"

    for at in range(len(whole)):
        changed.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        with pytest.raises(SimulatorRefused, match=r"cut off|damaged|no recording|newer"):
            Recording(changed)


def test_a_record_left_out_is_noticed(tmp_path: Path) -> None:
    one, two, both = (write(tmp_path / n, *rs) for n, rs in (("1", ODD[:1]), ("2", ODD[1:2]), ("b", ODD[:2])))
    end = both.read_bytes()[-44:]
    spliced = tmp_path / "spliced"
    spliced.write_bytes(one.read_bytes()[:-44] + end)
    assert two.read_bytes()[-44:] != end

    with pytest.raises(SimulatorRefused, match="its end does not match its 1 records"):
        Recording(spliced)


def test_more_after_the_end_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "r", *ODD)
    path.write_bytes(path.read_bytes() + b"\x00")

    with pytest.raises(SimulatorRefused, match="end does not match"):
        Recording(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "is no recording"), (b"kind: run", "is no recording"), (MAGIC[:-1] + b"\x02", "newer version")],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "r").write_bytes(content)

    with pytest.raises(SimulatorRefused, match=sentence):
        Recording(tmp_path / "r")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SimulatorRefused, match="cannot be read"):
        Recording(tmp_path / "none")


def test_a_recording_that_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    path = write(tmp_path / "r", ODD[0])

    def fail() -> None:
        with RecordingWriter(path) as out:
            out.write(ODD[1])
            raise ConnectionError("the broker went away")

    with pytest.raises(ConnectionError):
        fail()

    assert list(Recording(path).records()) == [ODD[0]]
    assert [file.name for file in tmp_path.iterdir()] == ["r"]
