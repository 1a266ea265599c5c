"""The folder of rendered sound."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cti.voice.cache import DAY, HOUR, Cache, Pruned, key_of
from cti.voice.errors import CacheError

NOW = 1_800_000_000.0
SOUND = bytes(1000)


def kept(cache: Cache, name: str, used: float) -> Path:
    path = cache.keep(name, SOUND, NOW)
    os.utime(path, (used, used))
    return path


def test_what_was_kept_is_found_with_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cache = Cache(Path("var/prompts"), 10**6)
    assert cache.find("a", NOW) is None
    assert cache.keep("a", SOUND, NOW) == tmp_path / "var/prompts/a.wav"
    assert cache.find("a", NOW) == tmp_path / "var/prompts/a.wav"
    assert [path.name for path in (tmp_path / "var/prompts").iterdir()] == ["a.wav"]


def test_the_key_changes_with_everything_that_changes_the_sound() -> None:
    assert key_of("您好", "zh-CN", "espeak") == key_of("您好", "zh-CN", "espeak")
    keys = {key_of("您好", "zh-CN", "espeak"), key_of("您好。", "zh-CN", "espeak"), key_of("您好", "yue", "espeak")}
    assert len(keys) == 3


def test_a_file_that_a_crash_has_left_empty_is_not_found(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 10**6)
    (tmp_path / "a.wav").write_bytes(b"")
    assert cache.find("a", NOW) is None


def test_use_is_noted_by_the_hour(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 10**6)
    path = kept(cache, "a", NOW - HOUR - 1)
    cache.find("a", NOW)
    assert path.stat().st_mtime == NOW


def test_pruning_spares_what_is_needed_and_what_was_used_of_late(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 10**6)
    kept(cache, "old", NOW - 31 * DAY)
    kept(cache, "needed", NOW - 31 * DAY)
    kept(cache, "fresh", NOW - 29 * DAY)
    cache.need({"needed"})
    assert cache.prune(30 * DAY, NOW) == Pruned(files=1, size=1000)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["fresh", "needed"]


def test_pruning_takes_away_what_broken_writes_have_left(tmp_path: Path) -> None:
    old, young = tmp_path / ".a.1.tmp", tmp_path / ".b.2.tmp"
    for path, age in ((old, 2 * HOUR), (young, 60)):
        path.write_bytes(b"half")
        os.utime(path, (NOW - age, NOW - age))
    Cache(tmp_path, 10**6).prune(DAY, NOW)
    assert list(tmp_path.iterdir()) == [young]


def test_a_full_cache_loses_what_was_not_used_for_the_longest_time(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 10_000)
    for number in range(10):
        kept(cache, f"{number}", NOW - (20 - number) * DAY)
    cache.need({"0"})
    cache.keep("new", SOUND, NOW)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["0", "3", "4", "5", "6", "7", "8", "9", "new"]


def test_what_is_being_used_stays_although_the_cache_is_full(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 2_000)
    for name in "abcd":
        kept(cache, name, NOW - 60)
    assert cache.size() == (4, 4000)


def no_space(self: Path, content: bytes) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def half_written(self: Path, content: bytes) -> int:
    with self.open("wb") as file:
        file.write(content[:10])
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("fails", [no_space, half_written])
def test_a_full_disk_is_told_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: Callable[[Path, bytes], int]
) -> None:
    cache = Cache(tmp_path / "cache", 10**6)
    monkeypatch.setattr(Path, "write_bytes", fails)
    with pytest.raises(CacheError) as raised:
        cache.keep("a", SOUND, NOW)
    assert str(raised.value) == (
        f"{tmp_path}/cache: cannot be written: No space left on device. "
        "Look at voice.cache: its folder, permissions and the space left on its disk"
    )
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheError, match="cannot be written: Not a directory"):
        Cache(tmp_path / "file" / "cache", 10**6).keep("a", SOUND, NOW)


def test_a_path_that_a_switch_would_read_otherwise_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CacheError, match="'!' in a path means something to FreeSWITCH"):
        Cache(tmp_path / "new!" / "prompts", 10**6)
