"""Every hostile record that the other tests know, through the whole worker."""

from __future__ import annotations

import pytest

from contracts.codec import frame_headers, read_dead_letter
from contracts.frames import Encoding
from contracts.rejections import Reason
from contracts.results import Fate
from tests.support.hostile import HostileImage, hostile_images
from tests.support.hostile_headers import Hostile, hostile_headers
from tests.support.line import HEIGHT_PX, WIDTH_PX, Line, header, jpeg

IMAGES = hostile_images(WIDTH_PX, HEIGHT_PX)
HEADERS = hostile_headers(header(7))


@pytest.mark.parametrize("hostile", IMAGES, ids=lambda hostile: hostile.name)
def test_a_hostile_image_is_dead_lettered_with_its_reason_and_counted(hostile: HostileImage) -> None:
    line = Line()
    frame = header(7, encoding=Encoding.PNG if hostile.name.startswith("png") else Encoding.JPEG)
    line.source.append(0, key=frame.identity.key, value=hostile.encoded, headers=frame_headers(frame))
    line.send(8)
    line.worker.join()
    line.run()
    (letter,) = line.sink.dead_letters
    reason = Reason.EMPTY_VALUE if hostile.encoded == b"" else Reason(hostile.kind)
    assert read_dead_letter(letter.headers).reason is reason
    assert (letter.key, letter.value) == (frame.identity.key, hostile.encoded)
    assert [(i.frame_index, i.fate, i.reason) for i in line.sink.inspections] == [
        (7, Fate.DEAD_LETTERED, reason),
        (8, Fate.CLEAN, None),
    ]
    assert line.metric("coilwatch_dead_letters_total", reason=reason) == 1
    assert line.metric("coilwatch_frames_total", fate="dead_lettered") == 1


@pytest.mark.parametrize("hostile", HEADERS, ids=str)
def test_hostile_headers_are_dead_lettered_with_their_reason(hostile: Hostile) -> None:
    line = Line()
    line.source.append(0, key=hostile.key, value=jpeg(), headers=hostile.headers)
    line.send(8)
    line.worker.join()
    line.run()
    (letter,) = line.sink.dead_letters
    assert read_dead_letter(letter.headers).reason is hostile.reason
    assert list(letter.headers)[: len(hostile.headers or ())] == list(hostile.headers or ())
    in_ledger = [i.reason for i in line.sink.inspections if i.fate is Fate.DEAD_LETTERED]
    assert in_ledger == ([hostile.reason] if hostile.identity_readable else [])
    assert line.sink.positions == {0: 2}


def test_headers_that_the_client_cannot_hand_over_are_dead_lettered() -> None:
    line = Line()
    line.source.append(0, key=b"k", value=jpeg(), headers=None, headers_readable=False)
    line.worker.join()
    line.run()
    (letter,) = line.sink.dead_letters
    assert read_dead_letter(letter.headers).reason is Reason.HEADER_NOT_UTF8


def test_bytes_of_another_format_than_the_header_says_are_contradictory() -> None:
    line = Line()
    frame = header(7, encoding=Encoding.PNG)
    line.source.append(0, key=frame.identity.key, value=jpeg(), headers=frame_headers(frame))
    line.worker.join()
    line.run()
    (letter,) = line.sink.dead_letters
    assert read_dead_letter(letter.headers).reason is Reason.HEADER_CONTRADICTORY
