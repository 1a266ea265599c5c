"""Names of recordings."""

from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from cti.ids import CallId
from cti.records.recordings.names import BadName, Name, days, parse, path_for, within
from tests.records.recordings import SHANGHAI

NIGHT = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)


def test_a_recording_lies_under_the_day_of_the_hotlines_own_clock() -> None:
    assert path_for(CallId("a1-b2"), 3, NIGHT, SHANGHAI) == PurePosixPath("2026/11/21/a1-b2-3.wav")


@pytest.mark.parametrize("call", ["", ".", "..", "a/b", "../a", "a.b", "-a", "a b", "a\n", "呼叫", "a\0", "x" * 65])
def test_what_is_no_id_of_a_call_of_ours_makes_no_name(call: str) -> None:
    with pytest.raises(BadName):
        path_for(CallId(call), 1, NIGHT, SHANGHAI)


@pytest.mark.parametrize("number", [0, -1, 10_000])
def test_recordings_of_a_call_are_counted_from_one(number: int) -> None:
    with pytest.raises(BadName):
        path_for(CallId("a"), number, NIGHT, SHANGHAI)


def test_a_time_needs_its_zone() -> None:
    with pytest.raises(BadName, match="no time zone"):
        path_for(CallId("a"), 1, NIGHT.replace(tzinfo=None), SHANGHAI)


def test_a_name_is_read_back() -> None:
    name = Name(CallId("a1-b2"), 3, "2026/11/21")
    assert parse("2026/11/21/a1-b2-3.opus") == (name, "opus")
    assert name.path("opus") == PurePosixPath("2026/11/21/a1-b2-3.opus")


@pytest.mark.parametrize(
    "path",
    [
        "a-1.wav",
        "2026/11/a-1.wav",
        "2026/11/21/a.wav",
        "2026/11/21/a-0.wav",
        "2026/11/21/.a-1.wav.new",
        "x/2026/11/21/a-1.wav",
    ],
)
def test_other_files_are_none_of_ours(path: str) -> None:
    assert parse(path) is None


def test_what_the_switch_names_must_lie_below_the_folder() -> None:
    folder = Path("/srv/recordings")
    assert within(folder, "/srv/recordings/2026/11/21/a-1.wav").id == "a-1"
    for path in ("/srv/other/2026/11/21/a-1.wav", "/srv/recordings/../x/2026/11/21/a-1.wav", "/srv/recordings/a-1.wav"):
        with pytest.raises(BadName):
            within(folder, path)


def test_days_are_in_order_and_links_are_not_followed(tmp_path: Path) -> None:
    for day in ("2026/11/21", "2025/01/02", "2026/02/03"):
        (tmp_path / day).mkdir(parents=True)
    (tmp_path / "2026" / "12").symlink_to(tmp_path / "2026" / "11")
    (tmp_path / "other" / "11" / "21").mkdir(parents=True)
    assert list(days(tmp_path)) == ["2025/01/02", "2026/02/03", "2026/11/21"]
