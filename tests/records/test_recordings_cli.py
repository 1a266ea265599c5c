"""`cti recordings`, and the settings behind it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cti.cli import recordings
from cti.config.findings import ConfigError
from cti.config.settings import load_settings
from cti.records.database import Database
from cti.records.recordings.disk import Space
from cti.records.recordings.retention import Rule
from tests.records.recordings import tags
from tests.records.test_recordings_retention import closed, finished

CONFIG = """
recordings:
  folder: recordings
  keep: 30d
  longer:
    - {keep: 365d, complaint: true}
records:
  url: sqlite+aiosqlite:///var/cti.db
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three recordings of 100 days ago, one of them with a complaint, and a database."""
    monkeypatch.chdir(tmp_path)
    Path("cti.yaml").write_text(CONFIG)
    Path("var").mkdir()
    ended = datetime.now(UTC) - timedelta(days=100)
    for call in ("a", "b", "c"):
        finished(tmp_path / "recordings", f"2026/01/02/{call}-1.wav", began_at=ended, ended_at=ended)

    async def fill() -> None:
        database = Database("sqlite+aiosqlite:///var/cti.db")
        await database.migrate()
        await database.write([closed("b", complaint=True)])
        await database.close()

    asyncio.run(fill())
    return tmp_path / "recordings"


def cti(*words: str) -> Result:
    return CliRunner().invoke(recordings.recordings, [*words, "--config", "cti.yaml"])


def test_a_dry_run_lists_and_the_real_one_deletes(folder: Path) -> None:
    (folder / "2026/01/02/notes\x1b[31m.txt").write_text("")
    listed = cti("retention", "--dry-run")
    assert listed.stdout.splitlines() == [
        "2026/01/02/a-1.wav  retention: kept 30 days",
        "2026/01/02/c-1.wav  retention: kept 30 days",
        "2 recordings would be deleted (0.0 MB), 1 kept, 1 files left alone",
    ]
    assert "notes\\x1b[31m.txt  no sidecar tells of it" in listed.output
    assert len(list(folder.rglob("*-1.*"))) == 6

    done = cti("retention")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (
        0,
        "2 recordings deleted (0.0 MB), 1 kept, 1 files left alone",
    )
    assert sorted(path.name for path in folder.rglob("*-1.*")) == ["b-1.json", "b-1.wav"]


def test_verify_names_what_was_changed(folder: Path) -> None:
    assert (cti("verify").output, cti("verify").exit_code) == ("3 fine\n", 0)
    (folder / "2026/01/02/a-1.wav").write_bytes(b"?")
    (folder / "2026/01/02/b-1.wav").unlink()
    found = cti("verify", "--no-database")
    assert found.exit_code == 1
    assert found.output.splitlines()[0].startswith("2026/01/02/a-1.wav  changed: SHA-256 is ")
    assert found.output.splitlines()[1:] == ["2026/01/02/b-1.wav  missing", "1 fine, 1 changed, 1 missing"]


def test_space_says_how_long_it_lasts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "space", lambda folder: Space(free=11_520_000_000, total=10**12))
    assert (cti("space").output, cti("space").exit_code) == ("11.5 of 1000.0 GB free: 100 hours as WAV\n", 0)
    monkeypatch.setattr(recordings, "space", lambda folder: Space(free=10**9, total=10**12))
    assert cti("space").exit_code == 1


def test_the_settings_become_rules(folder: Path) -> None:
    assert recordings.rules_of(load_settings(Path("cti.yaml")).settings) == [Rule(30), Rule(365, complaint=True)]
    assert str(Rule(365, hotline="售后", queue="service", complaint=True)) == (
        "kept 365 days (hotline 售后, queue service, complaints)"
    )
    assert Rule(365, queue="orders").holds(tags(), complaint=True) is False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keep: 180", "keep: 180 is not a number of days"),
        ("keep: 26w", 'keep: "26w" is not a number of days'),
        ("keep: 0d", 'keep: "0d" is not a number of days'),
        ("longer: [{keep: 365d}]", "says nothing about which: give hotline, queue or complaint: true"),
        ("longer: [{keep: 30d, complaint: true}]", "no longer than keep: 180 days"),
        ("convert: flac", '"flac"'),
        ("convert: opus\n  command: [my-encoder]", "it would not know what to convert"),
        ("folders: x", "folders"),
    ],
)
def test_wrong_settings_are_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "cti.yaml").write_text(f"recordings:\n  {text}\n")
    with pytest.raises(ConfigError) as wrong:
        load_settings(tmp_path / "cti.yaml", {})
    assert said in str(wrong.value)
