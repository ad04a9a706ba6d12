"""A bundle is a folder: `card.json`, weights, exported engines. Every byte is checked before it is used."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from model.card import (
    FORMAT_VERSION,
    LINE,
    PLANT,
    SEPARATE,
    Card,
    InputSpec,
    OperatingPoint,
    Preset,
    WholeView,
)
from model.staging import staged, take_place

CARD_FILE: Final = "card.json"
GATE_WEIGHTS: Final = "gate.safetensors"
SEGMENTER_WEIGHTS: Final = "segmenter.safetensors"
GATE_GRAPH: Final = "gate.int8.xml"
SEGMENTER_GRAPH: Final = "segmenter.int8.xml"

BUNDLES: Final = Path(__file__).parent / "bundles"

_NETS_MULTIPLE_PX: Final = 32
"""The networks' deepest stride: the sides of what they see must be multiples of it."""


class BundleRefused(Exception):
    """A bundle that must not run; the message is one sentence that says what to do."""


def find(name_or_path: str | Path, bundles: Path = BUNDLES) -> Path:
    """The folder of a bundle that ships with the code, by name, or any other folder. Raises BundleRefused."""
    shipped = bundles / name_or_path
    for folder in (shipped, Path(name_or_path)):
        if (folder / CARD_FILE).is_file():
            return folder
    names = sorted(card.parent.name for card in bundles.glob(f"*/{CARD_FILE}"))
    raise BundleRefused(
        f"there is no bundle {str(name_or_path)!r}: give one of {', '.join(names) or '(none is installed)'}, "
        f"or a folder that holds a {CARD_FILE}"
    )


def load_card(folder: Path) -> Card:
    """Read and check a bundle's card, not its files. Raises BundleRefused."""
    path = folder / CARD_FILE
    try:
        stated = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise BundleRefused(f"{folder} holds no {CARD_FILE}: give the folder of a bundle") from None
    except (OSError, ValueError) as unreadable:
        raise BundleRefused(f"{path} cannot be read ({unreadable}): export the bundle again") from None
    _check_format(path, stated)
    try:
        card = Card.model_validate(stated)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BundleRefused(f"{path} is wrong at {where} ({first['msg']}): export the bundle again") from None
    _check_consistent(path, card)
    return card


def verify(folder: Path) -> Card:
    """Check that a bundle is exactly what its card says, by sha256 of every file. Raises BundleRefused."""
    card = load_card(folder)
    present = {entry.name for entry in folder.iterdir()} - {CARD_FILE}
    if missing := sorted(card.files.keys() - present):
        raise BundleRefused(f"{folder} lacks {', '.join(missing)}: copy the whole bundle, or export it again")
    if extra := sorted(present - card.files.keys()):
        raise BundleRefused(f"{folder} holds {', '.join(extra)}, which its card does not list: remove it")
    for name, stated in sorted(card.files.items()):
        if (found := _sha256(folder / name)) != stated:
            raise BundleRefused(
                f"{folder / name} is not what its card lists (sha256 {found[:12]}, expected {stated[:12]}): "
                f"copy or export the bundle again"
            )
    return card


def bundle_version(folder: Path, preset: str = LINE, operating_point: str = PLANT) -> str:
    """What every result carries: `name@<12 hex>`, then `/preset/point` unless that is `/line/plant`.

    The digits are of the card's sha256, so of every byte of the bundle. Raises BundleRefused.
    """
    card = load_card(folder)
    choose(card, preset, operating_point)
    chosen = "" if (preset, operating_point) == (LINE, PLANT) else f"/{preset}/{operating_point}"
    return f"{card.name}@{_sha256(folder / CARD_FILE)[:12]}{chosen}"


def choose(card: Card, preset: str, operating_point: str) -> tuple[Preset, OperatingPoint]:
    """A preset and one of its operating points by name. Raises BundleRefused that lists what there is."""
    found = card.presets.get(preset)
    if found is None:
        has = ", ".join(card.presets)
        raise BundleRefused(f"bundle {card.name} has no preset {preset!r}: choose one of {has}")
    point = found.operating_points.get(operating_point)
    if point is None:
        has = ", ".join(found.operating_points)
        raise BundleRefused(
            f"preset {preset} of bundle {card.name} has no operating point {operating_point!r}: "
            f"choose one of {has}"
        )
    return found, point


