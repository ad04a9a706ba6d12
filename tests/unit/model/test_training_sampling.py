"""Batches: their shares, their variation, and that labels and teacher move with the pixels."""

from __future__ import annotations

import numpy as np
import pytest

from model.training.sampling import FrameSampler, SamplingPlan
from tests.support.labelled import LABELLED, SHAPE, labelled_frame

TEACHER = {
    f.image_id: np.broadcast_to(f.class_map[::32, ::32].astype(np.float32), (5, 2, 5)) for f in LABELLED
}


def test_labels_and_teacher_stay_on_their_pixels() -> None:
    plan = SamplingPlan(batch_size=16, mix_probability=0.7)
    sampler = FrameSampler(LABELLED, plan, seed=3, teacher=TEACHER)
    seen = set()
    for _ in range(6):
        batch = sampler.batch()
        assert batch.frames.shape == (16, 1, *SHAPE)
        assert batch.teacher is not None
        np.testing.assert_array_equal(batch.teacher[:, 0].numpy(), batch.class_maps[:, ::32, ::32].numpy())
        for pixels, classes in zip(batch.frames[:, 0].numpy(), batch.class_maps.numpy(), strict=True):
            seen |= set(np.unique(classes).tolist())
            if 0 < np.count_nonzero(classes) < classes.size:  # defects are brighter, whatever the light
                assert pixels[classes > 0].min() > pixels[classes == 0].max()
    assert seen == {0, 1, 2, 3, 4}


def test_clean_frames_get_their_share_however_few() -> None:
    crowd = [LABELLED[0], *(labelled_frame(f"d{i}", 3) for i in range(50))]
    plan = SamplingPlan(batch_size=400, clean_share=0.4, mix_probability=0)
    classes = FrameSampler(crowd, plan, seed=0).batch().class_maps.numpy()
    assert (~classes.any(axis=(1, 2))).mean() == pytest.approx(0.4, abs=0.08)


def test_crops_lie_on_cells_and_most_hold_a_defect() -> None:
    plan = SamplingPlan(batch_size=200, clean_share=0, mix_probability=0, crop_width_px=64)
    classes = FrameSampler(LABELLED, plan, seed=0).batch().class_maps.numpy()
    assert classes.shape == (200, 64, 64)
    assert (classes.any(axis=(1, 2))).mean() > 0.75
    covered = classes.any(axis=1).sum(axis=1)
    assert set(covered.tolist()) <= {0, 32}


def test_the_same_seed_draws_the_same_batches() -> None:
    first, second, other = (FrameSampler(LABELLED, SamplingPlan(), seed=s).batch().frames for s in (5, 5, 6))
    assert first.equal(second)
    assert not first.equal(other)


def test_clean_frames_alone_can_be_sampled_and_none_cannot() -> None:
    assert not FrameSampler(LABELLED[:1], SamplingPlan(), seed=0).batch().class_maps.any()
    with pytest.raises(ValueError, match="no frames"):
        FrameSampler([], SamplingPlan(), seed=0)
