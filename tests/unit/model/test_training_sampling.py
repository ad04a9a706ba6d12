"""Batches: their shares, their variation, that labels follow the pixels, and that a step has its own seed."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest

from model.training.prefetch import batches
from model.training.recipe import SamplingPlan
from model.training.sampling import FrameSampler
from tests.support.labelled import LABELLED, SHAPE, labelled_frame


def plan(**changes: Any) -> SamplingPlan:
    return SamplingPlan(class_weights=(1, 1, 1, 1), **changes)


def test_labels_stay_on_their_pixels() -> None:
    sampler = FrameSampler(LABELLED, plan(batch_size=16, mix_probability=0.7), seed=3)
    seen = set()
    for step in range(6):
        batch = sampler.batch(step)
        assert batch.frames.shape == (16, 1, *SHAPE)
        for pixels, classes in zip(batch.frames[:, 0].numpy(), batch.class_maps.numpy(), strict=True):
            seen |= set(np.unique(classes).tolist())
            if 0 < np.count_nonzero(classes) < classes.size:  # defects are brighter, whatever the light
                assert pixels[classes > 0].min() > pixels[classes == 0].max()
    assert seen == {0, 1, 2, 3, 4}


def test_zoomed_labels_stay_on_their_pixels_but_for_a_soft_edge() -> None:
    batch = FrameSampler(
        LABELLED, plan(batch_size=32, stretch_probability=1, mix_probability=0), seed=1
    ).batch(0)
    widths = set()
    for pixels, classes in zip(batch.frames[:, 0].numpy(), batch.class_maps.numpy(), strict=True):
        widths.add(int(classes.any(axis=0).sum()))
        inside, outside = pixels[classes > 0], pixels[classes == 0]
        if inside.size and outside.size:
            assert np.mean(inside) > np.mean(outside) + 20
    assert max(widths) > 36
    assert set(np.unique(batch.class_maps.numpy()).tolist()) == {0, 1, 2, 3, 4}


def test_grain_and_soft_focus_change_pixels_and_leave_labels() -> None:
    plain, noisy = (
        FrameSampler(LABELLED, plan(batch_size=24, mix_probability=0, noise_probability=p), seed=2).batch(0)
        for p in (0.0, 1.0)
    )
    assert not plain.frames.equal(noisy.frames)
    assert 0 <= float(noisy.frames.min()) < float(noisy.frames.max()) <= 255


def test_clean_frames_get_their_share_however_few() -> None:
    crowd = [LABELLED[0], *(labelled_frame(f"d{i}", 3) for i in range(50))]
    sampler = FrameSampler(crowd, plan(batch_size=400, clean_share=0.4, mix_probability=0), seed=0)
    classes = sampler.batch(0).class_maps.numpy()
    assert (~classes.any(axis=(1, 2))).mean() == pytest.approx(0.4, abs=0.08)


def test_crops_lie_on_cells_and_most_hold_a_defect() -> None:
    asked = plan(batch_size=200, clean_share=0, mix_probability=0, crop_width_px=64)
    classes = FrameSampler(LABELLED, asked, seed=0).batch(0).class_maps.numpy()
    assert classes.shape == (200, 64, 64)
    assert (classes.any(axis=(1, 2))).mean() > 0.75
    assert set(classes.any(axis=1).sum(axis=1).tolist()) <= {0, 32}


def test_a_step_has_its_batch_whatever_was_drawn_before() -> None:
    sampler = FrameSampler(LABELLED, plan(stretch_probability=0.5, noise_probability=0.5), seed=5)
    in_order = [sampler.batch(step).frames for step in range(3)]
    again = FrameSampler(LABELLED, plan(stretch_probability=0.5, noise_probability=0.5), seed=5)
    assert again.batch(2).frames.equal(in_order[2])
    assert not in_order[2].equal(in_order[1])
    assert not FrameSampler(LABELLED, plan(), seed=6).batch(0).frames.equal(in_order[0])


def test_threads_draw_the_same_batches_in_order_and_stop_when_left() -> None:
    sampler = FrameSampler(LABELLED, plan(), seed=0)
    with batches(sampler, range(3, 20), threads=2) as drawn:
        ahead = list(islice(drawn, 9))
    assert [b.frames.equal(sampler.batch(step).frames) for step, b in enumerate(ahead, 3)] == [True] * 9
    with batches(sampler, range(2), threads=2) as drawn:
        assert len(list(drawn)) == 2


def test_clean_frames_alone_can_be_sampled_and_none_cannot() -> None:
    assert not FrameSampler(LABELLED[:1], plan(), seed=0).batch(0).class_maps.any()
    with pytest.raises(ValueError, match="no frames"):
        FrameSampler([], plan(), seed=0)
