"""What only a GPU can show: graphs against eager torch, and nvJPEG against the strict decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from model.bundle import load_card
from model.card import DESIGNS, Design, InputSpec
from model.engines.decoding import DeviceDecoder
from model.engines.shared_torch import SharedTorchInspector
from model.engines.torch import TorchInspector
from model.images import ImageInvalid, decode_grey
from model.inspector import Gated
from model.load import torch_nets
from tests.support.bundles import noisy_pixels
from tests.support.hostile import good_jpeg, good_png, hostile_images

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
    # torchvision's decoders move to TorchCodec; the GPU's is still only here for the torch that we allow.
    pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning"),
]

BFLOAT16 = 0.03
"""Of scores and probabilities, against fp32."""
WIDTH_PX, HEIGHT_PX = 1600, 256
SPEC = InputSpec(width_px=WIDTH_PX, height_px=HEIGHT_PX, reduce=2, mean=0, std=1)


def on(
    device: str, folder: Path, buckets: tuple[int, ...], design: Design = "separate"
) -> TorchInspector | SharedTorchInspector:
    card = load_card(folder)
    gate, segmenter = torch_nets(folder, card)
    if design == "separate":
        assert gate is not None
        point = card.presets["line"].operating_points["plant"]
        return TorchInspector(
            card=card,
            point=point,
            gate=gate,
            segmenter=segmenter,
            device=torch.device(device),
            buckets=buckets,
        )
    return SharedTorchInspector(
        card=card,
        point=card.presets["accurate"].operating_points["plant"],
        segmenter=segmenter,
        design=design,
        device=torch.device(device),
        buckets=buckets,
    )


@pytest.mark.parametrize("design", DESIGNS)
def test_graphs_say_what_eager_torch_says(random_bundle: Path, design: Design) -> None:
    cpu, gpu = on("cpu", random_bundle, (1,), design), on("cuda", random_bundle, (1, 2, 4), design)
    gpu.warm_up()
    frames = [noisy_pixels(cpu.card, seed) for seed in range(11)]  # 4, 4 and 3 padded to 4

    for _ in range(2):  # a replay must not depend on what the one before it left in its memory
        np.testing.assert_allclose(
            [g.score for g in gpu.gate(frames)], [g.score for g in cpu.gate(frames)], rtol=0, atol=BFLOAT16
        )
        found, expected = np.stack(gpu.probabilities(frames)), np.stack(cpu.probabilities(frames))
        assert np.abs(found - expected).mean() < BFLOAT16 / 10
    assert len(gpu.segment(frames, [Gated(score=1.0)] * len(frames))) == len(frames)


@pytest.mark.parametrize("design", ["shared_backbone", "two_head"])
def test_what_is_kept_on_the_gpu_is_the_frames_own(random_bundle: Path, design: Design) -> None:
    gpu = on("cuda", random_bundle, (1, 2, 4), design)
    gpu.point = gpu.point.model_copy(update={"gate_threshold": 0.5})
    frames = [noisy_pixels(gpu.card, seed) for seed in range(23)]

    gated = gpu.gate(frames)
    passed = [i for i, word in enumerate(gated) if word.score >= 0.5]
    assert 0 < len(passed) < len(frames)
    assert [word.kept is not None for word in gated] == [i in passed for i in range(len(frames))]
    rows = [gated[i].kept.take(gpu) for i in passed]  # type: ignore[attr-defined]
    assert all(tensor.is_cuda for each in rows for tensor in each)

    found = gpu._decode(rows, np.array)
    alone = [gpu.probabilities([frames[i]])[0] for i in passed]
    assert np.abs(np.stack(found) - np.stack(alone)).mean() < BFLOAT16 / 10


def test_in_one_bucket_a_frame_does_not_depend_on_its_company(random_bundle: Path) -> None:
    gpu = on("cuda", random_bundle, (4,))
    frames = [noisy_pixels(gpu.card, seed) for seed in range(9)]

    together = [gated.score for gated in gpu.gate(frames)]

    assert together == [gpu.gate([frame])[0].score for frame in frames]
    assert together == [gated.score for gated in gpu.gate(frames[::-1])][::-1]


def test_frames_decoded_on_the_gpu_stay_there(random_bundle: Path) -> None:
    gpu = on("cuda", random_bundle, (2, 4))
    frames = [noisy_pixels(gpu.card, seed) for seed in range(7)]

    from_host = [gated.score for gated in gpu.gate(frames)]
    from_device = [gated.score for gated in gpu.gate([torch.from_numpy(f).cuda() for f in frames])]

    assert from_device == from_host


def test_nvjpeg_decodes_as_the_cpu_does() -> None:
    decoder = DeviceDecoder(SPEC, torch.device("cuda"))
    images = [good_jpeg(WIDTH_PX, HEIGHT_PX)] * 5 + [good_png(WIDTH_PX, HEIGHT_PX)]
    for found, image in zip(decoder.decode(images), images, strict=True):
        assert isinstance(found, Tensor)
        assert found.is_cuda
        expected = decode_grey(image, width_px=WIDTH_PX, height_px=HEIGHT_PX, reduce=2)
        assert np.abs(found.cpu().numpy().astype(int) - expected).mean() < 1


@pytest.mark.parametrize("image", hostile_images(WIDTH_PX, HEIGHT_PX), ids=lambda image: image.name)
def test_nvjpeg_forgives_nothing_that_can_be_told_from_markers(image: object) -> None:
    if image.name == "jpeg_that_ends_in_zeros":  # type: ignore[attr-defined]
        pytest.skip("its markers are whole: see model.engines.decoding")
    good = good_jpeg(WIDTH_PX, HEIGHT_PX)
    first, found, last = DeviceDecoder(SPEC, torch.device("cuda")).decode([good, image.encoded, good])  # type: ignore[attr-defined]
    assert isinstance(found, ImageInvalid)
    assert isinstance(first, Tensor)
    assert isinstance(last, Tensor)
