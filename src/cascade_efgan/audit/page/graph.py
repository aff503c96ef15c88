"""The DAG of a run as a picture: rules in layers, drawn as SVG without any other program."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from statistics import fmean

import networkx as nx  # type: ignore[import-untyped]
import numpy as np
from scipy.optimize import isotonic_regression

from cascade_efgan.audit.provenance import Job, Provenance

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
        y: upper edge, pixels.
    """

    name: str
    layer: int
    jobs: list[Job] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0

    @property
    def width(self) -> int:
        """Pixels: the name in a monospaced font of 11.5 pixels, or the line below it; a bend takes little room."""
        return max(118, round(7.0 * len(self.name)) + 20) if self.name else 10

    @property
    def seconds(self) -> float:
        """Run time of all its jobs."""
        return sum(job.seconds for job in self.jobs)


Neighbours = dict[Node, list[Node]]


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


def rule_edges(record: Provenance) -> set[tuple[str, str]]:
    """Which rule reads what which other rule wrote."""
    makers = [(record.maker.get(path), job) for job in record.jobs for path in job.inputs]
    return {(maker.rule, job.rule) for maker, job in makers if maker is not None and maker.rule != job.rule}


def draw_graph(record: Provenance) -> Picture:
    """Lay the rules of a run out, raw data above, tables below; an arrow that a longer way implies is left out."""
    jobs: dict[str, list[Job]] = defaultdict(list)
    for job in record.jobs:
        jobs[job.rule].append(job)
    rules = nx.DiGraph(rule_edges(record))
    rules.add_nodes_from(jobs)
    # A rule stands one layer below the lowest that it reads from.
    layer = {name: number for number, names in enumerate(nx.topological_generations(rules)) for name in names}
    nodes = {name: Node(name, layer[name], jobs[name]) for name in jobs}
    chains = [_chain(nodes[start], nodes[end]) for start, end in sorted(nx.transitive_reduction(rules).edges)]
    layers: dict[int, list[Node]] = defaultdict(list)
    for node in [*nodes.values(), *(bend for chain in chains for bend in chain[1:-1])]:
        layers[node.layer].append(node)
    # Of every node its neighbours in the layer above, and those in the layer below.
    near: tuple[Neighbours, Neighbours] = (defaultdict(list), defaultdict(list))
    for upper, lower in (pair for chain in chains for pair in pairwise(chain)):
        near[0][lower].append(upper)
        near[1][upper].append(lower)
    _order(layers, near)
    width = _place(layers, near)
    height = (max(layers, default=0) + 1) * (NODE_HEIGHT + GAP_Y) - GAP_Y + 2 * MARGIN
    return Picture(
        list(nodes.values()), [(_path(chain), chain[0].name, chain[-1].name) for chain in chains], width, height
    )


def _chain(start: Node, end: Node) -> list[Node]:
    return [start, *(Node("", number) for number in range(start.layer + 1, end.layer)), end]


def _order(layers: dict[int, list[Node]], near: tuple[Neighbours, Neighbours]) -> None:
    """Sort each layer by the middle of its neighbours, downwards and upwards in turn, to avoid crossings."""
    for sweep in range(12):
        for number in sorted(layers, reverse=sweep % 2 == 1):
            place = {node: n for other in layers.values() for n, node in enumerate(other)}
            order = {node: fmean(place[one] for one in near[sweep % 2][node] or [node]) for node in layers[number]}
            layers[number].sort(key=order.__getitem__)


def _place(layers: dict[int, list[Node]], near: tuple[Neighbours, Neighbours]) -> int:
    """Give every node its place: near its neighbours' middle, without overlap; gives back the width."""
    for number, nodes in layers.items():
        for node, place in zip(nodes, _closest(nodes), strict=True):
            node.x, node.y = place, MARGIN + number * (NODE_HEIGHT + GAP_Y)
    for sweep in range(24):
        for number in sorted(layers, reverse=sweep % 2 == 1):
            nodes, least = layers[number], np.array(_closest(layers[number]))
            wanted = [fmean(one.x for one in near[sweep % 2][node] or [node]) for node in nodes]
            # What is beyond the closest places may not fall from left to right: then no two nodes overlap.
            for node, x in zip(nodes, isotonic_regression(wanted - least).x + least, strict=True):
                node.x = float(x)
    everyone = [node for nodes in layers.values() for node in nodes]
    left = min(node.x - node.width / 2 for node in everyone) - MARGIN
    for node in everyone:
        node.x -= left
    return round(max(node.x + node.width / 2 for node in everyone)) + MARGIN


def _closest(nodes: list[Node]) -> list[float]:
    """Centres of nodes of a layer that stand as close as they may, from left to right."""
    steps = ((one.width + other.width) / 2 + GAP_X for one, other in pairwise(nodes))
    return list(accumulate(steps, initial=nodes[0].width / 2))


def _path(chain: list[Node]) -> str:
    """A smooth line from the lower edge of the first node to the upper edge of the last, by way of the bends."""
    x, y = chain[0].x, chain[0].y + NODE_HEIGHT
    parts = [f"M{x:.0f} {y:.0f}"]
    for node in chain[1:]:
        top = node.y
        parts.append(f"C{x:.0f} {(y + top) / 2:.0f} {node.x:.0f} {(y + top) / 2:.0f} {node.x:.0f} {top:.0f}")
        x, y = node.x, top
        if not node.name:
            y = node.y + NODE_HEIGHT
            parts.append(f"V{y:.0f}")
    return "".join(parts)
