"""A rules file as pydantic models: what a rule may ask for. Unknown keys are refused."""

from __future__ import annotations

from math import inf
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from consumer.coils.grading.rules_values import Allowed, Classes, Fires, FrameLimit, Share
from contracts.reports import Verdict

BUILT_IN = (
    "frames_missing",
    "frames_dead_lettered",
    "frames_unsegmented",
    "frames_surplus",
    "coil_incomplete",
    "coil_empty",
    "contradictions",
    "class_unknown",
)
"""Findings that no file can switch off: what was not seen is never released."""

Millimetres = Annotated[float, Field(ge=0, le=1e8)]
RuleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class RulesPart(BaseModel):
    """What every part of the file shares: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Range(RulesPart):
    """From `min` to `max`, both included; either may be left out."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Range:
        if self.min is None and self.max is None:
            raise ValueError("give min, max, or both")
        if self.bounds[0] > self.bounds[1]:
            raise ValueError(f"min {self.min:g} lies above max {self.max:g}")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest."""
        return (-inf if self.min is None else self.min, inf if self.max is None else self.max)


class Zone(RulesPart):
    """The strip's margins: along both sides, and at both ends."""

    edge_mm: Millimetres | None = None
    head_mm: Millimetres | None = None
    tail_mm: Millimetres | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Zone:
        if self.edge_mm is None and self.head_mm is None and self.tail_mm is None:
            raise ValueError("give at least one of edge_mm, head_mm and tail_mm")
        return self


class DefectsCondition(RulesPart):
    """Which defects count, and how many of them, or how much of the strip under them, are too many."""

    classes: Classes = Field(default=(), alias="class")
    area_mm2: Range | None = None
    length_mm: Range | None = None
    width_mm: Range | None = None
    near: Zone | None = Field(default=None, description="Reaches into one of these margins")
    body: Zone | None = Field(default=None, description="Reaches into what is left without these margins")
    at_least: int = Field(default=1, ge=1)
    density: Share | None = Field(default=None, description="Area of these defects, of the strip's")
    within_m: float | None = Field(
        default=None, gt=0, le=1e5, description="Counted in any stretch of this length, not on the whole coil"
    )

    @model_validator(mode="after")
    def _counts_one_way(self) -> DefectsCondition:
        if self.density is not None and "at_least" in self.model_fields_set:
            raise ValueError("give at_least or density, not both")
        if self.density is None and self.within_m is not None and self.at_least < 2:
            raise ValueError("within_m needs density, or at_least of 2 or more")
        return self


class MarksCondition(RulesPart):
    """Which roll marks count, and how many of them are too many."""

    classes: Classes = Field(default=(), alias="class")
    hits: Range | None = Field(default=None, description="How often the mark was seen")
    period_mm: Range | None = None
    false_alarm_probability: Range | None = None
    roll: Literal["named", "unnamed"] | None = Field(
        default=None, description="Whether a roll of the rolls table fits"
    )
    at_least: int = Field(default=1, ge=1)


class LanesCondition(RulesPart):
    """Which lanes count, where defects of one class gather, and how many of them are too many."""

    classes: Classes = Field(default=(), alias="class")
    defects: Range | None = Field(default=None, description="How many defects lie in the lane")
    at_least: int = Field(default=1, ge=1)


class When(RulesPart):
    """One kind of condition."""

    defects: DefectsCondition | None = None
    marks: MarksCondition | None = None
    lanes: LanesCondition | None = None

    @model_validator(mode="after")
    def _is_one(self) -> When:
        if (self.defects, self.marks, self.lanes).count(None) != 2:
            raise ValueError("give exactly one of defects, marks and lanes")
        return self

    @property
    def kind(self) -> str:
        """The key that it is under."""
        return next(name for name in ("defects", "marks", "lanes") if getattr(self, name) is not None)

    @property
    def classes(self) -> tuple[str | int, ...]:
        """Those that it names."""
        condition: DefectsCondition | MarksCondition | LanesCondition = getattr(self, self.kind)
        return condition.classes


class Rule(RulesPart):
    """A condition, and the verdict when it holds."""

    name: RuleName
    description: str = ""
    verdict: Fires
    when: When

    @model_validator(mode="after")
    def _has_a_name_of_its_own(self) -> Rule:
        if self.name in BUILT_IN:
            raise ValueError(f"{self.name} is the name of a finding that is always looked for")
        return self


class Allowance(RulesPart):
    """How many frames may lack an inspection and the coil still be released. Beyond it: at least `beyond`."""

    missing: Allowed = FrameLimit()
    dead_lettered: Allowed = FrameLimit()
    unsegmented: Allowed = FrameLimit()
    beyond: Fires = Verdict.HOLD


class RulesFile(RulesPart):
    """The whole file."""

    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    classes: tuple[str, ...] = Field(
        default=(), description="Those that the rules were written for; a defect of another is held"
    )
    allowance: Allowance = Allowance()
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _names_fit(self) -> RulesFile:
        names = [rule.name for rule in self.rules]
        for index, rule in enumerate(self.rules):
            if rule.name in names[:index]:
                raise _at(("rules", index, "name"), f"{rule.name} is the name of an earlier rule")
            for one in rule.when.classes:
                if isinstance(one, str) and self.classes and one not in self.classes:
                    where = ("rules", index, "when", rule.when.kind, "class")
                    raise _at(where, f"{one!r} is none of the file's classes: {', '.join(self.classes)}")
        return self


def _at(where: tuple[str | int, ...], reason: str) -> ValidationError:
    """A refusal at a place deeper than the model that sees it: a person is told the rule's line."""
    return ValidationError.from_exception_data(
        "rules",
        [{"type": "value_error", "loc": where, "input": where[-1], "ctx": {"error": ValueError(reason)}}],
    )
