"""What a finished flight says on Kafka."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from consumer.flight import Flight
from consumer.outgoing import outgoing
from consumer.ports import Outgoing
from contracts.codec import dead_letter_headers
from contracts.frames import FrameHeader
from contracts.rejections import FrameRejected
from contracts.results import (
    Box,
    BoxMm,
    DeadLetter,
    DefectEvent,
    DefectRegion,
    Fate,
    Inspection,
)
from contracts.topics import DEAD_LETTERS, UNSEGMENTED, topic
from model.card import Card, OperatingPoint
from model.inspector import Region


class Publishes(Protocol):
    """Says what a worker publishes."""

    def messages(self, flight: Flight) -> list[Outgoing]:
        """Everything that one finished flight publishes."""


class Publishing:
    """Turns flights into messages. `bundle` is the name and version that every result carries."""

    def __init__(
        self,
        *,
        card: Card,
        point: OperatingPoint,
        bundle: str,
        topic_prefix: str,
        wall_clock_ns: Callable[[], int],
    ) -> None:
        self._class_names = {c.class_id: c.name for c in card.classes}
        self._gate_threshold = point.gate_threshold
        self._bundle = bundle
        self._prefix = topic_prefix
        self._wall_clock_ns = wall_clock_ns

    def messages(self, flight: Flight) -> list[Outgoing]:
        """Everything that one finished flight publishes."""
        now_ns = self._wall_clock_ns()
        if flight.rejection is not None:
            return self._dead_letter(flight, flight.rejection, now_ns)
        header, gated = flight.header, flight.gated
        if header is None or gated is None or flight.fate is None:
            raise RuntimeError(f"an unfinished flight was published: {flight.log_identity}")
        inspection = Inspection(
            line_id=header.line_id,
            coil_id=header.coil_id,
            camera_id=header.camera_id,
            frame_index=header.frame_index,
            fate=flight.fate,
            gate_score=gated.score,
            gate_threshold=self._gate_threshold,
            regions_by_class=Counter(region.class_id for region in flight.regions),
            bundle=self._bundle,
            exposed_at_ns=header.exposed_at_ns,
            deadline_at_ns=header.deadline_at_ns,
            inspected_at_ns=now_ns,
            source=flight.source,
        )
        trace = header.traceparent
        records = [outgoing(inspection, self._prefix, traceparent=trace)]
        if flight.fate is Fate.UNSEGMENTED:
            records.append(replace(records[0], topic=topic(UNSEGMENTED, self._prefix)))
        if flight.fate is Fate.DEFECTIVE:
            event = self._defect_event(inspection, header, flight.regions)
            records.append(outgoing(event, self._prefix, traceparent=trace))
        return records

    def _defect_event(
        self, inspection: Inspection, header: FrameHeader, regions: tuple[Region, ...]
    ) -> DefectEvent:
        return DefectEvent(
            **header.model_dump(include=set(DefectEvent.model_fields)),
            gate_score=inspection.gate_score or 0.0,
            regions=tuple(self._defect_region(region, header) for region in regions),
            bundle=self._bundle,
            inspected_at_ns=inspection.inspected_at_ns,
            source=inspection.source,
        )

    def _defect_region(self, region: Region, header: FrameHeader) -> DefectRegion:
        across, along = header.mm_per_px_across, header.mm_per_px_along
        return DefectRegion(
            class_id=region.class_id,
            class_name=self._class_names[region.class_id],
            score=region.score,
            area_px=region.area_px,
            area_mm2=region.area_px * across * along,
            box_px=Box(
                row_min=region.row_min, col_min=region.col_min, row_max=region.row_max, col_max=region.col_max
            ),
            box_mm=BoxMm(
                along_min_mm=header.position_mm + region.row_min * along,
                along_max_mm=header.position_mm + (region.row_max + 1) * along,
                across_min_mm=header.offset_mm + region.col_min * across,
                across_max_mm=header.offset_mm + (region.col_max + 1) * across,
            ),
            mask_rle=region.rle,
        )

    def _dead_letter(self, flight: Flight, rejection: FrameRejected, now_ns: int) -> list[Outgoing]:
        record = flight.record
        if record is None:
            raise RuntimeError(f"a rejected flight lost its record: {flight.log_identity}")
        source = flight.source
        letter = DeadLetter(
            reason=rejection.reason, detail=rejection.detail, source=source, rejected_at_ns=now_ns
        )
        records = [
            Outgoing(
                topic=topic(DEAD_LETTERS, self._prefix),
                key=record.key,
                value=record.value,
                headers=dead_letter_headers(letter, record.headers or ()),
            )
        ]
        known = flight.readable
        if known is not None:
            records.append(
                outgoing(
                    Inspection(
                        **known.identity.model_dump(),
                        fate=Fate.DEAD_LETTERED,
                        reason=rejection.reason,
                        bundle=self._bundle,
                        exposed_at_ns=known.exposed_at_ns,
                        deadline_at_ns=known.deadline_at_ns,
                        inspected_at_ns=now_ns,
                        source=source,
                    ),
                    self._prefix,
                    traceparent=None if flight.header is None else flight.header.traceparent,
                )
            )
        return records
