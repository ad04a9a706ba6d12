"""What the page is sent of the images that people try."""

from __future__ import annotations

from pydantic import Field

from station.web.wire import Wire

Point = tuple[int, int]


class TrialClass(Wire):
    """One kind of defect that a bundle knows, and from where on it is there."""

    class_id: int
    name: str
    mask_threshold: float
    min_area_px: int


class HeldOutView(Wire):
    """How a preset did on frames that it did not learn from; null where the card does not say."""

    frames: str | None
    auc: float | None
    defective: int | None
    missed: int | None
    miss_share_below_95: float | None
    clean: int | None
    clean_rejected: int | None
    positive_dice: float | None


class PresetView(Wire):
    """One way to run a bundle."""

    name: str
    gate_threshold: float
    classes: list[TrialClass]
    held_out: HeldOutView


class BundleView(Wire):
    """A model bundle that an image can be tried on."""

    name: str
    version: str
    created_at: str
    width_px: int
    height_px: int
    presets: list[PresetView]


class Bundles(Wire):
    """All bundles."""

    bundles: list[BundleView]


class TrialRegion(Wire):
    """A region that the models found, in px of the bundle's frame, bounds inclusive."""

    class_id: int
    name: str
    score: float
    area_px: int
    row_min: int
    col_min: int
    row_max: int
    col_max: int
    contour: list[Point] = Field(description="column, row")


class FittedView(Wire):
    """How an image of another size came into the frame: frame px = image px * scale."""

    picture_width_px: int
    picture_height_px: int
    scale: float
    width_px: int
    height_px: int
    turned: bool


class TrialView(Wire):
    """What the models say of an image."""

    bundle: str
    preset: str
    bundle_version: str
    width_px: int
    height_px: int
    fitted: FittedView | None
    gate_score: float
    gate_threshold: float
    passed: bool
    regions: list[TrialRegion]
    regions_left_out: int
    decode_ms: float
    gate_ms: float
    segment_ms: float | None
