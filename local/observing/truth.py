"""What came out, held against what the simulator's manifest says was sent and was on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contracts.identity import FrameIdentity
from contracts.results import Fate, Inspection
from local.observing.observed import ObservedCoil, ObservedRun
from producer_sim.manifest import Fault, FrameLine, Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How a coil's inspected frames compare with what is known to be on them.

    A picture that was sent several times counts once: repeating a frame teaches nothing new about the model.
    """

    defective: int  # pictures known to show a defect
    defective_found: int  # of these: gated as defective, each time
    clean: int  # pictures known to be clean
    clean_passed: int  # of these: gated as clean, each time
    unknown: int  # inspected pictures of which nothing is known


def found(frames: Iterable[FrameLine], coil: ObservedCoil) -> Found:
    """Compare a coil's inspections with the manifest's truth about its frames."""
    flags_by_picture: dict[tuple[str, bool | None], list[bool]] = {}
    for line in frames:
        seen = coil.inspections.get(line.identity)
        if seen is not None and seen.inspection.fate is not Fate.DEAD_LETTERED:
            truth = None if line.truth is None else line.truth.defective
            flagged = seen.inspection.fate is not Fate.CLEAN
            flags_by_picture.setdefault((line.origin, truth), []).append(flagged)
    defective = [all(flags) for (_, truth), flags in flags_by_picture.items() if truth is True]
    clean = [not any(flags) for (_, truth), flags in flags_by_picture.items() if truth is False]
    return Found(
        defective=len(defective),
        defective_found=sum(defective),
        clean=len(clean),
        clean_passed=sum(clean),
        unknown=sum(truth is None for _, truth in flags_by_picture),
    )


def disagreements(manifest: Manifest, run: ObservedRun) -> list[str]:
    """Where the ledger and the manifest differ, a sentence each; empty when all fates are right.

    Only fates that are certain are held to: a frame that can be inspected is, one that was damaged is a dead
    letter with its reason, one that was dropped is missing, one that was sent twice is counted once.
    """
    return [*_of_coils(manifest, run), *_of_frames(manifest, run)]


def _of_coils(manifest: Manifest, run: ObservedRun) -> Iterator[str]:
    for line in manifest.coils:
        coil = run.coils.get(line.coil_id)
        if coil is None or coil.ended is None:
            yield f"{line.coil_id} was sent, its end was not seen"
        elif coil.announced_by_camera != line.announced_by_camera:
            yield f"{line.coil_id} ended with {coil.announced_by_camera}, sent {line.announced_by_camera}"
    for coil_id in run.coils.keys() - {line.coil_id for line in manifest.coils}:
        yield f"{coil_id} was seen, the manifest does not know it"


def _of_frames(manifest: Manifest, run: ObservedRun) -> Iterator[str]:
    doubles: dict[tuple[str, str], int] = {}
    lines = {line.identity: line for line in manifest.frames}
    for identity, line in lines.items():
        yield from _of_frame(line, _inspection(run, identity))
        key = (line.coil_id, line.camera_id)
        doubles[key] = doubles.get(key, 0) + (max(0, line.sent - 1) if line.fault is Fault.DUPLICATE else 0)
    for (coil_id, camera_id), expected in doubles.items():
        counted = run.coils[coil_id].duplicates_by_camera[camera_id] if coil_id in run.coils else 0
        if counted != expected:
            yield f"{coil_id}/{camera_id}: {counted} duplicates counted, {expected} sent"
    for coil in run.coils.values():
        for identity in coil.inspections.keys() - lines.keys():
            yield f"{identity} has an inspection and was never exposed"


def _inspection(run: ObservedRun, identity: FrameIdentity) -> Inspection | None:
    coil = run.coils.get(identity.coil_id)
    seen = None if coil is None else coil.inspections.get(identity)
    return None if seen is None else seen.inspection


def _of_frame(line: FrameLine, inspection: Inspection | None) -> Iterator[str]:
    if inspection is None:
        if not line.missing:
            yield f"{line.identity} was sent and has no inspection"
    elif line.missing:
        yield f"{line.identity} was never sent and has an inspection"
    elif inspection.reason != line.expected_reason:
        yield f"{line.identity}: {_fate(inspection)}, must be {line.expected_reason or 'inspected'}"


def _fate(inspection: Inspection) -> str:
    return inspection.fate if inspection.reason is None else f"{inspection.fate} ({inspection.reason})"