def write_bundle(folder: Path, card: Card, files: Mapping[str, Path]) -> Path:
    """Write a bundle whole or not at all, in place of the one that may be there; returns `folder`.

    A kill at any moment leaves the former bundle or the new one (model.staging).

    `files` maps the names in the bundle to the files to copy; `card.files` is filled from them.
    """
    listed = card.model_copy(update={"files": {name: _sha256(path) for name, path in sorted(files.items())}})
    _check_consistent(folder / CARD_FILE, listed)
    with staged(folder) as fresh:
        for name, path in files.items():
            shutil.copyfile(path, fresh / name)
        (fresh / CARD_FILE).write_text(json.dumps(listed.model_dump(mode="json"), indent=2) + "\n", "utf-8")
        verify(fresh)
        take_place(fresh, folder)
    return folder


def _check_format(path: Path, stated: Any) -> None:
    version = stated.get("format_version") if isinstance(stated, dict) else None
    if not isinstance(version, int):
        raise BundleRefused(f"{path} states no format_version, so it is no card of a bundle: give another")
    if version > FORMAT_VERSION:
        raise BundleRefused(
            f"{path} has format {version}, this code reads {FORMAT_VERSION}: install a newer coilwatch"
        )
    if version < FORMAT_VERSION:
        raise BundleRefused(
            f"{path} has format {version}, this code reads {FORMAT_VERSION}: export the bundle again"
        )


def _check_consistent(path: Path, card: Card) -> None:
    """What one field alone cannot tell."""
    again = "export the bundle again"
    classes = [kind.class_id for kind in card.classes]
    if classes != list(range(1, len(classes) + 1)) or not classes:
        raise BundleRefused(f"{path} must number its classes 1, 2, 3 ..., not {classes}: {again}")
    _check_design(path, card)
    if LINE not in card.presets:
        raise BundleRefused(f"{path} lists no preset {LINE!r}: {again}")
    for name, preset in card.presets.items():
        if PLANT not in preset.operating_points:
            raise BundleRefused(f"{path} lists no operating point {PLANT!r} of preset {name}: {again}")
        for point, chosen in preset.operating_points.items():
            if len(chosen.masks) != len(classes):
                counted = f"{len(chosen.masks)} mask rules for {len(classes)} classes"
                raise BundleRefused(f"{path} lists {counted} in {name}/{point}: {again}")
    _check_sizes(path, card.input)
    if strange := [name for name in card.files if Path(name).name != name or name in ("..", CARD_FILE)]:
        raise BundleRefused(f"{path} lists {strange[0]!r}, which is no plain file name: {again}")


def _check_sizes(path: Path, spec: InputSpec) -> None:
    """What the networks see must fit their strides, and decoding must halve without a rest."""
    again = "export the bundle again"
    multiple = spec.reduce * (_NETS_MULTIPLE_PX if isinstance(spec.view, WholeView) else 1)
    if spec.width_px % multiple or spec.height_px % multiple:
        size = f"{spec.height_px}x{spec.width_px}"
        raise BundleRefused(f"{path} wants frames of {size}, which are not multiples of {multiple}: {again}")
    if any(side % _NETS_MULTIPLE_PX for side in spec.seen_px):
        size = "x".join(map(str, spec.seen_px))
        raise BundleRefused(
            f"{path} shows its networks {size}, which are not multiples of {_NETS_MULTIPLE_PX}: {again}"
        )


def _check_design(path: Path, card: Card) -> None:
    """One gate network in design `separate`, none in the others."""
    again = "export the bundle again"
    if card.design == SEPARATE:
        if card.gate is None:
            raise BundleRefused(f"{path} describes no gate, which design {card.design} needs: {again}")
        return
    gates = {GATE_WEIGHTS, GATE_GRAPH, GATE_GRAPH.replace(".xml", ".bin")}
    if card.gate is not None:
        raise BundleRefused(f"{path} describes a gate, but design {card.design} has no gate network: {again}")
    if listed := sorted(gates & card.files.keys()):
        raise BundleRefused(
            f"{path} lists {listed[0]}, but design {card.design} has no gate network: {again}"
        )
    if scored := [name for name, preset in card.presets.items() if preset.gate == "gate"]:
        raise BundleRefused(
            f"{path} scores preset {scored[0]} by a gate network, but design {card.design} has none: {again}"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
