"""Stride, receptive field and offset of a network's last feature map, read off its layers."""

from typing import Any

import torch
from torch import fx, nn

from deepminer_ray.errors import BadInput
from deepminer_ray.units.receptive_field import Geometry

Span = tuple[int, float, float]
"""Stride in px, and the first and the last px that cell 0 sees."""

PIXEL: Span = (1, 0.0, 0.0)

WINDOWS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
"""Layers whose cells see a window of the cells before them."""
POOLS_ALL = (nn.AdaptiveAvgPool2d,)
"""Layers that leave no map."""

LAYER = "features"
"""All of the features: the map that global average pooling and the linear layer follow."""


def geometry(features: nn.Module, layer: str = LAYER) -> Geometry:
    """Follow every path of the layers from image to response map; branches that pool globally are left out.

    BadInput where the layer answers with no map.
    """
    graph = fx.symbolic_trace(features)
    layers = dict(graph.named_modules())
    value = last_value(graph, layer)
    spans: dict[fx.Node, Span | None] = {}
    for node in graph.graph.nodes:
        arriving = [spans[source] for source in node.all_input_nodes if spans.get(source) is not None]
        spans[node] = PIXEL if node.op == "placeholder" else _widest(arriving)
        if node.op == "call_module" and spans[node] is not None:
            spans[node] = _through(layers[str(node.target)], spans[node])
        if node is value:
            break
    span = spans[value]
    if span is None:
        raise BadInput(f"The layer {layer} pools the whole image: it has no response map.")
    stride, first, last = span
    return Geometry(stride, round(last - first) + 1, (first + last) / 2)


def last_value(graph: fx.GraphModule, layer: str) -> fx.Node:
    """Where a layer, named as torch names it among the features, computes its last value; BadInput where it is none."""
    nodes: list[fx.Node] = list(graph.graph.nodes)
    if layer == LAYER:
        return next(node for node in nodes if node.op == "output")
    inside = [node for node in nodes if layer in _around(node)]
    if not inside:
        raise BadInput(f"The network has no layer {layer}: {_layers(nodes)}, or {LAYER} for the last.")
    return inside[-1]


def _around(node: fx.Node) -> list[str]:
    """The modules a value is computed in, outermost first; torch keys a module's second call `name@1`."""
    return [name for name, _ in node.meta.get("nn_module_stack", {}).values()]


def _layers(nodes: list[fx.Node]) -> str:
    """The names of the outermost layers, one level further down where there is only one."""
    names = [_around(node) for node in nodes]
    for level in range(3):
        outer = list(dict.fromkeys(stack[level] for stack in names if len(stack) > level))
        if len(outer) > 2:
            break
    return f"use {', '.join(outer)} or a layer inside them"


class LayerAndLast(nn.Module):
    """The maps of a layer and those of all the features, from one pass."""

    def __init__(self, features: nn.Module, layer: str):
        super().__init__()
        self.graph = fx.symbolic_trace(features)
        nodes = self.graph.graph
        value = last_value(self.graph, layer)
        with nodes.inserting_after(value):
            # what follows may write into the same memory: ReLU and the sum of a residual block do
            kept = nodes.call_method("clone", (value,))
        end = next(node for node in nodes.nodes if node.op == "output")
        end.args = ((kept, end.args[0]),)
        self.graph.recompile()

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Maps of the layer and of the features [n, units, h, w]."""
        maps, last = self.graph(image)
        return maps, last


def _widest(spans: list[Any]) -> Span | None:
    if not spans:
        return None
    return max(span[0] for span in spans), min(span[1] for span in spans), max(span[2] for span in spans)


def _through(layer: nn.Module, span: Span | None) -> Span | None:
    if isinstance(layer, POOLS_ALL):
        return None
    if span is None or not isinstance(layer, WINDOWS):
        return span
    stride, first, last = span
    reach = _one(getattr(layer, "dilation", 1)) * (_one(layer.kernel_size) - 1)
    padding = _one(layer.padding)
    return stride * _one(layer.stride), first - padding * stride, last + (reach - padding) * stride


def _one(value: Any) -> int:
    return int(value[0] if isinstance(value, tuple) else value)


def map_shape(features: nn.Module, layer: str, rows: int, columns: int) -> tuple[int, int, int]:
    """Units, height and width in cells of a layer's response maps of a patch; BadInput where it answers with none."""
    module = features if layer == LAYER else LayerAndLast(features, layer)
    with torch.no_grad():
        answered = module(torch.zeros(1, 3, rows, columns))
    maps = answered if layer == LAYER else answered[0]
    if not isinstance(maps, torch.Tensor) or maps.ndim != 4:
        raise BadInput(f"The layer {layer} answers with no response maps: use a layer around it.")
    units, height, width = maps.shape[1:]
    return units, height, width
