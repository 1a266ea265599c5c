"""`cti check`: the example and good sets pass, every bad set is told in the expected words."""

import time
from datetime import date
from pathlib import Path

import pytest

from benchmarks.check_files import write_files
from cti.config.check import check, load_routing
from cti.config.findings import ConfigError, report
from cti.config.proof import Proof
from cti.config.routing import static_prompts
from cti.ivr.prompts import Speech
from tests.config.bad import BAD, expected_cases
from tests.config.files import DATA, SMALL, TODAY, checked, overlay, small, standing_in

ROOT = Path(__file__).parents[2]

GOOD = sorted((DATA / "good").iterdir())
CASES = list(expected_cases(BAD / "routing"))


@pytest.mark.parametrize("folder", GOOD, ids=lambda path: path.name)
def test_nothing_is_found_in_a_good_set(folder: Path) -> None:
    assert report(check(folder / "routing", folder / "ivr_flows", TODAY).findings) == ""


@pytest.mark.parametrize(("case", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_bad_set_is_told_in_these_words(tmp_path: Path, case: Path, expected: str) -> None:
    overlay(small(tmp_path), case)
    assert report(checked(tmp_path).findings) == expected


def test_every_case_has_a_finding_and_only_errors_keep_it_from_being_used(tmp_path: Path) -> None:
    for name, case, expected in CASES:
        folder = tmp_path / name
        overlay(small(folder), case)
        found = checked(folder)
        assert expected, name
        assert (found.routing is None) == bool(found.errors), name


def test_the_example_is_right_but_for_holidays_that_nobody_has_announced() -> None:
    with standing_in(ROOT):
        found = check(Path("routing"), Path("ivr_flows"), TODAY)
    assert [str(finding.place) + "  " + finding.what for finding in found.findings] == [
        f"routing/hours.yaml:{line}:5  the holidays of CN for 2027 are not announced yet, or newer than our tables"
        for line in (26, 37)
    ]
    assert found.counts == (("hotlines", 3), ("queues", 5), ("agents", 11), ("flows", 5))


def test_the_example_has_no_finding_at_all_in_a_year_whose_holidays_are_known() -> None:
    found = check(ROOT / "routing", ROOT / "ivr_flows", date(2025, 1, 1))
    assert found.findings == ()


def test_what_was_proved_is_counted() -> None:
    """287 working days open and close, and it begins at a midnight; two of the flows ask no calendar."""
    found = check(SMALL / "routing", SMALL / "ivr_flows", TODAY)
    assert found.proof == Proof(TODAY, date(2027, 12, 29), flows=3, combinations=4, instants=2 * 287 + 1 + 2)
    assert found.summary() == (
        "1 hotline, 2 queues, 2 agents, 3 flows; "
        "every flow ends on every path, 2026-11-24..2027-12-29 (4 combinations of hours)"
    )


def test_the_summary_of_a_wrong_set_counts_errors_and_warnings(tmp_path: Path) -> None:
    small(tmp_path, {"routing/agents.yaml": ("repair: 4", "repair: 1"), "routing/hotlines.yaml": ("desk", "dsk")})
    found = checked(tmp_path)
    assert found.summary() == "1 error and 1 warning in 1 hotline, 2 queues, 2 agents, 3 flows"


def test_one_wrong_entry_does_not_hide_what_is_wrong_with_the_next(tmp_path: Path) -> None:
    small(
        tmp_path,
        {"routing/queues.yaml": ("strategy: longest_idle", "stratgy: longest_idle")}
        | {"routing/escalation.yaml": ("offer: queue complaints", "offer: queue complains")},
    )
    assert [finding.what for finding in checked(tmp_path).findings] == [
        'offer: "complains" is not a queue',
        '"stratgy" is not a key here',
    ]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    found = checked(tmp_path)
    assert report(found.findings) == "ivr_flows  is not a folder\nrouting  is not a folder"
    assert found.routing is None


def test_escalation_and_caller_lists_may_be_missing(tmp_path: Path) -> None:
    small(tmp_path, {"ivr_flows/service.yaml": ("caller in vip", "caller in blacklist")})
    for name in ("escalation", "callers"):
        (tmp_path / "routing" / f"{name}.yaml").unlink()
    found = checked(tmp_path)
    assert report(found.errors) == ""
    assert found.routing is not None
    assert found.routing.escalation == ()
    assert not found.routing.callers.contains("blacklist", "13800138000")


def test_what_editors_leave_in_the_folders_is_no_concern_of_ours(tmp_path: Path) -> None:
    small(tmp_path)
    for name in ("routing/queues.yaml~", "routing/.queues.yaml.swp", "ivr_flows/README.md", "ivr_flows/.x.yaml"):
        (tmp_path / name).write_text("x")
    assert checked(tmp_path).findings == ()


def test_only_the_first_menu_needs_a_key_0(tmp_path: Path) -> None:
    """From a later one its way to a person may be another key."""
    second = '  number:\n    menu: "按1转人工。"\n    keys: {1: person}\n    otherwise: person\n  old:'
    small(tmp_path, {"ivr_flows/service.yaml": ("  number:", second)})
    flow = tmp_path / "ivr_flows" / "service.yaml"
    flow.write_text(flow.read_text("utf-8").replace("keys: {1: person}", "keys: {1: person, 2: old}"), "utf-8")
    assert checked(tmp_path).findings == ()


def test_load_routing_raises_everything_that_is_wrong(tmp_path: Path) -> None:
    small(tmp_path, {"routing/hotlines.yaml": ("hours: desk", "hours: dsk"), "routing/queues.yaml": ("idle", "idel")})
    with pytest.raises(ConfigError, match=r'(?s)"dsk" is not a calendar.*"longest_idel" is not a strategy'):
        load_routing(tmp_path / "routing", tmp_path / "ivr_flows", TODAY)


def test_everything_of_a_routing_can_say_where_it_stands() -> None:
    with standing_in(SMALL):
        routing = load_routing(Path("routing"), Path("ivr_flows"), TODAY)
    where = routing.where
    assert str(where("queues", "service", "strategy")) == "routing/queues.yaml:9:15"
    assert str(where("queues", "service", of_key=True)) == "routing/queues.yaml:2:3"
    assert str(where("queues", "service", "overflow", 1, "to")) == "routing/queues.yaml:15:13"
    assert str(where("groups", "specialists")) == "routing/skills.yaml:2:37"
    assert str(where("escalation", 1, "when")) == "routing/escalation.yaml:5:11"
    assert str(where("lists", "vip", 0)) == "routing/callers.yaml:3:9"
    assert str(where("flows", "service", "steps", "person", "queue")) == "ivr_flows/service.yaml:16:19"
    # what only has its default, stands where it would be written
    assert str(where("queues", "complaints", "priority", of_key=True)) == "routing/queues.yaml:16:3"
    assert str(where("rules", "vip")) == "routing/queues.yaml:1:1"


def test_a_hotline_is_found_however_the_network_writes_its_number() -> None:
    routing = load_routing(SMALL / "routing", SMALL / "ivr_flows", TODAY)
    for dialled in ("4008008008", "+864008008008", "864008008008", "400 800 8008"):
        assert routing.hotline_of(dialled) == "售后服务热线"
    assert routing.hotline_of("4008008009") is None
    assert routing.hotline_of("") is None


def test_every_prompt_can_be_rendered_before_anybody_calls_and_has_a_place() -> None:
    with standing_in(SMALL):
        prompts = list(static_prompts(load_routing(Path("routing"), Path("ivr_flows"), TODAY)))
    assert (Speech("您好，这里是", "zh-CN"), "ivr_flows/service.yaml:7:11") in [(p, str(at)) for p, at in prompts]
    assert [str(at) for piece, at in prompts if piece == Speech("再见。", "zh-CN")] == ["ivr_flows/service.yaml:24:15"]


def test_findings_are_for_programs_too(tmp_path: Path) -> None:
    small(tmp_path, {"routing/queues.yaml": ("longest_idle", "longest_idel")})
    told = checked(tmp_path).as_json()
    assert (told["errors"], told["warnings"]) == (1, 0)
    assert told["findings"][0] | {"allowed": []} == {
        "file": "routing/queues.yaml",
        "line": 9,
        "column": 15,
        "severity": "error",
        "what": 'strategy: "longest_idel" is not a strategy',
        "value": "longest_idel",
        "hint": "did you mean longest_idle?",
        "allowed": [],
    }


def test_a_very_large_centre_is_checked_in_time(tmp_path: Path) -> None:
    """Processor time, so that a busy machine makes no difference."""
    routing, flows = write_files(tmp_path, 1_000, 500, 10_000)
    begun = time.process_time()
    found = check(routing, flows, TODAY)
    assert time.process_time() - begun < 5.0
    assert found.errors == ()
    assert dict(found.counts) | {"flows": 0} == {"hotlines": 1_000, "queues": 500, "agents": 10_000, "flows": 0}


def test_ten_thousand_misspelt_skills_take_no_longer(tmp_path: Path) -> None:
    """One wrong line in skills.yaml makes every mention wrong."""
    routing, flows = write_files(tmp_path, 10, 10, 10_000)
    (routing / "skills.yaml").write_text("skills: [nothing]\ngroups: [nobody]\n")
    begun = time.process_time()
    found = check(routing, flows, TODAY)
    assert time.process_time() - begun < 5.0
    assert len(found.errors) > 10_000
