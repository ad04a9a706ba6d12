"""MODEL_CARD.md of a bundle, from its card and an evaluation: what it is for, how good, how surely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model.card import PLANT, Card
from model.training.anchors import anchors_of
from model.training.markdown import bullets, bullets_of, table
from model.training.report import interval, percent, settings, three, words

Figures = Mapping[str, Any]

DATA_LICENCE = """The frames are competition data (Severstal: Steel Defect Detection, Kaggle). They may
be used under the competition's rules and must not be redistributed, so none is in the repository, in the
bundle or in the committed report. The weights were learnt from them and from published ImageNet weights:
whoever uses them for a business reads those rules first."""

USE = """For frames of 1600x256 px from a camera above a steel strip, grey, lit and scaled like those of
the training set. A gate decides which frames the segmenter looks at; `plant`, the default operating
point, is chosen for few missed defects, `kaggle` for the competition's score. Not for other lines or
cameras without calibrating and judging on frames of theirs; not for defects that are not among the
classes, for their depth, or as the only thing that stands between a defect and harm."""

WEAK_RECALL = 0.6

LIMITS = (
    "The miss bound takes frames as independent draws of one line; near-duplicates, another camera or "
    "another product make it optimistic. Calibrate on frames of your own.",
    "People who draw masks disagree on borders, so even a perfect network would not reach a Dice of 1.",
    "Scores are not probabilities of a line's own share of defects: see the calibration above.",
)


def render_card(card: Card, version: str, evaluation: Figures) -> str:
    """The model card as Markdown. The same card, version and evaluation give the same text."""
    parts = [
        [f"# Model card: {card.name}", _head(card, version, evaluation)],
        ["## Intended use", _flowing(USE) if _is_severstal(card) else _own_use(card)],
        ["## Networks", _networks(card)],
        ["## Data", *_data(card)],
        ["## How it was judged", *_judged(evaluation)],
        ["## Gate", *_gate(evaluation)],
        ["## Masks", *_masks(evaluation)],
        ["## Regions and crops", *_regions(evaluation)],
        ["## Thresholds", *_thresholds(card)],
        ["## Scores to watch for drift", *_distribution(card)],
        ["## Speed", *_speed(evaluation)],
        ["## Limits", _limits(evaluation)],
        ["## Licence", _licence(card)],
    ]
    return "\n\n".join(block for part in parts for block in part if block) + "\n"


def _head(card: Card, version: str, e: Figures) -> str:
    return (
        f"`{version}`, made {card.created_at}. Figures: preset `{e['preset']}`, engine `{e['engine']}`, "
        f"{e['machine']}, {e['made_at']}. This page is made from the bundle's `card.json` and from "
        f"`evaluation.json` by `python -m model evaluate`; do not edit it."
    )


def _own_use(card: Card) -> str:
    size = f"{card.input.width_px}x{card.input.height_px}"
    return f"For grey frames of {size} px like those that it was trained on; judge it on your own before use."


def _networks(card: Card) -> str:
    spec = card.input
    rows = [
        ("gate", card.gate.architecture, card.gate.encoder),
        ("segmenter", card.segmenter.architecture, card.segmenter.encoder),
    ]
    seen = f"{spec.height_px // spec.reduce}x{spec.width_px // spec.reduce}"
    classes = ", ".join(f"{kind.class_id} {kind.name}" for kind in card.classes)
    return (
        table(("network", "architecture", "encoder"), rows)
        + f"\n\nInput: {spec.height_px}x{spec.width_px} px grey, decoded to {seen}. Classes: {classes}. "
        + f"Presets: {', '.join(f'`{name}` (gate: {p.gate})' for name, p in card.presets.items())}."
    )


def _data(card: Card) -> Iterable[str]:
    yield "As the bundle's card states it:"
    yield bullets(card.data)


def _judged(e: Figures) -> Iterable[str]:
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


def _gate(e: Figures) -> Iterable[str]:
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


def _masks(e: Figures) -> Iterable[str]:
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


def _regions(e: Figures) -> Iterable[str]:
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


def _thresholds(card: Card) -> Iterable[str]:
    yield table(
        ("preset", "operating point", "gate at", *(f"{k.class_id}: top/bottom/px" for k in card.classes)),
        [
            (
                name,
                point_name,
                f"{point.gate_threshold:.4f}",
                *(f"{m.top_threshold:g}/{m.bottom_threshold:g}/{m.min_area_px}" for m in point.masks),
            )
            for name, preset in card.presets.items()
            for point_name, point in preset.operating_points.items()
        ],
    )
    for name, preset in card.presets.items():
        for point_name, point in preset.operating_points.items():
            yield f"`{name}`, `{point_name}`:\n\n{bullets(point.chosen)}"


def _distribution(card: Card) -> Iterable[str]:
    yield "Gate scores of held-out frames; scores of a line that move away from these are a reason to look."
    yield bullets(card.score_distribution) or "The card states none."


def _speed(e: Figures) -> Iterable[str]:
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


def _limits(e: Figures) -> str:
    clean = e["frames"]["by_truth"]["clean"]
    recall = e["regions"][PLANT]["recall"].items()
    weak = [
        f"Of class {row}, {percent(cells['all']['share'], 0)} of {cells['all']['n']} regions are found."
        for row, cells in recall
        if row != "all" and cells["all"]["n"] and cells["all"]["share"] < WEAK_RECALL
    ]
    few = f"Only {clean} whole clean frames judge the gate, so what is said of clean frames is wide."
    return bullets_of([few, *LIMITS, *weak])


def _licence(card: Card) -> str:
    code = "Code: Apache-2.0, as the repository."
    return f"{code} {_flowing(DATA_LICENCE)}" if _is_severstal(card) else code


def _is_severstal(card: Card) -> bool:
    return anchors_of(card.name) is not None


def _flowing(text: str) -> str:
    return " ".join(text.split())


def _dice(one: Figures) -> str:
    return f"{three(one['mean'])} ({interval(one['interval_95'], 'three')})" if one["n"] else "-"
