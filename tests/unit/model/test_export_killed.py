"""`python -m model export` as a process, killed on its way: the former bundle or the new one stays."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from model.bundle import GATE_WEIGHTS, SEGMENTER_WEIGHTS, verify, write_bundle
from model.nets import build_gate, build_segmenter, save_weights
from model.training.recipe import RECIPES, load_recipe
from tests.support.bundles import whole_card
from tests.support.sources import ROOT

MOMENTS = ("gate.int8.xml: ", "Dice of class 4")
"""Lines of its log: between the two graphs, and just before the bundle is written."""


@pytest.fixture
def export(tmp_path: Path) -> list[str]:
    """The command that exports tiny untrained networks, judged on drawn frames, over a former bundle."""
    recipe = (RECIPES / "synthetic.yaml").read_text("utf-8").replace("name: synthetic", "name: tiny", 1)
    drawn = "synthetic: {train_seeds: [1, 2], judged_seeds: [10, 12], frames_a_seed: 4}"
    lines = [drawn if line.startswith("synthetic:") else line for line in recipe.splitlines()]
    (tmp_path / "tiny.yaml").write_text("\n".join(lines), "utf-8")
    tiny = load_recipe(tmp_path / "tiny.yaml")
    torch.manual_seed(0)
    weights = tmp_path / "weights"
    weights.mkdir()
    save_weights(build_gate(tiny.gate, tiny.input), weights / GATE_WEIGHTS, "not trained")
    save_weights(build_segmenter(tiny.segmenter, tiny.input), weights / SEGMENTER_WEIGHTS, "not trained")
    former = whole_card(name="former")
    write_bundle(tmp_path / "out" / "bundle", former, {"a.yaml": tmp_path / "tiny.yaml"})
    given = ["--recipe", tmp_path / "tiny.yaml", "--weights", weights, "--out", tmp_path / "out" / "bundle"]
    bound = ["--miss", "0.5", "--confidence", "0.5", "--threads", "1"]
    return [sys.executable, "-m", "model", "export", *map(str, given), *bound]


def test_a_killed_export_leaves_the_former_bundle_and_the_next_one_is_not_disturbed(
    export: list[str], tmp_path: Path
) -> None:
    bundle = tmp_path / "out" / "bundle"
    for moment in MOMENTS:
        running = subprocess.Popen(
            export, cwd=ROOT, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert running.stderr is not None
        said = []
        for line in running.stderr:
            said.append(line)
            if moment in line:
                break
        running.send_signal(signal.SIGKILL)
        running.communicate()
        assert running.returncode == -signal.SIGKILL, "".join(said)
        assert verify(bundle).name in ("former", "tiny")

    finished = subprocess.run(export, cwd=ROOT, text=True, capture_output=True, check=False)

    assert finished.returncode == 0, finished.stderr
    assert verify(bundle).name == "tiny"
    assert sorted(entry.name for entry in bundle.parent.iterdir()) == ["bundle", "bundle.work"]
