"""Ways through a flow, and circles in any graph."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from cti.ivr.steps import Edge, Flow

Follow = Callable[[str, Edge], bool]
"""Whether to follow an edge out of a step."""


def walked(flow: Flow, start: str, follow: Follow) -> dict[str, str]:
    """The steps that are reached from `start`, itself among them, each with the step that it is reached from first."""
    found = {start: ""} if start in flow.steps else {}
    waiting = list(found)
    for name in waiting:
        for edge in flow.steps[name].edges():
            if edge.target in flow.steps and edge.target not in found and follow(name, edge):
                found[edge.target] = name
                waiting.append(edge.target)
    return found


def way_to(name: str, found: Mapping[str, str]) -> list[str]:
    """The steps that lead to one that was found by `walked`, itself the last."""
    way = [name]
    while found[way[-1]]:
        way.append(found[way[-1]])
    return way[::-1]


def is_silent(name: str, edge: Edge) -> bool:
    """Whether a caller who keys nothing can take the edge."""
    return not edge.needs_caller


def circle(flow: Flow, follow: Follow) -> list[str]:
    """Steps that a call goes round in by these edges, of those that are reached from the start; empty for none."""
    found = walked(flow, flow.start, follow)
    return cycle(
        {
            name: [edge.target for edge in flow.steps[name].edges() if edge.target in found and follow(name, edge)]
            for name in found
        }
    )


def cycle(graph: Mapping[str, Sequence[str]]) -> list[str]:
    """The nodes of a circle in their order, each once; empty when the graph has none.

    The search goes by the order of the graph, so that the same files always give the same answer.
    """
    done: set[str] = set()
    for start in graph:
        way: dict[str, Iterator[str]] = {} if start in done else {start: iter(graph[start])}
        while way:
            name, following = next(reversed(way.items()))
            target = next((node for node in following if node not in done), None)
            if target is None:
                del way[name]
                done.add(name)
            elif target in way:
                nodes = list(way)
                return nodes[nodes.index(target) :]
            else:
                way[target] = iter(graph.get(target, ()))
    return []
