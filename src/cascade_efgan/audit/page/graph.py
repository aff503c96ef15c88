"""The DAG of a run as a picture: rules in layers, drawn as SVG without any other program."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from statistics import fmean

import networkx as nx  # type: ignore[import-untyped]
import numpy as np
from scipy.optimize import isotonic_regression

from cascade_efgan.audit.provenance import Job, Provenance

#: Pixels.
NODE_HEIGHT = 46
GAP_X, GAP_Y = 16, 38
MARGIN = 8


@dataclass(eq=False)
class Node:
    """A rule, or a bend of an arrow over several layers.

    Attributes:
        name: the rule; empty for a bend.
        layer: counted from the raw data.
        x: centre, pixels.
        near: its neighbours in the layer above, and those in the layer below.
    """

    name: str
    layer: int
    jobs: list[Job] = field(default_factory=list)
    x: float = 0.0
    near: tuple[list["Node"], list["Node"]] = field(default_factory=lambda: ([], []))

    @property
    def y(self) -> int:
        """Upper edge, pixels."""
        return MARGIN + self.layer * (NODE_HEIGHT + GAP_Y)

    @property
    def width(self) -> int:
        """Pixels: the name in a monospaced font of 11.5 pixels, or the line below it; a bend takes little room."""
        return max(118, round(7.0 * len(self.name)) + 20) if self.name else 10

    @property
    def seconds(self) -> float:
        """Run time of all its jobs."""
        return sum(job.seconds for job in self.jobs)


@dataclass(frozen=True)
class Picture:
    """The graph, laid out.

    Attributes:
        arrows: SVG path data, with the names of the rules at both ends.
        width: pixels.
        height: pixels.
    """

    nodes: list[Node]
    arrows: list[tuple[str, str, str]]
    width: int
    height: int


def draw_graph(record: Provenance) -> Picture:
    """Lay the rules of a run out, raw data above, tables below; an arrow that a longer way implies is left out."""
    jobs: dict[str, list[Job]] = defaultdict(list)
    for job in record.jobs:
        jobs[job.rule].append(job)
    read = ((record.maker.get(path), job) for job in record.jobs for path in job.inputs)
    rules = nx.DiGraph((maker.rule, job.rule) for maker, job in read if maker is not None and maker.rule != job.rule)
    rules.add_nodes_from(jobs)
    # A rule stands one layer below the lowest that it reads from.
    layer = {name: number for number, names in enumerate(nx.topological_generations(rules)) for name in names}
    nodes = {name: Node(name, layer[name], jobs[name]) for name in jobs}
    chains = [_chain(nodes[start], nodes[end]) for start, end in sorted(nx.transitive_reduction(rules).edges)]
    layers: list[list[Node]] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    for node in [*nodes.values(), *(bend for chain in chains for bend in chain[1:-1])]:
        layers[node.layer].append(node)
    for upper, lower in (pair for chain in chains for pair in pairwise(chain)):
        lower.near[0].append(upper)
        upper.near[1].append(lower)
    _order(layers)
    width = _place(layers)
    height = len(layers) * (NODE_HEIGHT + GAP_Y) - GAP_Y + 2 * MARGIN
    return Picture(
        list(nodes.values()), [(_path(chain), chain[0].name, chain[-1].name) for chain in chains], width, height
    )


def _chain(start: Node, end: Node) -> list[Node]:
    return [start, *(Node("", number) for number in range(start.layer + 1, end.layer)), end]


def _order(layers: Sequence[list[Node]]) -> None:
    """Sort each layer by the middle of its neighbours, downwards and upwards in turn, to avoid crossings."""
    for sweep in range(12):
        for layer in layers[:: -1 if sweep % 2 else 1]:
            place = {node: number for nodes in layers for number, node in enumerate(nodes)}
            order = {node: fmean(place[one] for one in node.near[sweep % 2] or [node]) for node in layer}
            layer.sort(key=order.__getitem__)


def _place(layers: Sequence[list[Node]]) -> int:
    """Give every node its place: near its neighbours' middle, without overlap; gives back the width."""
    for layer in layers:
        for node, x in zip(layer, _closest(layer), strict=True):
            node.x = x
    for sweep in range(24):
        for layer in layers[:: -1 if sweep % 2 else 1]:
            least = np.array(_closest(layer))
            wanted = [fmean(one.x for one in node.near[sweep % 2] or [node]) for node in layer]
            # What is beyond the closest places may not fall from left to right: then no two nodes overlap.
            for node, x in zip(layer, isotonic_regression(wanted - least).x + least, strict=True):
                node.x = float(x)
    everyone = [node for layer in layers for node in layer]
    left = min(node.x - node.width / 2 for node in everyone) - MARGIN
    for node in everyone:
        node.x -= left
    return round(max(node.x + node.width / 2 for node in everyone)) + MARGIN


def _closest(nodes: Sequence[Node]) -> list[float]:
    """Centres of nodes of a layer that stand as close as they may, from left to right."""
    steps = ((one.width + other.width) / 2 + GAP_X for one, other in pairwise(nodes))
    return list(accumulate(steps, initial=nodes[0].width / 2))


def _path(chain: Sequence[Node]) -> str:
    """A smooth line from the lower edge of the first node to the upper edge of the last, by way of the bends."""
    x, y = chain[0].x, chain[0].y + NODE_HEIGHT
    parts = [f"M{x:.0f} {y:.0f}"]
    for node in chain[1:]:
        middle = (y + node.y) / 2
        parts.append(f"C{x:.0f} {middle:.0f} {node.x:.0f} {middle:.0f} {node.x:.0f} {node.y:.0f}")
        x, y = node.x, node.y
        if not node.name:
            y += NODE_HEIGHT
            parts.append(f"V{y:.0f}")
    return "".join(parts)
