"""Folds that are made: near-duplicates together, classes and clean frames even, always the same."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.card import InputSpec
from model.frames.folds import FOLDS, NEAR_BITS, assign_folds, near_duplicates, perceptual_hash
from model.frames.frames import decode
from model.frames.layout import read_layout
from tests.support.layouts import noise_jpeg, real_frames

SIZE = {"width_px": 400, "height_px": 64}
FRAMES = st.lists(
    st.tuples(st.sampled_from([(), (), (1,), (2,), (3,), (3,), (3, 4), (1, 2)]), st.integers(0, 40)),
    min_size=60,
    max_size=200,
).filter(lambda frames: len({group for _, group in frames}) >= FOLDS)


def grey(encoded: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)


def again(pixels: np.ndarray, quality: int) -> np.ndarray:
    return grey(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())


COPIES = {
    "the_same": lambda p: p,
    "coded_again": lambda p: again(p, 30),
    "brighter": lambda p: np.clip(p * 1.1 + 8, 0, 255).astype(np.uint8),
    "smaller": lambda p: cv2.resize(p, (200, 32), interpolation=cv2.INTER_AREA),
    "moved_aside": lambda p: np.roll(p, 2, axis=1),
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_copies_of_a_frame_are_near_and_others_are_not(copy) -> None:
    originals = [grey(noise_jpeg(seed, **SIZE)) for seed in range(6)]
    hashes = np.stack([perceptual_hash(p) for p in [*originals, *map(copy, originals)]])

    assert near_duplicates(hashes) == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]


def test_alike_to_one_of_a_group_is_in_the_group() -> None:
    """A chain: the ends differ in more bits than any two neighbours."""
    chain = np.zeros((4, 256), np.bool_)
    for index in range(4):
        chain[index, : index * NEAR_BITS] = True

    assert near_duplicates(chain) == [0, 0, 0, 0]
    assert near_duplicates(chain[[0, 2]]) == [0, 1]


@given(st.lists(st.integers(0, 2**12 - 1), max_size=40))
def test_groups_do_not_depend_on_the_order(codes: list[int]) -> None:
    hashes = np.array([[code >> bit & 1 for bit in range(12)] for code in codes], np.bool_).reshape(-1, 12)
    forwards, backwards = near_duplicates(hashes, 1), near_duplicates(hashes[::-1], 1)[::-1]

    together = [[a == b for b in forwards] for a in forwards]
    assert together == [[a == b for b in backwards] for a in backwards]


@settings(max_examples=30, deadline=None)
@given(FRAMES)
def test_every_frame_has_one_fold_and_no_group_two(frames: list[tuple[tuple[int, ...], int]]) -> None:
    classes, groups = [c for c, _ in frames], [g for _, g in frames]

    folds = assign_folds(classes, groups)

    assert len(folds) == len(frames)
    assert set(folds) <= set(range(FOLDS))
    assert len({(group, fold) for group, fold in zip(groups, folds, strict=True)}) == len(set(groups))
    assert assign_folds(classes, groups) == folds


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([(), (1,), (2,), (3,), (3, 4)]), min_size=50, max_size=300))
def test_frames_of_their_own_are_spread_evenly(classes: list[tuple[int, ...]]) -> None:
    """Without groups, folds differ by one frame of a stratum: the rarest class of a frame, or being clean."""
    folds = assign_folds(classes, list(range(len(classes))))

    seen = Counter(c for of_frame in classes for c in of_frame)
    for stratum in (0, 1, 2, 3, 4):
        counts = [0] * FOLDS
        for of_frame, fold in zip(classes, folds, strict=True):
            counts[fold] += min(of_frame, key=lambda c: (seen[c], c), default=0) == stratum
        assert max(counts) - min(counts) <= 1


def test_fewer_frames_than_folds_cannot_be_spread() -> None:
    with pytest.raises(ValueError, match="2 different frames are too few for 5 folds"):
        assign_folds([(), (), (1,)], [0, 0, 2])


def test_on_real_frames_the_copies_are_found_and_folds_are_even() -> None:
    """The folds of frames.csv are not these: its groups hold frames that only share a dark edge (see below).

    Seen on 1,306 frames: 42 pairs share a group there, 6 here, 1 in both; it is the one true copy (0 bits).
    The other 41 pairs of frames.csv differ in 70-130 of 256 bits, where two frames of any kind differ in 124.
    """
    spec = InputSpec(width_px=1600, height_px=256, reduce=2, mean=88, std=50)
    entries = [e for e in read_layout(real_frames()) if e.fold is not None]
    hashes = np.stack([perceptual_hash(decode(e, spec)) for e in entries])
    groups = near_duplicates(hashes)

    pairs = {(a, b) for b, a in enumerate(groups) if a != b}
    assert 1 <= len(pairs) <= 20
    assert max(Counter(groups).values()) <= 4
    copies = [(a, b) for a, b in pairs if not (hashes[a] != hashes[b]).any()]
    assert copies
    assert all(entries[a].group == entries[b].group for a, b in copies)

    folds = assign_folds([e.classes for e in entries], groups)
    for class_id in (0, 1, 2, 3, 4):  # 0: clean
        counts = Counter(f for f, e in zip(folds, entries, strict=True) if class_id in (e.classes or (0,)))
        assert max(counts.values()) - min(counts.values()) <= 4, class_id
