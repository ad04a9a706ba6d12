"""The synthetic strip: what training and every run's truth rest on."""

from __future__ import annotations

import numpy as np
import pytest

from model.synthesis import CLASS_SHARES, HEIGHT_PX, WIDTH_PX, SyntheticStrip


def test_a_frame_depends_on_seed_and_index_alone() -> None:
    strip = SyntheticStrip(7, 0.5)
    in_order = [strip.frame(i).pixels for i in range(4)]

    alone = SyntheticStrip(7, 0.5).frame(3)

    np.testing.assert_array_equal(alone.pixels, in_order[3])
    assert not np.array_equal(in_order[2], in_order[3])
    assert not np.array_equal(SyntheticStrip(8, 0.5).frame(3).pixels, in_order[3])


@pytest.mark.parametrize("class_id", [1, 2, 3, 4])
def test_every_kind_is_drawn_where_its_mask_says_and_nowhere_else(class_id: int) -> None:
    for seed in range(8):
        strip = SyntheticStrip(seed, 1.0, class_shares={class_id: 1})
        drawn = strip.frame(0)
        clean = _Undrawn(seed, 1.0, class_shares={class_id: 1}).frame(0).pixels

        assert set(drawn.masks) == {class_id}
        mask = drawn.masks[class_id]
        assert mask.shape == (HEIGHT_PX, WIDTH_PX)
        assert mask.dtype == np.bool_
        changed = drawn.pixels != clean
        assert not (changed & ~mask & _steel(strip)).any()
        assert (changed & mask & _steel(strip)).sum() > 0.5 * (mask & _steel(strip)).sum()


def test_no_pixel_has_two_classes() -> None:
    equal_shares = dict.fromkeys((1, 2, 3, 4), 1.0)
    both = [SyntheticStrip(s, 1.0, class_shares=equal_shares).frame(i) for s in range(20) for i in (0, 1)]
    several = [f for f in both if len(f.masks) > 1]

    assert several, "no frame of this seed shows two classes: the test proves nothing"
    assert all(sum(m.astype(int) for m in f.masks.values()).max() == 1 for f in several)


def test_shares_are_as_asked() -> None:
    strips = [SyntheticStrip(s, 0.3) for s in range(10)]
    drawn = [strip.classes_at(i) for strip in strips for i in range(1000)]
    defective = [c for c in drawn if c]

    assert len(defective) / len(drawn) == pytest.approx(0.3, abs=0.02)
    share = sum(3 in c for c in defective) / len(defective)
    assert share == pytest.approx(CLASS_SHARES[3] / sum(CLASS_SHARES.values()), abs=0.06)


def test_truth_is_known_without_drawing() -> None:
    strip = SyntheticStrip(3, 0.5)

    for index in range(12):
        frame = strip.frame(index)
        assert tuple(sorted(frame.masks)) == strip.classes_at(index)
        assert frame.defective == bool(strip.classes_at(index))


def test_clean_frames_hold_no_masks_and_look_like_steel() -> None:
    frames = [SyntheticStrip(s, 0.0).frame(0) for s in range(20)]

    assert not any(f.defective or f.masks for f in frames)
    assert all(f.pixels.dtype == np.uint8 and f.pixels.shape == (HEIGHT_PX, WIDTH_PX) for f in frames)
    means = [f.pixels.mean() for f in frames]
    assert 50 < np.median(means) < 120
    assert np.std(means) > 10
    assert any((f.pixels.mean(axis=0) < 12).any() for f in frames), "no strip with a black edge"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"defect_share": 1.5}, "defect_share must be within 0..1"),
        ({"class_shares": {5: 1.0}}, "class_shares must weigh some of the classes"),
        ({"class_shares": {3: 0.0}}, "class_shares must weigh some of the classes"),
    ],
)
def test_a_wrong_share_is_refused(arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SyntheticStrip(0, **arguments)  # type: ignore[arg-type]


class _Undrawn(SyntheticStrip):
    """Consumes the same random numbers, but lets no defect be drawn."""

    def _draw_classes(self, rng: np.random.Generator) -> tuple[int, ...]:
        super()._draw_classes(rng)
        return ()


def _steel(strip: SyntheticStrip) -> np.ndarray:
    """Without the strip's edges: their trimmed width is drawn after the defects."""
    inner = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
    inner[:, strip._look.left_px + 30 : strip._look.right_px - 30] = True
    return inner
