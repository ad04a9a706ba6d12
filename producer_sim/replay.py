"""Sends a run as a line would: coil started, its frames at their pace, coil ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from contracts.codec import CoilRecord, encode, frame_headers
from contracts.coils import CoilEnded, CoilStarted
from contracts.frames import FrameHeader
from contracts.topics import FRAMES, topic
from producer_sim.arrangement import CoilEnd, Exposure, RunShape, arrange
from producer_sim.damage import corrupt, resize, truncate, with_unknown_version
from producer_sim.faults import Faults
from producer_sim.ledger import Ledger, RunningCoil, Sending
from producer_sim.manifest import Fault
from producer_sim.pace import Pace
from producer_sim.sink import RecordSink
from producer_sim.sources import FrameSource, Picture
from producer_sim.traces import traceparent_of

LATE_BY_S = 60.0
"""How far before now a late frame's deadline lies."""

_DAMAGE_STREAM = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """What all frames of a run share."""

    budget_s: float
    mm_per_px: float
    topic_prefix: str
    seed: int


class Replay:
    """One run. `ledger` holds what was done, also when it is stopped half way.

    Without end it keeps nothing of the coils that have passed, and each coil starts the pace anew: what the
    machine slept or could not draw in time is not carried from coil to coil for ever.
    """

    def __init__(
        self,
        *,
        shape: RunShape,
        settings: LineSettings,
        source: FrameSource,
        faults: Faults,
        pace: Pace,
        sink: RecordSink,
        ledger: Ledger,
    ) -> None:
        self._shape = shape
        self._settings = settings
        self._source = source
        self._faults = faults
        self._pace = pace
        self._sink = sink
        self._ledger = ledger
        self._running: dict[int, RunningCoil] = {}
        self._frames_topic = topic(FRAMES, settings.topic_prefix)

    def run(self, should_stop: Callable[[], bool], exposed: Callable[[], None]) -> bool:
        """Send everything; `exposed` is called after each frame. False when it was told to stop earlier.

        To be stopped is the only end of an endless run: True.
        A run that is stopped still ends its coils, with the frames that were exposed until then: a line that
        halts does the same.
        """
        for step in arrange(self._shape, self._faults.at):
            if isinstance(step, CoilEnd):
                self._end(step.line)
                self._let_go(step)
                continue
            at_ns = self._pace.next_exposure_ns(should_stop)
            if at_ns is None:
                self._end_all()
                return self._shape.endless
            self._expose(step, at_ns)
            exposed()
        return True

    def _expose(self, exposure: Exposure, at_ns: int) -> None:
        coil = self._running.get(exposure.line) or self._start(exposure, at_ns)
        picture = self._source.picture(exposure)
        header = self._header(exposure, picture, coil, at_ns)
        camera_id = header.camera_id
        coil.announced_by_camera[camera_id] += 1
        coil.ended_at_ns = at_ns
        sending = Sending(
            identity=header.identity,
            exposed_at_ns=header.exposed_at_ns,
            fault=exposure.fault,
            truth=picture.truth,
            origin=picture.origin,
        )
        self._ledger.note(sending)
        if exposure.fault is Fault.DROP:
            return
        value, headers = self._record(exposure, picture, header)
        for _ in range(2 if exposure.fault is Fault.DUPLICATE else 1):
            self._sink.send(
                self._frames_topic,
                key=header.key,
                value=value,
                headers=headers,
                acknowledged=sending.acknowledged,
            )

    def _record(
        self, exposure: Exposure, picture: Picture, header: FrameHeader
    ) -> tuple[bytes, list[tuple[str, bytes]]]:
        value, headers = picture.encoded, frame_headers(header)
        match exposure.fault:
            case Fault.CORRUPT:
                value = corrupt(value, picture.encoding, self._damage_rng(exposure))
            case Fault.TRUNCATE:
                value = truncate(value, picture.encoding, self._damage_rng(exposure))
            case Fault.WRONG_SIZE:
                value = resize(value, picture.encoding)
            case Fault.UNKNOWN_VERSION:
                headers = with_unknown_version(headers)
        return value, headers

    def _damage_rng(self, exposure: Exposure) -> np.random.Generator:
        return np.random.default_rng([self._settings.seed, _DAMAGE_STREAM, exposure.serial])

    def _header(self, exposure: Exposure, picture: Picture, coil: RunningCoil, at_ns: int) -> FrameHeader:
        late_ns = 0
        if exposure.fault is Fault.LATE:
            late_ns = max(0, coil.deadline_at_ns - at_ns) + round(LATE_BY_S * 1e9)
        mm = self._settings.mm_per_px
        camera_id = self._shape.camera_ids[exposure.camera]
        return FrameHeader(
            line_id=coil.line_id,
            coil_id=coil.coil_id,
            camera_id=camera_id,
            frame_index=exposure.frame_index,
            mm_per_px_across=mm,
            mm_per_px_along=mm,
            position_mm=exposure.frame_index * self._source.height_px * mm,
            offset_mm=exposure.camera * self._source.width_px * mm,
            exposed_at_ns=at_ns - late_ns,
            deadline_at_ns=coil.deadline_at_ns - late_ns,
            width_px=picture.width_px,
            height_px=picture.height_px,
            encoding=picture.encoding,
            traceparent=traceparent_of(coil.line_id, coil.coil_id, camera_id, exposure.frame_index),
        )

    def _start(self, exposure: Exposure, at_ns: int) -> RunningCoil:
        started = CoilStarted(
            line_id=self._shape.line_id(exposure.line),
            coil_id=self._shape.coil_id(exposure.line, exposure.coil),
            started_at_ns=at_ns,
            budget_s=self._settings.budget_s,
            cameras=self._shape.camera_ids,
            width_mm=self._shape.cameras * self._source.width_px * self._settings.mm_per_px,
        )
        coil = RunningCoil(
            line_id=started.line_id,
            coil_id=started.coil_id,
            started_at_ns=at_ns,
            deadline_at_ns=started.deadline_at_ns,
            announced_by_camera=dict.fromkeys(self._shape.camera_ids, 0),
            frame_mm=self._source.height_px * self._settings.mm_per_px,
            marks=self._source.marks_of(exposure.line, exposure.coil),
        )
        self._running[exposure.line] = coil
        self._ledger.begin(coil)
        self._send_event(started)
        return coil

    def _end(self, line: int) -> None:
        coil = self._running.pop(line, None)
        if coil is None or coil.ended_at_ns is None:
            return
        self._send_event(
            CoilEnded(
                line_id=coil.line_id,
                coil_id=coil.coil_id,
                ended_at_ns=coil.ended_at_ns,
                frames_by_camera=coil.announced_by_camera,
                length_mm=coil.length_mm,
            )
        )

    def _let_go(self, passed: CoilEnd) -> None:
        self._source.let_go(passed.line, passed.coil)
        if self._shape.endless:
            self._pace.restart()

    def _end_all(self) -> None:
        for line in list(self._running):
            self._end(line)

    def _send_event(self, message: CoilRecord) -> None:
        record = encode(message)
        self._sink.send(
            topic(record.topic, self._settings.topic_prefix),
            key=record.key,
            value=record.value,
            headers=record.headers,
        )
