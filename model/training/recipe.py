"""A recipe: a small YAML file that says what a bundle is and how its networks are trained, stage by stage.

No torch here: whoever only asks for a recipe's classes or input need not have it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from model.card import SEPARATE, DefectClass, Design, GateSpec, InputSpec, SegmenterSpec
from model.frames.refused import TrainingRefused
from model.training.recipe_file import explain, read_yaml

RECIPES = Path(__file__).parent / "recipes"

STRIDE_PX = 32
"""The networks' deepest stride: what they see, and crops to train on, are multiples of it."""

Share = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SyntheticSource(_Part):
    """Frames that are drawn instead of read (model.synthesis); seeds are ranges, the second one excluded."""

    train_seeds: tuple[int, int]
    judged_seeds: tuple[int, int]
    frames_a_seed: int = Field(default=8, gt=0)
    defect_share: Share = 0.5
    jpeg_quality: int = Field(default=95, ge=1, le=100)

    @model_validator(mode="after")
    def _apart(self) -> SyntheticSource:
        (first, last), (first_judged, last_judged) = self.train_seeds, self.judged_seeds
        if first >= last or first_judged >= last_judged:
            raise ValueError("a range of seeds is [first, last + 1] and holds at least one")
        if first < last_judged and first_judged < last:
            raise ValueError("train_seeds and judged_seeds must not overlap")
        return self


class SamplingPlan(_Part):
    """What a batch is made of, and how strongly its frames are varied.

    Whole clean frames are few and precious (without them a gate's AUC on real clean frames is .65-.68, with
    them .93-.98), so their share is set, not left to their number.
    """

    batch_size: int = Field(default=8, ge=1)
    clean_share: Share = 0.375
    boxes_share: Share = 0.125
    class_weights: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        description="How often frames with a class are drawn, in class order; only the ratio counts"
    )
    mix_probability: Share = 0.3
    crop_width_px: int | None = Field(default=None, gt=0, multiple_of=STRIDE_PX)
    stretch_probability: Share = 0.0
    noise_probability: Share = 0.0


class ScoutedStart(_Part):
    """Weights that stand for a whole stage; they have learnt from every fold but `held_out_fold`."""

    file: str
    held_out_fold: int = Field(ge=0)


