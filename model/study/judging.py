"""A trained row judged on the fold that it held out: `judgement.json` in its folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch

from model.evaluation.machine import now
from model.frames import frames as labels
from model.frames.frames import LabelledFrame, ids_sha256
from model.frames.reading import Frames
from model.frames.refused import TrainingRefused
from model.nets import SegmenterNet
from model.study.pictures import Picture, pictures_of_all
from model.study.protocols import (
    GATE_EXPLAINED,
    MASKS_EXPLAINED,
    batch_dice,
    crop_accuracy,
    frame_accuracy,
    hard_dice,
    scored,
)
from model.study.training import TrainedRun

JUDGEMENT_FILE: Final = "judgement.json"


def held_out(frames: Frames, run: TrainedRun) -> list[LabelledFrame]:
    """The frames that the run held out. Raises TrainingRefused where the folder's fold is not what it was."""
    fold = run.recipe.held_out_fold
    entries = [e for e in frames.entries if e.fold == fold]
    if not entries:
        raise TrainingRefused(f"the frames have no fold {fold}, which {run.folder} held out")
    stated = run.stated.get("frames", {}).get("held_out_sha256")
    if stated is not None and stated != ids_sha256(entries):
        raise TrainingRefused(
            f"fold {fold} of the frames is not what {run.folder} held out: judge it on the frames that it "
            "was trained with"
        )
    return [labels.labelled(e, frames.pixels[e.image_id], frames.spec) for e in entries]


def judge(run: TrainedRun, frames: Sequence[LabelledFrame], device: torch.device) -> dict[str, Any]:
    """The reference's protocols and the honest figures, each under its name."""
    net = run.net.to(device).eval()
    found: dict[str, Any] = {
        "recipe": run.recipe.name,
        "row": run.recipe.row.model_dump(),
        "trained": run.stated["trained"],
        "judged_at": now(),
        "judged_by": {"fold": run.recipe.held_out_fold, **_counts(frames)},
    }
    if run.recipe.scores_frames:
        found["gate"] = _judge_gate(run, frames, device)
    if isinstance(net, SegmenterNet):
        shown = pictures_of_all((f for f in frames if f.truth == "mask"), run.recipe.input)
        found["masks"] = {
            "reference": batch_dice(net, shown, device),
            "honest": hard_dice(net, frames, run.recipe, device),
            "explained": MASKS_EXPLAINED,
        }
    return found


def write_judgement(run: TrainedRun, judgement: dict[str, Any]) -> Path:
    """Beside the run's weights."""
    path = run.folder / JUDGEMENT_FILE
    path.write_text(json.dumps(judgement, indent=2) + "\n", "utf-8")
    return path


def read_judgement(folder: Path) -> dict[str, Any]:
    """What `write_judgement` wrote. Raises TrainingRefused."""
    try:
        return dict(json.loads((folder / JUDGEMENT_FILE).read_text("utf-8")))
    except FileNotFoundError:
        raise TrainingRefused(f"{folder} holds no {JUDGEMENT_FILE}: judge the run first") from None
    except (OSError, ValueError) as unreadable:
        raise TrainingRefused(
            f"{folder / JUDGEMENT_FILE} cannot be read ({unreadable}): judge again"
        ) from None


def _judge_gate(run: TrainedRun, frames: Sequence[LabelledFrame], device: torch.device) -> dict[str, Any]:
    pictures: list[Picture] = []
    scores: list[float] = []
    worst: list[float] = []
    for shown, said in scored(run.net, frames, run.recipe, device):
        pictures += shown
        scores += said
        worst.append(max(said))
    by_frame = frame_accuracy(frames, worst)
    return {
        "reference": {
            "crops": crop_accuracy(pictures, scores),
            "frames": {"frames": len(frames), "accuracy": by_frame.pop("accuracy")},
        },
        "honest": by_frame,
        "explained": GATE_EXPLAINED,
    }


def _counts(frames: Sequence[LabelledFrame]) -> dict[str, Any]:
    truths = [frame.truth for frame in frames]
    return {"frames": len(truths)} | {name: truths.count(name) for name in ("mask", "boxes", "clean")}
