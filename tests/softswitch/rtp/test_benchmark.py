"""The benchmark runs and reports. How fast anything is, is not tested here."""

import pytest

from benchmarks import media


def test_both_runs_are_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    media.main(["--seconds", "0.5", "--warm", "0.2", "--bridges", "2", "--music", "3", "--no-pin"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("2 recorded bridges")
    assert lines[2].startswith("3 callers on music")
    for line, packets in zip(lines[1:3], (200, 150), strict=True):
        assert abs(int(line[28:].split()[2].replace(",", "")) - packets) < 40
