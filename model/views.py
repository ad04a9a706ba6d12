"""How networks see a frame, as part of their graphs: whole, resized or in crops side by side. Needs torch."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import interpolate

from model.card import CropsView, InputSpec, ResizedView


class GreyNormalise(nn.Module):
    """`(grey - mean) / std` in float, for any numeric input dtype."""

    def __init__(self, mean: float, std: float) -> None:
        super().__init__()
        self.mean, self.std = mean, std

    def forward(self, frames: Tensor) -> Tensor:
        """(N, 1, H, W) grey levels -> the same shape, float32, normalised."""
        return (frames.float() - self.mean) / self.std


class FrameView(nn.Module):
    """From frames to the pictures that a network sees, and from what it says of those back to frames."""

    def __init__(self, input_spec: InputSpec) -> None:
        super().__init__()
        view = input_spec.view
        self.size_px = (view.height_px, view.width_px) if isinstance(view, ResizedView) else None
        width_px = input_spec.width_px // input_spec.reduce
        self.crops = width_px // view.width_px if isinstance(view, CropsView) else 1

    def forward(self, frames: Tensor) -> Tensor:
        """(N, 1, H, W) grey levels -> (N * crops, 1, h, w), a frame's crops one after the other."""
        if self.size_px is not None:
            return interpolate(frames.float(), self.size_px, mode="bilinear", align_corners=False)
        if self.crops == 1:
            return frames
        _, channels, height, width = frames.shape
        apart = frames.reshape(-1, channels, height, self.crops, width // self.crops)
        return apart.permute(0, 3, 1, 2, 4).reshape(-1, channels, height, width // self.crops)

    def joined(self, said: Tensor) -> Tensor:
        """(N * crops, C, h, w) of crops -> (N, C, h, w * crops) of frames."""
        if self.crops == 1:
            return said
        _, channels, height, width = said.shape
        apart = said.reshape(-1, self.crops, channels, height, width)
        return apart.permute(0, 2, 3, 1, 4).reshape(-1, channels, height, self.crops * width)
