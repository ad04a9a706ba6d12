"""From a torch network to an OpenVINO graph. Needs torch."""

from __future__ import annotations

import openvino as ov
import torch
from torch import nn

from model.card import InputSpec


def to_openvino(net: nn.Module, input_spec: InputSpec, *output_names: str) -> ov.Model:
    """The fp32 graph of a network for one frame: `frames` (1, 1, h, w) uint8 -> named float32 outputs."""
    shape = [1, 1, input_spec.height_px // input_spec.reduce, input_spec.width_px // input_spec.reduce]
    # torch.export, not torch.jit.trace: tracing is deprecated from torch 2.15 on. The graph is the same.
    with torch.no_grad():
        exported = torch.export.export(net.eval(), (torch.zeros(shape, dtype=torch.uint8),))
        graph = ov.convert_model(exported)
    graph.reshape(shape)  # the conversion forgets the static shape of its input
    graph.inputs[0].set_names({"frames"})
    for output, name in zip(graph.outputs, output_names, strict=True):
        output.set_names({name})
    return graph
