"""JPEGs decoded on the GPU, as strictly as on the CPU where that can be checked without decoding.

nvJPEG gets only whole baseline JPEGs of the right size; the CPU's decoder judges everything else, all that
nvJPEG does not take, and frames that come out flat at the bottom, as a scan that was cut does. What is left
is a scan whose bits were changed and whose markers were not: the CPU's decoder refuses it, nvJPEG may not
notice. Where that matters more than the time, decode on the CPU. Needs torch and torchvision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from model.card import InputSpec
from model.images import ImageInvalid, decode_grey, is_plain_jpeg

_BLOCK_PX: Final = 8

DecodeBatch = Callable[[list[Tensor], torch.device], list[Tensor]]
"""Encoded (bytes,) uint8 on the CPU -> (1, H, W) uint8 on the device. Raises RuntimeError when one fails."""


def nvjpeg(encoded: list[Tensor], device: torch.device) -> list[Tensor]:
    """torchvision's batched decoder, on nvJPEG and its hardware where the GPU has it."""
    from torchvision.io import ImageReadMode, decode_jpeg

    # nvJPEG may write into memory that kernels queued on this stream have yet to read, seen on an H100
    # (pytorch/vision#9606, meta-pytorch/torchcodec#1634): nothing may be queued when it starts.
    torch.cuda.current_stream(device).synchronize()
    decoded: list[Tensor] = decode_jpeg(encoded, mode=ImageReadMode.GRAY, device=device)
    return decoded


class DeviceDecoder:
    """Frames of one bundle from encoded bytes to pixels on the device, at the bundle's working size.

    It has a stream of its own and waits for it, so it belongs on a thread beside the one that infers.
    """

    def __init__(self, spec: InputSpec, device: torch.device, decode_batch: DecodeBatch = nvjpeg) -> None:
        self._spec = spec
        self._device = device
        self._decode_batch = decode_batch
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]

    def decode(self, encoded: Sequence[bytes]) -> list[Tensor | ImageInvalid]:
        """(h, w) uint8 on the device for each frame, or why it is none; as many as came, in their order.

        Halved by an area average: 0.13 grey levels in the mean from what the CPU's decoder does in the DCT.
        """
        found: dict[int, Tensor | ImageInvalid] = {}
        plain: list[int] = []
        for index, image in enumerate(encoded):
            try:
                if is_plain_jpeg(image, width_px=self._spec.width_px, height_px=self._spec.height_px):
                    plain.append(index)
                else:
                    found[index] = self._on_cpu(image)
            except ImageInvalid as invalid:
                found[index] = invalid
        with torch.cuda.stream(self._stream) if self._stream else nullcontext():
            found |= dict(zip(plain, self._on_device([encoded[i] for i in plain]), strict=True))
            if self._stream:
                self._stream.synchronize()
        return [found[index] for index in range(len(encoded))]

    def _on_device(self, images: list[bytes]) -> Sequence[Tensor | ImageInvalid]:
        """One call for all: it gives no partial results, so when it fails the CPU's decoder judges each."""
        if not images:
            return []
        size = (1, self._spec.height_px, self._spec.width_px)
        try:
            whole = self._decode_batch(
                [torch.frombuffer(bytearray(image), dtype=torch.uint8) for image in images], self._device
            )
        except RuntimeError:
            return [self._judged_on_cpu(image) for image in images]
        if any(tuple(frame.shape) != size for frame in whole):
            return [self._judged_on_cpu(image) for image in images]
        frames = torch.stack(whole)
        cut = _flat_at_the_bottom(frames).tolist()
        reduced = self._reduced(frames)
        return [self._judged_on_cpu(images[i]) if cut[i] else reduced[i] for i in range(len(images))]

    def _judged_on_cpu(self, image: bytes) -> Tensor | ImageInvalid:
        try:
            return self._on_cpu(image)
        except ImageInvalid as invalid:
            return invalid

    def _on_cpu(self, image: bytes) -> Tensor:
        spec = self._spec
        pixels = decode_grey(image, width_px=spec.width_px, height_px=spec.height_px, reduce=spec.reduce)
        return torch.from_numpy(pixels).to(self._device)

    def _reduced(self, frames: Tensor) -> Tensor:
        """(N, 1, H, W) uint8 -> (N, h, w) uint8."""
        if self._spec.reduce == 1:
            return frames[:, 0]
        return avg_pool2d(frames.float(), self._spec.reduce).round().to(torch.uint8)[:, 0]


def _flat_at_the_bottom(frames: Tensor) -> Tensor:
    """(N, 1, H, W) uint8 -> (N,) bool: whether each 8x8 block of the last row has one grey level.

    Decoders fill what a cut scan lacks with such blocks. A real frame that is flat there only costs time.
    """
    last = frames[:, 0, -_BLOCK_PX:, : frames.shape[3] // _BLOCK_PX * _BLOCK_PX]
    blocks = last.reshape(*last.shape[:2], -1, _BLOCK_PX)
    flat: Tensor = (blocks.amax(dim=(1, 3)) == blocks.amin(dim=(1, 3))).all(dim=1)
    return flat