class Stage(_Part):
    """One call of the training loop. Its seeds follow from its place among the stages and the run's seed.

    start: `imagenet` (the published encoder), `segmenter` (the trained segmenter's encoder and gate head),
    `previous` (the same network as the stages before left it), `random`.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    network: Literal["segmenter", "gate"]
    start: Literal["random", "imagenet", "segmenter", "previous"]
    replaced_by: ScoutedStart | None = Field(
        default=None,
        description="Taken instead of training when it is in --weights and saw no held-out frame",
    )
    fill_boxes: bool = Field(
        default=False,
        description="Make masks of known area inside known boxes with the segmenter so far, first",
    )
    teacher: Literal["segmenter"] | None = Field(
        default=None, description="Whose gate head teaches this gate, on the same varied crops"
    )
    positive_weights: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(),
        description="Of a defect's pixels in the segmenter's cross-entropy, in class order; else 1",
    )
    sampling: SamplingPlan
    steps: int = Field(ge=1)
    minutes_share: float = Field(
        default=1.0, gt=0, description="Of --minutes, beside the other stages' shares"
    )
    learning_rate: float = Field(gt=0, lt=1)
    encoder_rate: float = Field(default=1.0, ge=0, description="The encoder's share of the learning rate")
    schedule: Literal["flat-then-cosine", "one-cycle"] = "flat-then-cosine"
    flat_share: Share = Field(default=0.4, lt=1)
    average_decay: float = Field(default=0.997, ge=0, lt=1)


class Recipe(_Part):
    """What a bundle is, and how it comes to be."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    synthetic: SyntheticSource | None = Field(default=None, description="Without it: frames from --frames")
    classes: tuple[DefectClass, ...] = Field(min_length=1)
    design: Design = SEPARATE
    input: InputSpec
    gate: GateSpec | None = Field(
        default=None, description="Of design `separate` alone; the others score by the segmenter's head"
    )
    segmenter: SegmenterSpec
    held_out_fold: int = Field(default=0, ge=0)
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    stages: tuple[Stage, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> Recipe:
        if [c.class_id for c in self.classes] != list(range(1, len(self.classes) + 1)):
            raise ValueError("classes must have the ids 1, 2, 3 ... in order")
        height_px, width_px = self.input.seen_px
        if width_px % STRIDE_PX or height_px % STRIDE_PX:
            raise ValueError(
                f"input shows its networks {height_px}x{width_px}: both must be multiples of {STRIDE_PX}"
            )
        networks = self._networks()
        if len({stage.name for stage in self.stages}) < len(self.stages):
            raise ValueError("each stage needs a name of its own")
        for index, stage in enumerate(self.stages):
            self._check_stage(stage, {s.network for s in self.stages[:index]}, width_px)
        if {stage.network for stage in self.stages} != networks:
            raise ValueError(
                f"stages must train {' and '.join(f'a {one}' for one in sorted(networks, reverse=True))}"
            )
        return self

    def _networks(self) -> set[str]:
        """Which networks the design has. Raises ValueError where `gate` says otherwise."""
        if self.design == SEPARATE:
            if self.gate is None:
                raise ValueError(f"gate is missing, which design {self.design} needs")
            return {"segmenter", "gate"}
        if self.gate is not None:
            raise ValueError(f"gate is given, but design {self.design} has no gate network: leave it out")
        if any(stage.network == "gate" for stage in self.stages):
            raise ValueError(f"a stage trains a gate, but design {self.design} has no gate network")
        return {"segmenter"}

    def _check_stage(self, stage: Stage, trained: set[str], width_px: int) -> None:
        said, count = f"stage {stage.name}", len(self.classes)
        if len(stage.sampling.class_weights) != count or len(stage.positive_weights) not in (0, count):
            raise ValueError(f"{said}: class_weights and positive_weights need one number for each class")
        if (stage.sampling.crop_width_px or 0) > width_px:
            raise ValueError(f"{said}: crop_width_px must be at most {width_px}, the decoded frame's width")
        if stage.network == "segmenter" and (stage.teacher or stage.start == "segmenter"):
            raise ValueError(f"{said}: only a gate starts from or is taught by the segmenter")
        if stage.network == "gate" and (stage.replaced_by or stage.fill_boxes):
            raise ValueError(f"{said}: replaced_by and fill_boxes are for stages of the segmenter")
        if stage.start == "previous" and stage.network not in trained:
            raise ValueError(f"{said}: start `previous` needs an earlier stage of the {stage.network}")
        if (stage.teacher or stage.start == "segmenter" or stage.fill_boxes) and "segmenter" not in trained:
            raise ValueError(f"{said}: it needs an earlier stage of the segmenter")
        if stage.start == "segmenter" and self.gate and self.gate.encoder != self.segmenter.encoder:
            raise ValueError(f"{said}: start `segmenter` needs the same encoder in gate and segmenter")


def load_recipe(name_or_path: str | Path) -> Recipe:
    """A recipe that ships with the code, by name, or a YAML file. Raises TrainingRefused."""
    path = RECIPES / f"{name_or_path}.yaml"
    if not path.is_file():
        path = Path(name_or_path)
    if not path.is_file():
        shipped = ", ".join(sorted(p.stem for p in RECIPES.glob("*.yaml")))
        raise TrainingRefused(
            f"there is no recipe {str(name_or_path)!r}: give one of {shipped}, or a YAML file"
        )
    stated, lines = read_yaml(path)
    try:
        return Recipe.model_validate(stated)
    except ValidationError as invalid:
        raise TrainingRefused(explain(path, lines, Recipe, invalid)) from None
