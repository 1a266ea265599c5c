"""The benchmark runs and reports in its shape. How fast anything is, is not tested here."""

import json
from pathlib import Path

import pytest

from benchmarks import recordings


def test_recordings_are_measured_alone_and_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = recordings.main(["--repeat", "1", "--count", "3", "--folder", str(tmp_path), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert code == 0
    assert report["results"].keys() == {
        "memory, MB more for an hour",
        "cp, sync and sha256sum, ms a minute",
        "one after the other, ms a minute",
        "3 at once",
        "beginning",
    }
    assert report["results"]["3 at once"]["minutes finished/s"] > 0
    assert list(tmp_path.iterdir()) == []
