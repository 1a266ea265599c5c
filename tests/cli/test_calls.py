"""`cti calls` and `cti db`, as somebody at a terminal sees them."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from cti.cli import cti
from cti.cli.calls import Moment
from cti.errors import CtiError
from cti.ids import AgentId, CallId
from cti.records.entries import CallOutcome, Entry, FollowUp, RecordingDeleted, VoicemailHeard, VoicemailLeft
from cti.records.store import Options, Records
from tests.records.calls import LI, NOON, WANG, closed, opened, recorded

ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)

A_DAY: list[Entry] = [
    opened("0192aa01", WANG, NOON + HOUR, place="上海市"),
    closed("0192aa02", LI, NOON, place="广东省广州市", carrier="中国移动", repeat_count=2, repeat_count_7d=3),
    closed("0192bb03", None, NOON - HOUR, None, ani="\x1b[2Jevil"),
    closed("0192bb04", WANG, NOON - 2 * HOUR, "1009", queue="complaints", place="北京市", complaint=True),
]


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path}/cti.db"
    monkeypatch.setenv("CTI_RECORDS__URL", url)
    monkeypatch.setenv("CTI_RECORDS__SPOOL", str(tmp_path / "spool"))
    monkeypatch.chdir(ROOT)
    return url


@pytest.fixture
def keep(url: str, tmp_path: Path) -> Any:
    """Keeps entries, as a server would have."""

    def keep(*entries: Entry) -> None:
        async def kept() -> None:
            async with Records(Options(url=url, spool=tmp_path / "spool")) as records:
                records.write(*entries)

        asyncio.run(kept())

    return keep


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cti, [*arguments], catch_exceptions=False)


def ids(result: Result) -> list[str]:
    return [call["id"] for call in json.loads(result.stdout)]


def test_calls_are_listed_newest_first_in_the_hotline_s_time_with_masked_numbers(keep: Any) -> None:
    keep(*A_DAY)
    assert (
        run("calls", "list").stdout
        == """\
