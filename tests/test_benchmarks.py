"""The benchmark runs and reports in its shape. How fast anything is, is not tested here."""

import json
import os
from pathlib import Path

import pytest

from benchmarks import acd, check, esl, hotline, softswitch
from benchmarks.esl_server import recorded_events
from tests.acceptance.programs import freeswitch_prefix

SMALL = ["--events", "200", "--commands", "200", "--memory", "1000", "--repeat", "1"]
OURS = ["--client", "ours", "--client", "ours, uvloop", "--client", "ours, greenswitch driver"]


def test_the_traffic_is_the_plain_events_of_the_recordings() -> None:
    frames = recorded_events()
    assert len(frames) == 520
    assert all(frame.startswith(b"Content-Length: ") and b"Event-Name: " in frame for frame in frames)


def test_json_has_every_measurement_of_every_client(capsys: pytest.CaptureFixture[str]) -> None:
    code = esl.main([*SMALL, *OURS, "--json"])
    report = json.loads(capsys.readouterr().out)
    assert (code, report["notes"]) == (0, {})
    assert report["machine"].keys() == {"cores", "python"}
    assert list(report["results"]) == ["events", "commands", "one at a time", "memory"]
    for clients in report["results"].values():
        assert list(clients) == ["ours", "ours, uvloop", "ours, greenswitch driver"]
        for columns in clients.values():
            assert all(span["min"] <= span["median"] <= span["max"] for span in columns.values())
    assert [verdict["met"] for verdict in report["targets"][:3]] == [None, None, None]  # no peer was run


def test_the_table_says_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIBESL_PATH", str(tmp_path))
    assert esl.main([*SMALL, "--client", "libesl"]) == 0
    assert "libesl: not found: set LIBESL_PATH" in capsys.readouterr().out


@pytest.mark.skipif(not softswitch.has_sipp(), reason="needs sipp: apt-get install sip-tester")
def test_the_softswitch_is_measured_in_three_parts(capsys: pytest.CaptureFixture[str]) -> None:
    code = softswitch.main(["--seconds", "2", "--rate", "3", "--calls", "2", "--music", "3", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert code == 0
    assert report["machine"].keys() == {"cores", "python"}
    measured = calls, bridged, music = [report["results"][part] for part in ("calls", "bridged", "music")]
    assert calls["calls done"]["median"] == 6
    assert bridged["recordings unfit"]["median"] == 0
    assert music["packets expected/s"]["median"] == 150
    assert all(part[label]["median"] == 0 for part in measured for label in ("calls failed", "legs left"))
    assert {verdict["part"] for verdict in report["targets"]} == {"calls", "bridged", "music"}


@pytest.mark.freeswitch
@pytest.mark.skipif(not softswitch.has_sipp(), reason="needs sipp: apt-get install sip-tester")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look at packets")
def test_the_hotline_is_measured_beside_mod_callcenter(capsys: pytest.CaptureFixture[str]) -> None:
    prefix = freeswitch_prefix()
    if not (prefix / "lib/freeswitch/mod/mod_callcenter.so").exists():
        pytest.skip("this FreeSWITCH has no mod_callcenter")
    code = hotline.main(["--part", "rates", "--rates", "3", "--agents", "4", "--seconds", "2", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert code == 0
    [(part, rows)] = report["results"].items()
    assert (part, list(rows)) == ("3 calls/s", ["ours, FreeSWITCH", "mod_callcenter", "ours, embedded"])
    for row in rows.values():
        assert (row["calls"]["median"], row["not served"]["median"]) == (6, 0)
        assert 0 < row["queue to agent, median ms"]["median"] <= row["queue to agent, p99 ms"]["median"]
    assert [verdict["target"].rpartition(": ")[2] for verdict in report["targets"]] == [
        "queue to agent, median ms at most 5",
        "queue to agent, p99 ms at most 30",
        "not served at most 0",
    ]


@pytest.mark.skipif(not softswitch.has_sipp(), reason="needs sipp: apt-get install sip-tester")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look at packets")
def test_agents_who_are_freed_are_measured_on_the_embedded_switch(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--part", "freed", "--agents", "3", "--seconds", "2", "--hotline", "ours, embedded", "--json"]
    code = hotline.main(words)
    row = json.loads(capsys.readouterr().out)["results"]["freed"]["ours, embedded"]
    assert code == 0
    assert row["not served"]["median"] == 0
    assert row["offers"]["median"] >= 1
    assert row["BYE to next, median ms"]["median"] > 0


def test_the_engine_and_its_memory_are_measured_without_a_switch(capsys: pytest.CaptureFixture[str]) -> None:
    code = hotline.main(["--part", "memory", "--live", "20", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert code == 0
    assert {row: numbers["live calls"]["median"] for row, numbers in report["results"]["memory"].items()} == {
        "in the queue": 20,
        "in talk": 20,
    }


def test_every_call_through_the_engine_has_its_record(capsys: pytest.CaptureFixture[str]) -> None:
    code = hotline.main(["--part", "engine", "--engine-rate", "5", "--seconds", "2", "--json"])
    report = json.loads(capsys.readouterr().out)
    if report["notes"]:
        pytest.skip(report["notes"][0])
    row = report["results"]["engine"]["PostgreSQL"]
    assert code == 0
    assert row["calls without a record"]["median"] == 0
    assert row["rows a call"]["median"] > 10


def test_the_distributor_is_measured_at_every_size_and_over_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    code = acd.main(["--agents", "20", "40", "--rounds", "20", "--repeat", "1", "--calls", "200", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert code == 0
    assert list(report["results"]["decisions"]) == ["20", "40"]
    day = report["results"]["day"]["a day of 200 calls"]
    assert day["calls offered"]["median"] >= 200
    assert day["sums that do not add up"]["median"] == 0
    assert len(report["targets"]) == 4


def test_the_check_is_measured_beside_the_readers(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--hotlines", "120", "--queues", "12", "--agents", "40", "--repeat", "1"]
    code = check.main([*small, "--only", "ours", "--only", "pyyaml", "--only", "check", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert (code, report["notes"]) == (0, {})
    assert [report["input"][noun] for noun in ("hotlines", "queues", "agents", "flows")] == [120, 12, 40, 120]
    assert list(report["results"]) == ["ours", "pyyaml", "check"]
    assert all(spans.keys() == {"s", "process s", "peak MB"} for spans in report["results"].values())
    assert [verdict["met"] for verdict in report["targets"]] == [True]
