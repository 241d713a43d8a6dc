"""Stride, receptive field and offset of a network's last feature map, read off its layers."""

from typing import Any

import torch
from torch import fx, nn

from deepminer_ray.units.receptive_field import Geometry

Span = tuple[int, float, float]
"""Stride in px, and the first and the last px that cell 0 sees."""

PIXEL: Span = (1, 0.0, 0.0)


def geometry(features: nn.Module) -> Geometry:
    """Follow every path of the layers from image to response map; branches that pool globally are left out."""
    graph = fx.symbolic_trace(features)
    layers = dict(graph.named_modules())
    spans: dict[fx.Node, Span | None] = {}
    for node in graph.graph.nodes:
        arriving = [spans[source] for source in node.all_input_nodes if spans.get(source) is not None]
        spans[node] = PIXEL if node.op == "placeholder" else _widest(arriving)
        if node.op == "call_module" and spans[node] is not None:
            spans[node] = _through(layers[str(node.target)], spans[node])
        if node.op == "output":
            stride, first, last = spans[node] or PIXEL
            return Geometry(stride, round(last - first) + 1, (first + last) / 2)
    raise AssertionError("a traced network always ends in an output")


def _widest(spans: list[Any]) -> Span | None:
    if not spans:
        return None
    return max(span[0] for span in spans), min(span[1] for span in spans), max(span[2] for span in spans)


def _through(layer: nn.Module, span: Span | None) -> Span | None:
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        return None
    if span is None or not isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
        return span
    stride, first, last = span
    reach = _one(getattr(layer, "dilation", 1)) * (_one(layer.kernel_size) - 1)
    padding = _one(layer.padding)
    return stride * _one(layer.stride), first - padding * stride, last + (reach - padding) * stride


def _one(value: Any) -> int:
    return int(value[0] if isinstance(value, tuple) else value)


def map_size(network: nn.Module, height: int, width: int) -> tuple[int, int]:
    """Height and width in cells of the response map of an image of this size in px."""
    with torch.no_grad():
        shape = network(torch.zeros(1, 3, height, width)).shape
    return int(shape[2]), int(shape[3])
