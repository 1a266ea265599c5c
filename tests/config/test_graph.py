"""Circles in graphs, and ways through flows."""

from hypothesis import given
from hypothesis import strategies as st

from cti.config.graph import circle, cycle, is_silent, walked, way_to
from cti.ivr.steps import Flow

NODES = "abcdefg"
GRAPHS = st.dictionaries(st.sampled_from(NODES), st.lists(st.sampled_from(NODES), max_size=4))


def reaches(graph: dict[str, list[str]], start: str, goal: str) -> bool:
    """Whether some way of at least one step leads there."""
    seen: set[str] = set()
    waiting = list(graph.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += graph.get(name, ())
    return goal in seen


@given(GRAPHS)
def test_a_circle_is_found_exactly_where_there_is_one(graph: dict[str, list[str]]) -> None:
    found = cycle(graph)
    assert bool(found) == any(reaches(graph, name, name) for name in graph)
    for here, there in zip(found, [*found[1:], *found[:1]], strict=True):
        assert there in graph[here]
    assert len(set(found)) == len(found)


def test_a_long_way_is_no_matter_of_depth() -> None:
    graph = {str(number): [str(number + 1)] for number in range(100_000)}
    assert cycle(graph) == []
    graph["100000"] = ["99999"]
    assert cycle(graph) == ["99999", "100000"]


FLOW = Flow.model_validate(
    {
        "flow": "service",
        "start": "menu",
        "steps": {
            "menu": {"menu": "一", "keys": {"1": "again", "0": "person"}, "otherwise": "person"},
            "again": {"goto": "menu"},
            "person": {"queue": "service", "then": "bye"},
            "bye": {"play": "再见。", "then": "hangup"},
            "lost": {"play": "。一", "then": "hangup"},
        },
    }
)


def test_all_that_a_caller_can_come_to() -> None:
    found = walked(FLOW, "menu", lambda name, edge: True)
    assert list(found) == ["menu", "again", "person", "bye"]
    assert way_to("bye", found) == ["menu", "person", "bye"]
    assert walked(FLOW, "hangup", lambda name, edge: True) == {}


def test_what_a_silent_caller_comes_to() -> None:
    assert list(walked(FLOW, "menu", is_silent)) == ["menu", "person", "bye"]


def test_pressing_a_key_again_and_again_is_the_callers_own_choice() -> None:
    assert circle(FLOW, is_silent) == []
    assert circle(FLOW, lambda name, edge: True) == ["menu", "again"]
