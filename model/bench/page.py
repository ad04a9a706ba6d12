"""The figures as Markdown: the reference's table beside ours, milliseconds by part, break-even shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from model.bench.figures import K80_S, MEASURED
from model.evaluation.markdown import bullets_of, table

Found = Mapping[str, Any]

HOW = (
    "Every row runs from JPEG bytes: decode, then gate, then segmenter with regions, one after the other, "
    "each on all the threads; so the parts sum to the whole. A worker decodes meanwhile, and is faster.",
    "The share that passes is forced: frames are chosen by the scoring network's own scores, and its "
    "threshold is put between those that are to pass and the others.",
    "Rows take turns, round after round; a figure is the median of the rounds, a ratio that of each "
    "round's own.",
    "The K80's seconds are the reference's own; its networks ran in Keras. Its other shares are not known.",
)


def render(record: Found, picture: str | None) -> str:
    """The whole page; `picture` is the plot's file name."""
    parts = ["# Three designs, measured", record["machine"], bullets_of(HOW)]
    parts += [f"![Milliseconds a frame against the share of defective frames]({picture})"] if picture else []
    for found in record["found"]:
        parts += _of_models(found, record["percents"])
    parts.append(f"Made by `{record['command']}` at {record['made_at']}.")
    return "\n\n".join(parts) + "\n"


def _of_models(found: Found, percents: Sequence[int]) -> Iterator[str]:
    yield f"## {found['models']}"
    yield bullets_of(
        [f"`{design}`: {says}" for design, says in found["networks"].items()] + [f"Frames: {found['frames']}"]
    )
    yield "Seconds for 2,500 frames, by percent of defective frames:"
    yield _seconds(found["rows"], percents)
    if any(row["status"] == MEASURED for row in found["rows"]):
        yield "Milliseconds by part: decode and gate of every frame, segmenter and regions of a passed one:"
        yield _parts(found["rows"])
        yield _fastest(found["engines"], percents)
        yield bullets_of(
            f"Deploy on {engine}: {deployed_words(of['fastest_from'])}"
            for engine, of in found["engines"].items()
            if of["fastest_from"]
        )
        yield (
            "Up to which share `separate` is faster than `shared_backbone`, and `shared_backbone` against "
            "`two_head`; by the time that passed, and by the processor's:"
        )
        yield _break_even(found["engines"], percents)


def _seconds(rows: Sequence[Found], percents: Sequence[int]) -> str:
    head = ["engine", "design", *(f"{p} %" for p in percents), *(f"{p} %, frames/s" for p in percents)]
    k80 = ["K80, 0 %", "K80, 50 %"]
    lines = []
    for engine, design in dict.fromkeys((row["engine"], row["design"]) for row in rows):
        of = {row["percent"]: row for row in rows if (row["engine"], row["design"]) == (engine, design)}
        seconds = [_value(of[p], "s_for_2500_frames") for p in percents]
        rates = [_value(of[p], "frames_per_s") for p in percents]
        if of[percents[0]]["status"] != MEASURED:
            seconds[0] = of[percents[0]]["status"]
        lines.append([engine, design, *seconds, *rates, *(str(K80_S[design][p]) for p in (0, 50))])
    return table([*head, *k80], lines)


def _parts(rows: Sequence[Found]) -> str:
    """Of the lowest share, and of the highest what depends on it."""
    ran = [row for row in rows if row["status"] == MEASURED]
    low, high = min(row["percent"] for row in ran), max(row["percent"] for row in ran)
    head = ["engine", "design", "decode", f"gate or encoder, {low} %", f"the same, {high} %"]
    head += ["segmenter or decoder, with regions", "regions alone, one core"]
    head += [f"CPU ms a frame, {low} %", f"{high} %"]
    lines = []
    for engine, design in dict.fromkeys((row["engine"], row["design"]) for row in ran):
        of = [row for row in ran if (row["engine"], row["design"]) == (engine, design)]
        first, last = of[0], of[-1]
        figures = [_value(first["time"], name) for name in ("decode_ms_a_frame", "gate_ms_a_frame")]
        figures += [_value(last["time"], name) for name in ("gate_ms_a_frame", "segment_ms_a_passed_frame")]
        figures += [_value(last, "regions_ms_a_passed_frame")]
        figures += [_value(row["cpu"], "ms_a_frame") for row in (first, last)]
        lines.append([engine, design, *figures])
    return table(head, lines)


def _break_even(engines: Mapping[str, Found], percents: Sequence[int]) -> str:
    head = ["engine", "clock", "break-even by the formula", "as measured"]
    head += [f"shared / two heads at {p} %" for p in percents]
    lines = []
    for engine, of in engines.items():
        ratios = of["shared_backbone_to_two_head"]
        for clock, even in of["break_even"].items() if of["fastest"] else ():
            shown = [f"{ratios[str(p)][clock]:.2f}" if str(p) in ratios else "-" for p in percents]
            lines.append([engine, clock, computed_words(even), measured_words(even), *shown])
    return table(head, lines)


def _fastest(engines: Mapping[str, Found], percents: Sequence[int]) -> str:
    lines = [
        [engine, *(of["fastest"].get(str(p), "-") for p in percents)]
        for engine, of in engines.items()
        if of["fastest"]
    ]
    return table(["engine", *(f"fastest at {p} %" for p in percents)], lines)


def computed_words(even: Found | None) -> str:
    """The formula's share, in words where it cannot be reached."""
    if even is None:
        return "-"
    share = even["computed_share"]
    if share is None:
        return "none: the decoder alone was no faster than the segmenter"
    if share > 1:
        return f"separate always ({share:.2f})"
    return "separate never" if share < 0 else f"{100 * share:.0f} %"


def measured_words(even: Found | None) -> str:
    """Where the curves cross."""
    if even is None:
        return "-"
    share = even["measured_share"]
    if share is None:
        return "separate always"
    return "separate never" if share == 0 else f"{100 * share:.0f} %"


def deployed_words(fastest_from: Sequence[Found]) -> str:
    """Which design to take, by the share of defective frames that a line sees."""
    first, *others = fastest_from
    if not others:
        return f"`{first['design']}` at every share."
    later = "".join(f", `{one['design']}` from {one['percent']} %" for one in others)
    return f"`{first['design']}`{later} of defective frames on."


def _value(row: Found, name: str) -> str:
    value = row.get(name)
    return "-" if value is None else f"{value:.1f}" if value >= 100 else f"{value:.3g}"