began           caller       place         queue     agent      waited  talked  nth  outcome             id
03-04 13:00:00  139****9000  上海市                                               1  goes on             0192aa01
03-04 12:00:00  138****8000  广东省广州市  售后服务  王芳 1001    1:00    2:50    3  answered            0192aa02
03-04 11:00:00  \\x1b[2Jevil                售后服务               1:00            1  abandoned           0192bb03
03-04 10:00:00  139****9000  北京市        投诉专席  李强 1009    1:00    2:50    1  answered complaint  0192bb04
"""
    )


def test_whole_numbers_only_when_asked_for(keep: Any) -> None:
    keep(*A_DAY)
    for command in (["list"], ["list", "--json"], ["show", "0192aa02"], ["show", "0192aa02", "--json"]):
        assert "13800138000" not in run("calls", *command).stdout
        assert "13800138000" in run("calls", *command, "--full").stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--customer", "138 0013 8000"], ["0192aa02"]),
        (["--customer", "+8613900139000"], ["0192aa01", "0192bb04"]),
        (["--agent", "1009"], ["0192bb04"]),
        (["--agent", "王芳"], ["0192aa02"]),
        (["--queue", "complaints"], ["0192bb04"]),
        (["--queue", "售后服务"], ["0192aa02", "0192bb03"]),
        (["--outcome", "abandoned"], ["0192bb03"]),
        (["--repeat", "2"], ["0192aa02"]),
        (["--limit", "1"], ["0192aa01"]),
        (["--since", "2026-03-04T12:00+08:00"], ["0192aa01", "0192aa02"]),
        (["--until", "2026-03-04T11:00+08:00"], ["0192bb04"]),
        (["--since", "2w"], []),
    ],
)
def test_filters(keep: Any, arguments: list[str], expected: list[str]) -> None:
    keep(*A_DAY)
    assert ids(run("calls", "list", "--json", *arguments)) == expected


def test_a_name_that_nobody_has_is_told_with_the_nearest(keep: Any) -> None:
    keep(*A_DAY)
    result = run("calls", "list", "--queue", "complaint")
    assert result.stderr.splitlines() == ["no queue is called complaint today; did you mean complaints?", "no calls"]


def test_one_call_is_told_from_its_beginning_to_its_end(keep: Any) -> None:
    left = VoicemailLeft(id="v1", call=CallId("0192aa02"), mailbox="service", at=NOON, seconds=12.4, path="v1.wav")
    promise = FollowUp(
        created_at=NOON, due_at=NOON + 24 * HOUR, customer=LI, call=CallId("0192aa02"), promised="回电", reason="配件"
    )
    keep(
        *A_DAY,
        recorded("0192aa02"),
        left,
        VoicemailHeard("v1", NOON, AgentId("1001")),
        promise,
        RecordingDeleted("0192aa02-1", NOON, "kept 90 days"),
    )
    assert run("calls", "show", "0192aa02").stdout.splitlines() == [
        "call 0192aa02  售后服务热线 4008008008",
        "  138****8000 广东省广州市 中国移动 · call 3 today, 4 in 7 days",
        "  2026-03-04 Wednesday 12:00:00, Asia/Shanghai · lasted 4:00",
        "  answered by 王芳 1001 · waited 1:00 for 售后服务 · talked 2:50 · ended by caller (NORMAL_CLEARING)",
        "",
        "12:00:00  ivr           0:10  service → queue",
        "12:00:00                      您好，这里是售后服务热线  (ivr_flows/service.yaml:4:5)",
        "12:00:10  queue         1:00  售后服务 → answered",
        "12:00:10                      waits in service",
        "12:00:20  offer         0:20  刘洋 1002 → no answer",
        "                                rule: longest_idle",
        "12:01:00  offer         0:10  王芳 1001 → accepted",
        "                                rule: next",
        "                                chosen: 1001",
        "12:01:10  talk          2:50  王芳 1001 → caller",
        "12:04:00  end",
        "",
        "recordings",
        "  12:00:00  2026/03/04/0192aa02.wav · 2:50 · 0.0 MB · masked 0:12-0:20 · deleted 2026-03-04: kept 90 days",
        "",
        "messages",
        "  v1.wav · 0:12 · for service · heard by 王芳 1001",
        "",
        "promises",
        "  follow up · due 2026-03-05 12:00 · 配件 · 回电 · to do",
        "",
        "legs",
        "  caller   12:00:00-12:04:00  138****8000 · not answered",
        "  agent    12:01:00-12:04:00  王芳 1001 · answered 12:01:10 · NORMAL_CLEARING",
    ]


def test_a_call_that_goes_on_is_shown_with_what_is_known(keep: Any) -> None:
    keep(opened("c1", vip=True))
    assert run("calls", "show", "c1").stdout.splitlines() == [
        "call c1  售后服务热线 4008008008",
        "  138****8000 · call 1 today, 1 in 7 days · VIP",
        "  2026-03-04 Wednesday 12:00:00, Asia/Shanghai · goes on",
    ]


def test_nothing_that_a_caller_wrote_acts_on_the_terminal(keep: Any) -> None:
    hostile = "\x1b]0;evil\x07\r\n"
    keep(closed("c1", None, NOON, ani=hostile, notes=hostile, place=hostile, disposition=hostile, hangup_cause=hostile))
    for output in (run("calls", "show", "c1").stdout, run("calls", "list").stdout):
        assert "evil" in output
        assert not {"\x1b", "\x07", "\r"} & set(click.unstyle(output))


def test_the_beginning_of_an_id_is_enough_where_it_fits_one_call_only(keep: Any) -> None:
    keep(*A_DAY)
    assert run("calls", "show", "0192bb03").stdout == run("calls", "show", "0192bb03"[:8]).stdout
    with pytest.raises(CtiError, match="several calls begin with '0192bb'. There are: 0192bb03, 0192bb04"):
        run("calls", "show", "0192bb")
    with pytest.raises(CtiError, match="no call 'x' is kept"):
        run("calls", "show", "x")


def test_a_call_as_json_has_all_of_its_parts(keep: Any) -> None:
    keep(*A_DAY, recorded("0192aa02"))
    kept = json.loads(run("calls", "show", "0192aa02", "--json").stdout)
    assert kept["call"]["offers"][1]["explanation"] == ["rule: next", "chosen: 1001"]
    assert kept["call"]["customer"] == "+86138****8000"
    assert kept["recordings"][0]["made"]["path"] == "2026/03/04/0192aa02.wav"


def test_without_a_database_it_is_said_what_makes_one(url: str, tmp_path: Path) -> None:
    with pytest.raises(CtiError, match="not there yet. `cti run` makes them"):
        run("calls", "list")
    assert not (tmp_path / "cti.db").exists()


def test_the_tables_are_made_without_the_server(url: str, tmp_path: Path) -> None:
    before = run("db", "status")
    assert (before.exit_code, "tables: none yet" in before.stdout) == (1, True)
    assert run("db", "upgrade").stdout == f"sqlite+aiosqlite:///{tmp_path}/cti.db: tables at 0001\n"
    after = run("db", "status")
    assert (after.exit_code, after.stdout.splitlines()[1:]) == (0, ["tables: 0001", f"spool {tmp_path}/spool: empty"])
    assert run("calls", "list").stderr == "no calls\n"


def test_the_status_tells_what_waits_and_what_was_refused(url: str, tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "000000000001.jsonl").write_text("x" * 1234)
    (tmp_path / "spool" / "dead-letters.jsonl").write_text("{}\n{}\n")
    told = run("db", "status").stdout
    assert f"spool {tmp_path}/spool: 1,234 bytes wait" in told
    assert f"{tmp_path}/spool/dead-letters.jsonl: 2 records that the database refused" in told


@pytest.mark.parametrize("outcome", CallOutcome)
def test_every_outcome_can_be_asked_for_and_shown(keep: Any, outcome: CallOutcome) -> None:
    keep(closed("c1", outcome=outcome))
    assert ids(run("calls", "list", "--outcome", str(outcome), "--json")) == ["c1"]
    assert str(outcome) in run("calls", "list").stdout
    assert str(outcome).replace("_", " ") in run("calls", "show", "c1").stdout


def moment(text: str) -> datetime:
    return Moment().convert(text, None, None)


def test_times_are_by_the_clocks_of_this_machine() -> None:
    now = datetime.now(UTC).astimezone()
    assert moment("2026-03-04") == datetime(2026, 3, 4).astimezone()
    assert moment("2026-03-04 09:30") == datetime(2026, 3, 4, 9, 30).astimezone()
    assert moment("9:30").time() == datetime(2026, 3, 4, 9, 30).time()
    assert moment("today").hour == 0
    assert moment("today") - moment("yesterday") == timedelta(days=1)
    assert abs(now - timedelta(minutes=90) - moment("90m")) < timedelta(seconds=10)
    assert abs(now - timedelta(weeks=2) - moment("2w")) < timedelta(seconds=10)


@pytest.mark.parametrize("text", ["never", "2026-13-01", "25:00", "5x", ""])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time; try 2026-03-04"):
        moment(text)
