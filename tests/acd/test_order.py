"""Which of several waiting calls a freed agent is offered: the one documented order."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cti.acd import effects as out
from cti.acd.model import Elsewhere, Leave, Overflow, Plan, QueuePlan
from cti.ids import AgentId, QueueId
from tests.acd.world import Hotline, agent, cases, needs, plan, queue, step


def hotline(*queues: QueuePlan, **options: Any) -> Hotline:
    """One agent, whose phone is registered, but who has not signed in."""
    line = Hotline(plan(queues or [queue("service")], [agent("wang", wrap_up=0.0)], **options))
    line.phone_comes("wang")
    return line


def served(line: Hotline) -> list[str]:
    """Whom wang serves, one after the other."""
    order = []
    line.signs_in("wang")
    while line.offered():
        [(call, _)] = line.offered()
        order.append(call)
        line.answers("wang")
        line.releases(call)
    return order


def test_first_come_is_first_served() -> None:
    line = hotline()
    for id_ in ("c1", "c2", "c3"):
        line.calls(id_)
        line.wait(1)
    assert served(line) == ["c1", "c2", "c3"]


def test_of_calls_at_the_same_moment_the_one_that_was_told_of_first_is_first() -> None:
    line = hotline()
    for id_ in ("c9", "c1", "c5"):
        line.calls(id_)
    assert served(line) == ["c9", "c1", "c5"]


def test_an_agent_of_two_queues_serves_who_has_waited_longest_in_either() -> None:
    line = hotline(queue("service"), queue("orders"))
    line.calls("c1", "orders")
    line.wait(1)
    line.calls("c2", "service")
    line.wait(1)
    line.calls("c3", "orders")
    assert served(line) == ["c1", "c2", "c3"]


def test_a_call_of_a_queue_with_more_priority_goes_first() -> None:
    line = hotline(queue("service"), queue("complaints", priority=1))
    line.calls("c1", "service")
    line.calls("c2", "complaints")
    assert served(line) == ["c2", "c1"]


def test_a_point_of_priority_weighs_as_much_as_the_ageing_time() -> None:
    line = hotline(queue("service"), queue("complaints", priority=1), ageing=60.0)
    line.calls("c1", "service")
    line.wait(59)
    line.calls("c2", "complaints")
    line.wait(1)
    line.calls("c3", "complaints")
    line.wait(1)
    line.calls("c4", "complaints")
    assert served(line) == ["c2", "c1", "c3", "c4"]


def test_two_points_weigh_twice_as_much() -> None:
    line = hotline(queue("service"), queue("complaints", priority=2), ageing=30.0)
    line.calls("c1", "service")
    line.wait(59)
    line.calls("c2", "complaints")
    line.wait(2)
    line.calls("c3", "complaints")
    assert served(line) == ["c2", "c1", "c3"]


def test_a_vip_has_points_in_addition() -> None:
    line = hotline(queue("service", priority=1), queue("complaints", priority=3), ageing=60.0, vip=3)
    line.calls("c1", "service")
    line.wait(1)
    line.calls("c2", "complaints")
    line.wait(1)
    line.calls("c3", "service", vip=True)
    assert served(line) == ["c3", "c2", "c1"]


def test_a_vip_is_not_preferred_for_ever() -> None:
    line = hotline(ageing=60.0, vip=3)
    line.calls("c1")
    line.wait(181)
    line.calls("c2", vip=True)
    assert served(line) == ["c1", "c2"]


def test_a_preferred_queue_goes_before_older_calls_of_others() -> None:
    people = [agent("wang", wrap_up=0.0, prefers=frozenset({QueueId("orders")}))]
    line = Hotline(plan([queue("service", priority=9), queue("orders")], people))
    line.phone_comes("wang")
    line.calls("c1", "service")
    line.wait(600)
    line.calls("c2", "orders")
    line.calls("c3", "orders")
    assert served(line) == ["c2", "c3", "c1"]


def test_what_one_agent_prefers_does_not_keep_another_from_the_first_call() -> None:
    people = [agent("wang", prefers=frozenset({QueueId("orders")})), agent("li")]
    line = Hotline(plan([queue("service"), queue("orders")], people))
    line.calls("c1", "service")
    line.calls("c2", "orders")
    line.ready("li")
    assert line.offered() == [("c1", "li")]


def test_a_call_that_the_agent_lacks_the_skill_for_is_left_to_others() -> None:
    people = [agent("wang", skills=needs(orders=5)), agent("li", skills=needs(repair=5))]
    line = Hotline(plan([queue("service", step(repair=1)), queue("orders", step(orders=1))], people))
    line.calls("c1", "service")
    line.wait(100)
    line.calls("c2", "orders")
    line.ready("wang")
    assert line.offered() == [("c2", "wang")]
    line.ready("li")
    assert line.offered() == [("c1", "li")]


def test_a_moved_call_keeps_what_its_whole_wait_has_earned() -> None:
    line = hotline(queue("service"), queue("orders"))
    line.calls("c1", "service")
    line.wait(10)
    line.calls("c2", "orders")
    line.moves("c1", "orders")
    assert line.happened() == ["c1 leaves service after 10 s: moved", "c1 enters orders at 1"]
    assert served(line) == ["c1", "c2"]


def test_a_moved_call_has_the_priority_of_its_new_queue() -> None:
    line = hotline(queue("service"), queue("complaints", priority=2), ageing=10.0)
    line.calls("c1", "service")
    line.calls("c2", "service")
    line.moves("c2", "complaints")
    assert served(line) == ["c2", "c1"]


def test_a_moved_call_counts_its_wait_in_each_queue_by_itself() -> None:
    line = hotline(queue("service"), queue("orders"))
    line.calls("c1", "service")
    line.wait(10)
    line.moves("c1", "orders")
    line.wait(3)
    line.hangs_up("c1")
    assert line.happened() == ["c1 leaves orders after 3 s: abandoned"]


def test_a_call_that_an_agent_passes_on_asks_anew() -> None:
    line = hotline(queue("service"), queue("orders"))
    line.signs_in("wang")
    line.talks("c1", "wang")
    line.wait(30)
    line.calls("c2", "orders")
    line.wait(5)
    line.calls("c1", "orders")
    assert line.happened() == [
        "wang is available idle, 35 s later",
        "c1 enters orders at 2",
        "offer 2: c2 of orders rings wang until 55",
        "wang is available offered, 0 s later",
    ]


def test_the_position_is_the_place_in_the_order_of_the_queue() -> None:
    line = hotline(queue("service"), queue("orders"))
    line.calls("c1")
    line.calls("other", "orders")
    line.wait(1)
    line.calls("c2")
    line.wait(1)
    line.calls("c3", vip=True)
    entered = [e for e in line.story if isinstance(e, out.EntryOpened)]
    assert [(e.call, e.position) for e in entered] == [("c1", 1), ("other", 1), ("c2", 2), ("c3", 1)]


def test_a_call_that_rings_still_counts_in_the_queue() -> None:
    line = hotline()
    line.signs_in("wang")
    line.calls("c1")
    line.calls("c2")
    assert line.happened() == ["c2 enters service at 2"]


def test_a_limit_of_one_queue_is_not_reached_by_calls_of_another() -> None:
    full = Overflow(Leave(Elsewhere.HANGUP), "queues.yaml:9", waiting_over=1)
    line = hotline(queue("service", overflow=(full,)), queue("orders"))
    line.calls("c1", "orders")
    line.calls("c2", "orders")
    line.calls("c3", "service")
    assert line.happened() == ["c3 enters service at 1"]
    line.calls("c4", "service")
    assert line.happened() == [
        "c4 enters service at 2",
        "c4 leaves service after 0 s: queue_full [queues.yaml:9]",
        "c4 goes to hangup [queues.yaml:9]",
    ]


# Against a plain look at every waiting call

QUEUES = [
    queue("service", step(repair=3), step(30, repair=1)),
    queue("orders", step(orders=2), priority=1),
    queue("complaints", step(complaint=1), step(10), step(40, repair=1), priority=3),
    queue("everything", step()),
    queue("sticky", step(), sticky=50.0),
]

AGENTS = [
    agent("wang", skills=needs(repair=3, orders=1), prefers=frozenset({QueueId("everything")})),
    agent("li", skills=needs(repair=1, complaint=4)),
    agent("zhang", skills=needs(orders=5), prefers=frozenset({QueueId("complaints"), QueueId("orders")})),
    agent("chen", skills=needs(orders=2, repair=2, complaint=1)),
    agent("zhao"),
]


def first(the_plan: Plan, id_: AgentId, waiting: list[dict[str, Any]], now: float) -> str | None:
    """One look at every call: which of those that the agent may have comes first."""
    person = the_plan.agents[id_]

    def may_have(call: dict[str, Any]) -> bool:
        the_queue: QueuePlan = the_plan.queues[call["queue"]]
        if call["last_agent"] in the_plan.agents and now < call["at"] + the_queue.sticky and call["held"]:
            return bool(call["last_agent"] == id_)
        reached = [s for s in the_queue.steps if s.after <= now - call["at"]]
        return any(all(person.skills.get(skill, 0) >= least for skill, least in s.needs.items()) for s in reached)

    def key(call: dict[str, Any]) -> tuple[bool, float, int]:
        points = the_plan.queues[call["queue"]].priority + the_plan.vip * call["vip"]
        return (call["queue"] not in person.prefers, call["at"] - points * the_plan.ageing, call["number"])

    return min(filter(may_have, waiting), key=key, default={"id": None})["id"]


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from(QUEUES), st.booleans(), st.sampled_from(AGENTS)), max_size=25
    ),
    st.permutations(AGENTS),
    st.integers(0, 40),
    st.booleans(),
)
@settings(max_examples=cases(500, nightly=20_000))
def test_a_freed_agent_gets_what_a_look_at_every_waiting_call_finds(
    arrivals: list[Any], order: list[Any], pause: int, busy: bool
) -> None:
    """Calls come while nobody can take one: all agents are away or, so that calls are held for them, on calls."""
    the_plan = plan(QUEUES, AGENTS, ageing=20.0, vip=2)
    line = Hotline(the_plan)
    for person in AGENTS:
        line.ready(person.id)
        if busy:
            line.takes_own_call(person.id, f"own-{person.id}")
        else:
            line.goes_on_break(person.id)
    waiting = []
    for number, (seconds, asked, vip, last_agent) in enumerate(arrivals):
        line.wait(seconds)
        line.calls(f"c{number}", asked.id, vip=vip, last_agent=last_agent.id)
        call = {"id": f"c{number}", "queue": asked.id, "at": line.now, "number": number, "vip": vip}
        waiting.append(call | {"last_agent": last_agent.id, "held": busy})
    line.wait(pause)
    for person in order:
        expected = first(the_plan, person.id, waiting, line.now)
        if busy:
            line.releases(f"own-{person.id}")
            line.finishes(person.id)
        else:
            line.signs_in(person.id)
        assert line.offered() == ([] if expected is None else [(expected, person.id)])
        waiting = [call for call in waiting if call["id"] != expected]
