"""The DAG of a run as a picture: rules in layers, drawn as SVG without any other program."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import networkx as nx  # type: ignore[import-untyped]

from cascade_efgan.audit.provenance import Job, Provenance

NODE_HEIGHT = 46
GAP_X, GAP_Y = 16, 38
MARGIN = 8


@dataclass
class Node:
    """A rule, or a bend of an arrow over several layers.

    Attributes:
        name: the rule; empty for a bend.
        layer: counted from the raw data.
        jobs: its jobs.
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


@dataclass(frozen=True)
class Picture:
    """The graph, laid out.

    Attributes:
        nodes: the rules.
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
    _order(layers, chains)
    width = _place(layers, chains)
    height = (max(layers, default=0) + 1) * (NODE_HEIGHT + GAP_Y) - GAP_Y + 2 * MARGIN
    return Picture(
        list(nodes.values()), [(_path(chain), chain[0].name, chain[-1].name) for chain in chains], width, height
    )


def _chain(start: Node, end: Node) -> list[Node]:
    return [start, *(Node("", number) for number in range(start.layer + 1, end.layer)), end]


def _order(layers: dict[int, list[Node]], chains: list[list[Node]]) -> None:
    """Sort each layer by the middle of its neighbours, downwards and upwards in turn, to avoid crossings."""
    above, below = _neighbours(chains)
    for sweep in range(12):
        down = sweep % 2 == 0
        for number in sorted(layers, reverse=not down):
            place = {id(node): n for other in layers.values() for n, node in enumerate(other)}
            near = above if down else below
            order = {
                id(node): (sum(place[id(one)] for one in near[id(node)]) / len(near[id(node)]))
                if near[id(node)]
                else place[id(node)]
                for node in layers[number]
            }
            layers[number].sort(key=lambda node: order[id(node)])


def _neighbours(chains: list[list[Node]]) -> tuple[dict[int, list[Node]], dict[int, list[Node]]]:
    above: dict[int, list[Node]] = defaultdict(list)
    below: dict[int, list[Node]] = defaultdict(list)
    for chain in chains:
        for upper, lower in pairwise(chain):
            above[id(lower)].append(upper)
            below[id(upper)].append(lower)
    return above, below


def _place(layers: dict[int, list[Node]], chains: list[list[Node]]) -> int:
    """Give every node its place: near its neighbours' middle, without overlap; gives back the width."""
    above, below = _neighbours(chains)
    for number, nodes in layers.items():
        x = 0.0
        for node in nodes:
            node.x, node.y = x + node.width / 2, MARGIN + number * (NODE_HEIGHT + GAP_Y)
            x += node.width + GAP_X
    for sweep in range(24):
        near = above if sweep % 2 == 0 else below
        for number in sorted(layers, reverse=sweep % 2 == 1):
            wanted = [
                sum(one.x for one in near[id(node)]) / len(near[id(node)]) if near[id(node)] else node.x
                for node in layers[number]
            ]
            _spread(layers[number], wanted)
    everyone = [node for nodes in layers.values() for node in nodes]
    left = min(node.x - node.width / 2 for node in everyone) - MARGIN
    for node in everyone:
        node.x -= left
    return round(max(node.x + node.width / 2 for node in everyone)) + MARGIN


def _spread(nodes: list[Node], wanted: list[float]) -> None:
    """Places as near to the wanted ones as the order and the gaps allow (neighbouring blocks share their error)."""
    blocks: list[tuple[float, list[Node], list[float]]] = []
    for node, want in zip(nodes, wanted, strict=True):
        block = (want, [node], [0.0])
        while blocks and _end(blocks[-1]) > block[0] + block[2][0] - block[1][0].width / 2 - GAP_X:
            start, members, offsets = blocks.pop()
            shift = offsets[-1] + members[-1].width / 2 + GAP_X + block[1][0].width / 2
            moved = [shift + offset for offset in block[2]]
            total = len(members) + len(block[1])
            middle = (start * len(members) + (block[0] - shift) * len(block[1])) / total
            block = (middle, members + block[1], offsets + moved)
        blocks.append(block)
    for start, members, offsets in blocks:
        for node, offset in zip(members, offsets, strict=True):
            node.x = start + offset


def _end(block: tuple[float, list[Node], list[float]]) -> float:
    return block[0] + block[2][-1] + block[1][-1].width / 2


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
