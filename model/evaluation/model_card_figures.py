"""The parts of a model card that come from an evaluation, as blocks of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model.card import PLANT
from model.evaluation.markdown import table
from model.evaluation.report import interval, percent, settings, three, words

Figures = Mapping[str, Any]


def judged(e: Figures) -> Iterable[str]:
    """On which frames, and how thresholds were kept from judging themselves."""
    frames = e["frames"]
    truth = frames["by_truth"]
    yield (
        f"On {frames['total']:,} frames that the judged bundle had held out: {truth['mask']:,} with masks, "
        f"{truth['boxes']:,} defective without known masks, **{truth['clean']} clean**."
    )
    yield table(
        ("bundle", "fold", "masks", "boxes", "clean"),
        [(f"`{b['version']}`", b["fold"], *b["by_truth"].values()) for b in e["bundles"]],
    )
    for bundle in e["bundles"]:
        if not bundle["as_held_out"]:
            yield f"Not certain: `{bundle['version']}` does not say that it held out exactly these frames."
    says = e["says"]
    yield f"**Cross-fitted.** {says['cross_fitted']}"
    yield f"**As shipped.** {says['as_shipped']}"
    yield says["intervals"]


def gate(e: Figures) -> Iterable[str]:
    """AUC, operating points, calibration."""
    gate, auc = e["gate"], e["gate"]["auc"]
    yield (
        f"AUC **{three(auc['value'])}** ({interval(auc['interval_95'], 'three')}; {auc['defective']:,} "
        f"defective, {auc['clean']} clean frames; by fold "
        f"{', '.join(three(a) for a in auc['by_fold'].values())})."
    )
    yield table(
        ("operating point", "thresholds", "missed", "miss share", "95 % sure below", "clean rejected"),
        [
            (
                point,
                words(how),
                f"{one['missed']} of {one['defective']:,}",
                f"{percent(one['miss_share'])} ({interval(one['miss_share_95'])})",
                percent(one["miss_share_below_95"]),
                f"{one['clean_rejected']} of {one['clean']}: {percent(one['clean_rejected_share'])} "
                f"({interval(one['clean_rejected_share_95'])})",
            )
            for point, sides in gate["points"].items()
            for how, one in sides.items()
        ],
    )
    said = f"Expected calibration error {three(gate['reliability']['ece'])} among these frames"
    if (reweighted := gate["reliability_reweighted"]) is not None:
        share = percent(reweighted["clean_share"], 0)
        said += f", {three(reweighted['ece'])} were {share} of them clean as in the whole set"
    yield f"{said}."
    if doubtful := gate["without_doubtful"]:
        yield (
            f"{', '.join(doubtful['image_ids'])} is labelled clean and looks truly defective; it counts "
            f"above. Without it the AUC would be {three(doubtful['auc']['value'])}."
        )


def masks(e: Figures) -> Iterable[str]:
    """Dice by class, the competition's mean, false masks."""
    classes = [(str(kind["class_id"]), kind["name"]) for kind in e["classes"]]
    yield "Mean Dice at full resolution where the class is truly there (95 % interval):"
    rows: list[Sequence[Any]] = [
        (name, *(_dice(figures["positive_dice"]["by_class"][c]) for c, _ in classes))
        for name, figures in settings(e)
    ]
    plain = e["masks"]["plain"]["positive_dice"]["by_class"]
    rows.append(("masks (n)", *(plain[c]["n"] for c, _ in classes)))
    if anchors := e["anchors"]:
        best = ("-".join(dict.fromkeys(three(v) for v in anchors["positive_dice"][c])) for c, _ in classes)
        rows.append((f"anchors, {anchors['frames']:,} frames", *best))
    yield table(("setting", *(f"{c} {name}" for c, name in classes)), rows)
    if anchors:
        yield f"Anchors: {anchors['says']}"
    yield "The competition's mean Dice (empty = 1), its all-empty floor, the skill above it, and false masks:"
    yield table(
        ("setting", "mean Dice", "floor", "skill", "clean frames with a mask"),
        [
            (
                name,
                f"{three(c['mean_dice'])} ({interval(c['interval_95'], 'three')})",
                three(c["all_empty"]),
                f"{three(c['skill'])} ({interval(c['skill_95'], 'three')})",
                f"{figures['false_on_clean']['with_masks']} of {figures['false_on_clean']['clean']}",
            )
            for name, figures in settings(e)
            for c in [figures["competition"]]
        ],
    )


def regions(e: Figures) -> Iterable[str]:
    """Recall by class and size, precision, crop accuracy."""
    regions = e["regions"][PLANT]
    covered = percent(regions["found_when_covered"], 0)
    yield f"Recall of regions at `plant`, cross-fitted (found: {covered} covered by its class), by area:"
    yield table(
        ("class", "all", *regions["sizes_px"]),
        [
            (
                row,
                *(
                    f"{percent(one['share'], 0)} (n = {one['n']})" if one["n"] else "-"
                    for one in cells.values()
                ),
            )
            for row, cells in regions["recall"].items()
        ],
    )
    precision = regions["precision"]["all"]["all"]
    yield f"Precision: {percent(precision['share'], 0)} of {precision['n']:,} found regions are right."
    if crops := e["crops"]:
        yield (
            f"Crop accuracy ({crops['width_px']} px wide): **{three(crops['accuracy'])}** "
            f"({interval(crops['interval_95'], 'three')}; {crops['crops']:,} crops; always the same answer: "
            f"{three(crops['always_the_same'])})."
            + (f" Reference: {three(e['anchors']['crop_accuracy'])}." if e["anchors"] else "")
        )


def speed(e: Figures) -> Iterable[str]:
    """Milliseconds a frame, where they were measured."""
    speed = e["speed"]
    if not speed:
        yield "Not measured by this evaluation (`--speed`); the README's benchmarks are."
        return
    yield table(
        ("step", "ms a frame, median", "least", "most"),
        [
            (name, speed[key]["median"], speed[key]["least"], speed[key]["most"])
            for name, key in (
                ("decode, one core", "decode_ms"),
                (f"gate, {speed['threads']} threads", "gate_ms"),
                (f"segmenter and regions, {speed['threads']} threads", "segment_ms"),
            )
        ],
    )


def _dice(one: Figures) -> str:
    return f"{three(one['mean'])} ({interval(one['interval_95'], 'three')})" if one["n"] else "-"
