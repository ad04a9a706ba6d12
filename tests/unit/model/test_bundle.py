"""Bundles: written whole, found by name, believed only when every byte is as the card says."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from model.bundle import BundleRefused, bundle_version, choose, find, load_card, verify, write_bundle
from model.card import FORMAT_VERSION
from tests.support.bundles import whole_card


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    weights = tmp_path / "weights"
    weights.write_bytes(b"weights")
    graph = tmp_path / "graph"
    graph.write_bytes(b"graph")
    return write_bundle(
        tmp_path / "plant", whole_card(name="plant"), {"a.safetensors": weights, "a.xml": graph}
    )


def edit_card(folder: Path, change: Callable[[dict], object]) -> None:
    card = json.loads((folder / "card.json").read_text())
    change(card)
    (folder / "card.json").write_text(json.dumps(card))


def test_what_was_written_is_verified_and_read_back(bundle: Path) -> None:
    card = verify(bundle)

    assert card == load_card(bundle)
    assert set(card.files) == {"a.safetensors", "a.xml"}
    assert card.model_copy(update={"files": {}}) == whole_card(name="plant")
    assert sorted(entry.name for entry in bundle.parent.iterdir()) == ["graph", "plant", "weights"]


def test_the_version_names_every_byte(bundle: Path, tmp_path: Path) -> None:
    version = bundle_version(bundle)
    other = tmp_path / "other"
    other.write_bytes(b"other weights")

    write_bundle(bundle, whole_card(name="plant"), {"a.safetensors": other, "a.xml": tmp_path / "graph"})

    assert re.fullmatch(r"plant@[0-9a-f]{12}", version)
    assert bundle_version(bundle) != version


def test_the_version_tells_presets_and_operating_points_apart(bundle: Path) -> None:
    version = bundle_version(bundle)

    assert bundle_version(bundle, "line", "plant") == version
    assert bundle_version(bundle, "accurate", "plant") == f"{version}/accurate/plant"
    assert bundle_version(bundle, "accurate", "kaggle") == f"{version}/accurate/kaggle"


@pytest.mark.parametrize(
    ("preset", "point", "says"),
    [
        ("exact", "plant", r"bundle plant has no preset 'exact': choose one of line, accurate$"),
        (
            "line",
            "kaggle",
            r"preset line of bundle plant has no operating point 'kaggle': choose one of plant$",
        ),
        ("accurate", "mill", r"has no operating point 'mill': choose one of plant, kaggle$"),
    ],
)
def test_what_a_bundle_does_not_have_is_refused_with_what_it_has(
    bundle: Path, preset: str, point: str, says: str
) -> None:
    with pytest.raises(BundleRefused, match=says):
        choose(load_card(bundle), preset, point)


def test_writing_again_replaces_all_of_the_former(bundle: Path, tmp_path: Path) -> None:
    write_bundle(bundle, whole_card(name="plant"), {"b.safetensors": tmp_path / "weights"})

    assert sorted(entry.name for entry in bundle.iterdir()) == ["b.safetensors", "card.json"]
    verify(bundle)


def test_a_bundle_that_cannot_be_written_leaves_the_former_alone(bundle: Path, tmp_path: Path) -> None:
    version = bundle_version(bundle)

    with pytest.raises(FileNotFoundError):
        write_bundle(bundle, whole_card(name="plant"), {"a.xml": tmp_path / "nowhere"})

    assert bundle_version(bundle) == version
    verify(bundle)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["graph", "plant", "weights"]


def tampered(folder: Path) -> None:
    (folder / "a.safetensors").write_bytes(b"Weights")


def cut(folder: Path) -> None:
    (folder / "a.safetensors").write_bytes(b"weight")


def missing(folder: Path) -> None:
    (folder / "a.xml").unlink()


def extra(folder: Path) -> None:
    (folder / "model.pkl").write_bytes(b"")


def no_card(folder: Path) -> None:
    (folder / "card.json").unlink()


def absent(folder: Path) -> None:
    shutil.rmtree(folder)


def card_cut(folder: Path) -> None:
    (folder / "card.json").write_text('{"format_version": 1')


def card_no_object(folder: Path) -> None:
    (folder / "card.json").write_text("[]")


def card_no_text(folder: Path) -> None:
    (folder / "card.json").write_bytes(b"\xff\xfe\x00")


def newer(folder: Path) -> None:
    # A newer format may also hold fields that this code does not know: its version is what must be said.
    edit_card(folder, lambda card: card.update(format_version=FORMAT_VERSION + 1, novelty=True))


def older(folder: Path) -> None:
    edit_card(folder, lambda card: (card.update(format_version=1, calibration={}), card.pop("presets")))


def impossible_version(folder: Path) -> None:
    edit_card(folder, lambda card: card.update(format_version=0))


def no_version(folder: Path) -> None:
    edit_card(folder, lambda card: card.pop("format_version"))


def unknown_field(folder: Path) -> None:
    edit_card(folder, lambda card: card["gate"].update(treshold=0.4))


def plant_point(card: dict) -> dict:
    return card["presets"]["line"]["operating_points"]["plant"]


def threshold_of_two(folder: Path) -> None:
    edit_card(folder, lambda card: plant_point(card).update(gate_threshold=2))


def bottom_above_top(folder: Path) -> None:
    edit_card(folder, lambda card: plant_point(card)["masks"][1].update(bottom_threshold=0.9))


def too_few_rules(folder: Path) -> None:
    edit_card(folder, lambda card: plant_point(card)["masks"].pop())


def no_line(folder: Path) -> None:
    edit_card(folder, lambda card: card["presets"].pop("line"))


def no_plant(folder: Path) -> None:
    edit_card(folder, lambda card: card["presets"]["accurate"]["operating_points"].pop("plant"))


def classes_out_of_order(folder: Path) -> None:
    edit_card(folder, lambda card: card["classes"].reverse())


def odd_size(folder: Path) -> None:
    edit_card(folder, lambda card: card["input"].update(width_px=1601))


def file_outside(folder: Path) -> None:
    edit_card(folder, lambda card: card["files"].update({"../weights": "0" * 64}))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (tampered, r"a\.safetensors is not what its card lists .*: copy or export"),
        (cut, r"a\.safetensors is not what its card lists"),
        (missing, r"lacks a\.xml: copy the whole bundle"),
        (extra, r"holds model\.pkl, which its card does not list: remove it"),
        (no_card, r"holds no card\.json: give the folder of a bundle"),
        (absent, r"holds no card\.json: give the folder of a bundle"),
        (card_cut, r"cannot be read .*: export"),
        (card_no_object, r"no format_version.*: give another"),
        (card_no_text, r"cannot be read .*: export"),
        (newer, rf"has format {FORMAT_VERSION + 1}, this code reads {FORMAT_VERSION}: install a newer"),
        (older, rf"has format 1, this code reads {FORMAT_VERSION}: export the bundle again"),
        (impossible_version, r"has format 0.*: export"),
        (no_version, r"no format_version.*: give another"),
        (unknown_field, r"wrong at gate\.treshold .*: export"),
        (threshold_of_two, r"wrong at presets\.line\.operating_points\.plant\.gate_threshold .*: export"),
        (bottom_above_top, r"wrong at .*masks\.1 .*bottom_threshold is above top_threshold.*: export"),
        (too_few_rules, r"3 mask rules for 4 classes in line/plant: export"),
        (no_line, r"no preset 'line': export"),
        (no_plant, r"no operating point 'plant' of preset accurate: export"),
        (classes_out_of_order, r"number its classes .*: export"),
        (odd_size, r"256x1601, which are not multiples of 64: export"),
        (file_outside, r"'\.\./weights', which is no plain file name: export"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_damaged_bundle_is_refused_in_one_sentence(
    bundle: Path, damage: Callable[[Path], None], says: str
) -> None:
    damage(bundle)

    with pytest.raises(BundleRefused, match=says) as refused:
        verify(bundle)

    assert "\n" not in str(refused.value)


def test_a_bundle_is_found_by_name_and_by_folder(bundle: Path) -> None:
    assert find("plant", bundles=bundle.parent) == bundle
    assert find(str(bundle)) == bundle
    assert find(bundle) == bundle


def test_a_bundle_that_is_not_there_is_refused_with_those_that_are(bundle: Path) -> None:
    with pytest.raises(BundleRefused, match=r"no bundle 'plnt': give one of plant, or a folder"):
        find("plnt", bundles=bundle.parent)

    with pytest.raises(BundleRefused, match=r"none is installed"):
        find("plant", bundles=bundle)
