"""The proof that every flow ends, at every hour of the coming 400 days."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from cti.config.check import Checked
from cti.config.proof import Proof, calendars_of
from cti.ivr.steps import Flow
from tests.config.files import TODAY, checked, small

# A circle that needs both: the day desk closed, and the night desk open.
BETWEEN = """\
flow: after_hours
start: day
steps:
  day: {hours: desk, open: bye, closed: night}
  night: {hours: night, open: wait, closed: bye}
  wait: {play: "请稍候。", then: day}
  bye: {hangup: true}
"""


def with_night_desk(folder: Path, weekly: str, today: date = TODAY) -> Checked:
    small(folder)
    (folder / "ivr_flows" / "after_hours.yaml").write_text(BETWEEN, "utf-8")
    with (folder / "routing" / "hours.yaml").open("a") as file:
        file.write(f"  night:\n    weekly:\n{weekly}")
    return checked(folder, today)


def endless(found: Checked) -> list[str]:
    return [finding.what for finding in found.errors if "does not end" in finding.what]


def test_a_circle_that_only_some_hours_close_is_found_with_an_hour(tmp_path: Path) -> None:
    found = with_night_desk(tmp_path, '      mon-fri: ["09:00-12:00"]\n      sat: ["20:00-22:00"]\n')
    assert endless(found) == [
        "the flow does not end for a caller who keys nothing, for example 2026-11-28 20:00: day -> night -> wait -> day"
    ]
    assert [str(finding.place) for finding in found.errors] == ["ivr_flows/after_hours.yaml:4:3"]


def test_a_circle_that_no_hour_of_the_coming_days_closes_is_none(tmp_path: Path) -> None:
    """The night desk is only open while the day desk is."""
    found = with_night_desk(tmp_path, '      mon-fri: ["10:00-12:00"]\n')
    assert endless(found) == []
    assert found.proof.combinations == 2 + 3 + 1  # service: open, closed; after_hours: neither, one, both; survey


def test_an_hour_that_comes_only_once_is_found(tmp_path: Path) -> None:
    once = '      mon-fri: ["10:00-12:00"]\n    exceptions: {2027-12-25: ["03:00-03:01"]}\n'
    assert ["2027-12-25 03:00" in what for what in endless(with_night_desk(tmp_path, once))] == [True]


@pytest.mark.parametrize(("days", "found"), [(400, True), (401, False)])
def test_400_days_are_looked_at_and_no_more(tmp_path: Path, days: int, found: bool) -> None:
    day = TODAY + timedelta(days=days)
    once = f'      mon-fri: ["10:00-12:00"]\n    exceptions: {{{day}: ["20:00-24:00"]}}\n'
    assert bool(endless(with_night_desk(tmp_path, once))) is found


def test_the_hour_before_the_first_day_is_not_looked_at(tmp_path: Path) -> None:
    once = '      mon-fri: ["10:00-12:00"]\n    exceptions: {2026-11-23: ["20:00-24:00"]}\n'
    assert endless(with_night_desk(tmp_path, once)) == []


def test_flows_behind_a_survey_and_an_overflow_are_proved_as_well(tmp_path: Path) -> None:
    changes = {
        "ivr_flows/satisfaction.yaml": ("then: hangup", "then: question"),
        "ivr_flows/after_hours.yaml": ("otherwise: hangup", "otherwise: excuse"),
    }
    small(tmp_path, changes)
    assert [str(finding.place) for finding in checked(tmp_path).errors] == [
        "ivr_flows/after_hours.yaml:4:3",
        "ivr_flows/satisfaction.yaml:4:3",
    ]


def test_a_flow_that_is_wrong_in_itself_is_not_counted_as_proved(tmp_path: Path) -> None:
    small(tmp_path, {"ivr_flows/after_hours.yaml": ("otherwise: hangup", "otherwse: hangup")})
    found = checked(tmp_path)
    assert found.proof == Proof(TODAY, date(2027, 12, 29), flows=2, combinations=3, instants=576)


def test_only_calendars_that_decide_the_way_are_followed() -> None:
    steps = {
        "a": {"hours": "day", "open": "b", "closed": "b"},
        "b": {"say_hours": "night", "then": "c"},
        "c": {"hours": "day", "open": "hangup", "closed": "hangup"},
    }
    assert list(calendars_of(Flow.model_validate({"flow": "x", "start": "a", "steps": steps}))) == ["day"]
