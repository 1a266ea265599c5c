"""What the demo makes of the files: which hours, whose phones, which ways through the menus."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from cti.cli.demo import NoDemo, closed_desk, look_with_own_hours, open_now, serve, simulated_agents, ways_of
from cti.config.check import load_routing
from cti.config.routing import Routing
from cti.config.settings import AgentSecrets, Settings, SoftSwitch
from cti.demo.customers import End

PROJECT = Path(__file__).parents[2]
NIGHT = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
"""Four in the morning in Shanghai."""
NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def example() -> Routing:
    return load_routing(PROJECT / "routing", PROJECT / "ivr_flows", date(2026, 11, 24))


@pytest.mark.parametrize("now", [NIGHT, NOON])
def test_every_desk_is_open_but_that_of_the_last_hotline(example: Routing, now: datetime) -> None:
    routing = open_now(example, now)
    assert closed_desk(routing) == "complaint_desk"
    assert {name: routing.calendars.is_open(name, now) for name in routing.calendars} == {
        "order_desk": True,
        "service_desk": True,
        "complaint_desk": False,
    }


def test_the_closed_desk_says_when_it_opens_next(example: Routing) -> None:
    opening = open_now(example, NOON).calendars.next_opening("complaint_desk", NOON)
    assert opening is not None
    assert opening.strftime("%Y-%m-%d %H:%M") == "2026-11-27 09:00"


def test_files_that_are_read_again_get_the_same_hours() -> None:
    checked = look_with_own_hours(PROJECT / "routing", PROJECT / "ivr_flows", date(2026, 11, 24))
    assert checked.routing is not None
    now = datetime.now(UTC)
    calendars = checked.routing.calendars
    assert [calendars.is_open(name, now) for name in ("order_desk", "service_desk", "complaint_desk")] == [
        True,
        True,
        False,
    ]


def test_customers_know_every_way_through_the_menus(example: Routing) -> None:
    routing = open_now(example, NIGHT)
    assert {(way.number, " ".join(way.keys), way.end) for way in ways_of(routing, NIGHT)} == {
        ("8008208208", "1", End.PERSON),
        ("8008208208", "2 202611#", End.PERSON),  # the parcel's number; no web server answers
        ("8008208208", "3", End.PERSON),
        ("8008208208", "4", End.PERSON),
        ("8008208208", "0", End.PERSON),
        ("4008008008", "1", End.PERSON),
        ("4008008008", "2", End.PERSON),
        ("4008008008", "3", End.PERSON),
        ("4008008008", "4", End.PERSON),
        ("4008008008", "9", End.PERSON),
        ("4008008008", "0", End.PERSON),
        ("02150001234", "1", End.MESSAGE),
        ("02150001234", "2", End.CALLBACK),
    }


def test_nobody_calls_the_engineer_on_duty(example: Routing) -> None:
    assert not example.calendars.is_open("service_desk", NIGHT)
    ends = {way.keys: way.end for way in ways_of(example, NIGHT) if way.number == "4008008008"}
    assert ends == {("1",): End.MESSAGE, ("2",): End.CALLBACK}


def test_a_hotline_is_called_as_often_as_its_place_says(example: Routing) -> None:
    totals: dict[str, float] = {}
    for way in ways_of(open_now(example, NIGHT), NIGHT):
        totals[way.number] = totals.get(way.number, 0) + way.weight
    assert {number: round(total, 3) for number, total in totals.items()} == {
        "8008208208": 1.0,
        "4008008008": 0.75,
        "02150001234": 0.2,
    }


def test_the_first_agents_phone_is_left_to_whoever_watches(example: Routing) -> None:
    settings = Settings(
        agents=AgentSecrets(passwords={str(agent): SecretStr(f"pw-{agent}") for agent in range(1001, 1012)})
    )
    agents, free = simulated_agents(settings, example)
    assert free == "1001"
    assert list(agents.items())[:2] == [("1002", "pw-1002"), ("1003", "pw-1003")]
    assert len(agents) == 10


def test_with_two_agents_both_are_simulated(example: Routing) -> None:
    settings = Settings(agents=AgentSecrets(passwords={"1001": SecretStr("a"), "1002": SecretStr("b")}))
    assert simulated_agents(settings, example) == ({"1001": "a", "1002": "b"}, None)


def test_the_demo_calls_no_real_switch() -> None:
    with pytest.raises(NoDemo, match=r"the demo calls the embedded softswitch only. Set softswitch.enabled to true"):
        serve(Settings(softswitch=SoftSwitch(enabled=False)), 1)
