"""One OpenVINO graph, several ways to run it: the part that one output needs, or two halves of the whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import openvino as ov
from openvino import opset8 as ops

from model.engines.crossings import Crossing, crossing, gives_integers


class Halves(NamedTuple):
    """A graph in two that together do what it does, each operation on a frame's values in one of them.

    first: `frames` -> the output that it was cut for, then what crosses over, in the order of `second`'s
    inputs. second: what crosses over -> the other output. What is quantised crosses over as 8-bit integers.
    """

    first: ov.Model
    second: ov.Model


def cut(graph: ov.Model, *output_names: str) -> ov.Model:
    """The part of a graph that some outputs need, in their order. Raises ValueError where one is missing."""
    outputs = [_output(graph, name).get_node().input_value(0) for name in output_names]
    return ov.Model(outputs, graph.get_parameters(), "_and_".join(output_names))


def halves(graph: ov.Model, first: str, second: str) -> Halves:
    """A graph cut into everything that output `first` needs, and what output `second` needs beyond that.

    Both halves run in int8 as the whole did, with its bits: model.engines.crossings. Raises ValueError where
    an output is not there, or `second` needs nothing beyond what `first` needs.
    """
    whole = graph.clone()
    begins, ends = _output(whole, first).get_node(), _output(whole, second).get_node()
    moving = _moving(whole)
    needed = _names(_ancestors(begins)) & moving
    needed |= _names(op for op in _ancestors(ends) if _quantises_what_is(needed, op))
    beyond = [op for op in _ancestors(ends) if _name(op) in moving and _name(op) not in needed]
    if _names(beyond) == {_name(ends)}:
        raise ValueError(f"the graph's {second!r} needs nothing beyond what {first!r} needs")
    crossings = [crossing(value, edges) for value, edges in _edges(beyond, needed)]
    leaving = [begins.input_value(0), *(one.leaves for one in crossings)]
    upper = ov.Model(leaving, whole.get_parameters(), first).clone()
    return Halves(first=upper, second=_lower(ends, crossings, second))


def _lower(ends: ov.Node, crossings: Iterable[Crossing], output_name: str) -> ov.Model:
    """The second half, in place of the whole: what crossed over becomes its inputs."""
    inputs: list[ov.Node] = []
    for one in crossings:
        parameter = ops.parameter(list(one.leaves.shape), one.leaves.get_element_type())
        inputs.append(parameter)
        arrived = one.arrives(parameter).output(0)
        for edge in one.edges:
            edge.replace_source_output(arrived)
    return ov.Model([ends.input_value(0)], inputs, output_name)


def _output(graph: ov.Model, name: str) -> ov.Output:
    named = [output for output in graph.outputs if name in output.names]
    if not named:
        raise ValueError(f"the graph has no output {name!r}")
    return named[0]


def _edges(beyond: Iterable[ov.Node], needed: set[str]) -> list[tuple[ov.Output, list[ov.Input]]]:
    """The first half's values that the second needs, each with the inputs there that take it."""
    found: dict[tuple[str, int], tuple[ov.Output, list[ov.Input]]] = {}
    for op in beyond:
        for edge in op.inputs():
            value = edge.get_source_output()
            if _name(value.get_node()) in needed:
                found.setdefault((_name(value.get_node()), value.get_index()), (value, []))[1].append(edge)
    return list(found.values())


def _quantises_what_is(needed: set[str], op: ov.Node) -> bool:
    """Done by the first half though only the second asks: what crosses over is then a byte a value."""
    return gives_integers(op) and _name(op.input_value(0).get_node()) in needed


def _moving(graph: ov.Model) -> set[str]:
    """The operations whose values differ between frames; the rest, weights and scales, stays in both."""
    found: set[str] = set()
    for op in graph.get_ordered_ops():
        fed = any(_name(one.get_source_output().get_node()) in found for one in op.inputs())
        if fed or op.get_type_name() == "Parameter":
            found.add(_name(op))
    return found


def _ancestors(last: ov.Node) -> list[ov.Node]:
    """An operation and all that it needs, in the order in which they are met."""
    seen: dict[str, ov.Node] = {}
    open_ends = [last]
    while open_ends:
        op = open_ends.pop()
        if _name(op) not in seen:
            seen[_name(op)] = op
            open_ends += [one.get_source_output().get_node() for one in op.inputs()]
    return list(seen.values())


def _names(operations: Iterable[ov.Node]) -> set[str]:
    return {_name(op) for op in operations}


def _name(op: ov.Node) -> str:
    """Unique within a graph."""
    name: str = op.get_name()
    return name
