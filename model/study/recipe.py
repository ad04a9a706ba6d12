"""A study's recipe: one row of the reference's two tables as a YAML file. No torch here.

A recipe trains a classifier, or a segmenter, or one network with both heads; two of the first kinds make a
bundle of design `separate`, the last kind is one by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from model.card import SEPARATE, CropsView, DefectClass, Design, GateSpec, InputSpec, SegmenterSpec, WholeView
from model.frames.refused import TrainingRefused
from model.training.recipe_file import explain, read_yaml

RECIPES: Final = Path(__file__).parent / "recipes"

STRIDE_PX: Final = 32
"""The encoders' deepest stride: what they see is a multiple of it."""

Table = Literal["classifier", "segmenter"]
Learns = Literal["gate", "masks", "both"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Row(_Part):
    """The row of the reference's table that a recipe repeats. figure: what stands there."""

    table: Table
    label: str
    figure: float = Field(ge=0, le=1)


class StudyStage(_Part):
    """One fit. `gate` learns the defective or clean, `masks` the pixels of defective pictures only."""

    learns: Learns
    encoder: Literal["trained", "fixed"] = "trained"
    minutes_share: float = Field(default=1.0, gt=0, description="Of --minutes, beside the other stages'")
    steps: int = Field(default=100_000, ge=1, description="At most; --minutes ends most runs before")


class StudyRecipe(_Part):
    """How one row is trained."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    row: Row
    classes: tuple[DefectClass, ...] = Field(min_length=1)
    input: InputSpec
    encoder: str
    start: Literal["random", "imagenet"] = Field(description="`imagenet` needs --weights")
    decoder: Literal["unet", "linknet"] | None = None
    design: Design = SEPARATE
    augmentations: bool = Field(description="Flips, and rotation by up to 10 degrees with p .25")
    pixel_weights: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        default=(), description="Of a class's pixels in the masks' loss, in class order; background is 1"
    )
    clean_share: float = Field(default=0.47, ge=0, lt=1, description="Of what a gate learns from")
    batch_size: int = Field(default=8, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0, lt=1)
    held_out_fold: int = Field(default=0, ge=0)
    stages: tuple[StudyStage, ...] = Field(min_length=1)
    note: str = Field(description="What differs from the reference's run, or is not known of it")

    @model_validator(mode="after")
    def _fits_together(self) -> StudyRecipe:
        if [c.class_id for c in self.classes] != list(range(1, len(self.classes) + 1)):
            raise ValueError("classes must have the ids 1, 2, 3 ... in order")
        if self.pixel_weights and len(self.pixel_weights) != len(self.classes):
            raise ValueError("pixel_weights need one number for each class")
        self._check_input()
        self._check_design()
        return self

    def _check_input(self) -> None:
        if self.input.reduce != 1 or isinstance(self.input.view, WholeView):
            raise ValueError("the study decodes at full size (reduce: 1) and sees frames resized or in crops")
        if any(side % STRIDE_PX for side in self.input.seen_px):
            seen = "x".join(map(str, self.input.seen_px))
            kind = "crop" if isinstance(self.input.view, CropsView) else "size"
            raise ValueError(
                f"a {kind} of {seen} is impossible: both sides must be multiples of {STRIDE_PX}, the "
                "encoder's deepest stride"
            )

    def _check_design(self) -> None:
        learnt = {stage.learns for stage in self.stages}
        if self.design != SEPARATE:
            if self.decoder is None:
                raise ValueError(f"design {self.design} needs a decoder on the classifier's encoder")
            if "both" not in learnt and learnt != {"gate", "masks"}:
                raise ValueError(f"stages of design {self.design} must learn the gate and the masks")
        elif learnt != ({"gate"} if self.decoder is None else {"masks"}):
            wanted = "gate: there is no decoder" if self.decoder is None else "masks: the gate is another row"
            raise ValueError(f"stages of design separate learn the {wanted}")
        if self.stages[0].encoder == "fixed":
            raise ValueError("the first stage must train the encoder: nothing else has")

    @property
    def gate(self) -> GateSpec | None:
        """The gate network, where the recipe trains one."""
        return GateSpec(architecture="classifier", encoder=self.encoder) if self.decoder is None else None

    @property
    def segmenter(self) -> SegmenterSpec | None:
        """The segmenter, where the recipe trains one; its gate's head is a classifier's."""
        if self.decoder is None:
            return None
        return SegmenterSpec(architecture=self.decoder, encoder=self.encoder, gate_head="classifier")

    @property
    def scores_frames(self) -> bool:
        """Whether a gate is learnt, so that frames can be judged as defective or clean."""
        return any(stage.learns != "masks" for stage in self.stages)


def shipped_recipes() -> list[StudyRecipe]:
    """The ten rows, in the order of the reference's tables."""
    found = [load_recipe(path) for path in RECIPES.glob("*.yaml")]
    return sorted(found, key=lambda recipe: recipe.name)


def load_recipe(name_or_path: str | Path) -> StudyRecipe:
    """A recipe that ships with the code, by name, or a YAML file. Raises TrainingRefused: line and reason."""
    path = recipe_file(name_or_path)
    stated, lines = read_yaml(path)
    try:
        return StudyRecipe.model_validate(stated)
    except ValidationError as invalid:
        raise TrainingRefused(explain(path, lines, StudyRecipe, invalid)) from None


def recipe_file(name_or_path: str | Path) -> Path:
    """Where a recipe lies. Raises TrainingRefused."""
    for path in (RECIPES / f"{name_or_path}.yaml", Path(name_or_path)):
        if path.is_file():
            return path
    shipped = ", ".join(sorted(p.stem for p in RECIPES.glob("*.yaml")))
    raise TrainingRefused(
        f"there is no study recipe {str(name_or_path)!r}: give one of {shipped}, or a YAML file"
    )
