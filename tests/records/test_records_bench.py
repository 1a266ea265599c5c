"""`cti bench records` runs and reports in its shape. How fast anything is, is not tested here."""

import json

import pytest

from benchmarks import records
from tests.records.postgres import NoPostgres, program


def has_postgres() -> bool:
    try:
        return bool(program("initdb"))
    except NoPostgres:
        return False


KINDS = ["sqlite", "postgresql"] if has_postgres() else ["sqlite"]


def test_count_and_writing_are_measured_on_every_database(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--calls", "2000", "--queries", "100", "--seconds", "1"]
    code = records.main([*small, "--database", *KINDS, "--json"])
    report = json.loads(capsys.readouterr().out)
    assert (code, report["notes"]) == (0, {})
    assert list(report["results"]) == [f"{part}, {kind}" for part in ("writing", "count") for kind in KINDS]
    for kind in KINDS:
        who = report["results"][f"count, {kind}"]
        assert len(who) == 5
        assert all(
            row["p50 ms"]["median"] <= row["p99 ms"]["median"] <= row["most ms"]["median"] for row in who.values()
        )
    assert [verdict["target"] for verdict in report["targets"]] == [
        f"count, {kind}, {title}: p99 under 5 ms at 2,000 calls"
        for kind in KINDS
        for title in list(report["results"][f"count, {kind}"])[:4]
    ]
