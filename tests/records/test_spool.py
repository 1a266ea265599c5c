"""The spool: what it keeps through crashes, full disks and other people's hands."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from structlog.typing import EventDict

from cti.records.spool import Spool, SpoolFailed, SpoolInUse


def line(number: int) -> bytes:
    return b'{"n":%d}\n' % number


LINES = [line(number) for number in range(10)]


def opened(folder: Path, **more: Any) -> Spool:
    spool = Spool(folder, **more)
    spool.open()
    return spool


def everything(spool: Spool) -> list[bytes]:
    return list(spool.read_all())


def test_lines_come_back_in_order_after_a_restart(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append(LINES[:3])
    spool.append(LINES[3:])
    spool.close()
    again = opened(tmp_path)
    assert again.count == 10
    assert again.read(4)[0] == LINES[:4]
    assert everything(again) == LINES


def test_what_the_database_has_is_not_read_again(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append(LINES)
    lines, position = spool.read(4)
    spool.advance(position, len(lines))
    assert spool.count == 6
    assert spool.read(100)[0] == LINES[4:]
    spool.close()
    assert everything(opened(tmp_path)) == LINES[4:]


def test_a_crash_between_commit_and_position_reads_lines_again_and_loses_none(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append(LINES)
    spool.read(4)  # written to the database, and then the power goes
    spool.close()
    assert everything(opened(tmp_path)) == LINES


def test_nothing_lies_there_when_all_is_written(tmp_path: Path) -> None:
    spool = opened(tmp_path, file_size=20)
    for one in LINES:
        spool.append([one])
    assert len(list(tmp_path.glob("*.jsonl"))) > 2
    lines, position = spool.read(100)
    spool.advance(position, len(lines))
    assert list(tmp_path.glob("*.jsonl")) == []
    assert spool.count == 0


def test_new_lines_after_all_was_written_are_found_by_the_next_run(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    for _ in range(3):
        spool.append(LINES)
        spool.advance(spool.read(100)[1], 10)
        spool.close()
        spool = opened(tmp_path)
    spool.append(LINES[:2])
    spool.close()
    assert everything(opened(tmp_path)) == LINES[:2]


def test_files_that_were_read_are_deleted_while_others_wait(tmp_path: Path) -> None:
    spool = opened(tmp_path, file_size=20)
    for one in LINES:
        spool.append([one])
    files = len(list(tmp_path.glob("*.jsonl")))
    lines, position = spool.read(7)
    spool.advance(position, len(lines))
    assert len(list(tmp_path.glob("*.jsonl"))) < files
    assert everything(spool) == LINES[7:]


def test_lines_may_be_added_while_earlier_ones_are_read(tmp_path: Path) -> None:
    spool = opened(tmp_path, file_size=20)
    spool.append(LINES[:5])
    lines, position = spool.read(3)
    spool.append(LINES[5:])
    spool.advance(position, len(lines))
    assert everything(spool) == LINES[3:]


@pytest.mark.parametrize("kept", range(1, len(line(9)) - 1))
def test_a_last_line_that_is_half_written_is_dropped_and_told(tmp_path: Path, kept: int, log: list[EventDict]) -> None:
    spool = opened(tmp_path)
    spool.append(LINES)
    spool.close()
    (file,) = tmp_path.glob("*.jsonl")
    file.write_bytes(b"".join(LINES[:9]) + LINES[9][:kept])
    again = opened(tmp_path)
    assert again.count == 9
    (told,) = log
    assert (told["event"], told["bytes"]) == ("the spool's last line was half written and is dropped", kept)
    again.append([line(10)])
    assert everything(again) == [*LINES[:9], line(10)]


def test_a_last_line_without_its_newline_is_kept(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append(LINES)
    spool.close()
    (file,) = tmp_path.glob("*.jsonl")
    file.write_bytes(b"".join(LINES)[:-1])
    assert everything(opened(tmp_path)) == LINES


def test_a_full_disk_keeps_nothing_of_an_append_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = opened(tmp_path)
    spool.append(LINES[:2])
    write = os.write

    def half(descriptor: int, data: Any) -> int:
        monkeypatch.setattr(os, "write", full)
        return write(descriptor, bytes(data)[:5])

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(SpoolFailed, match="cannot write the spool .*: No space left on device. Make room on that disk"):
        spool.append(LINES[2:])
    monkeypatch.undo()
    assert spool.count == 2
    spool.append(LINES[5:])
    assert everything(spool) == [*LINES[:2], *LINES[5:]]


def test_a_disk_that_does_not_confirm_has_not_taken_the_lines(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append(LINES[:1])

    def fails(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    spool._sync = fails
    with pytest.raises(SpoolFailed, match="Input/output error"):
        spool.append(LINES[1:])
    spool._sync = os.fsync
    assert everything(spool) == LINES[:1]


def test_two_servers_cannot_have_one_spool(tmp_path: Path) -> None:
    first = opened(tmp_path)
    with pytest.raises(SpoolInUse, match="Give each server a folder of its own"):
        opened(tmp_path)
    first.close()
    opened(tmp_path).close()


def test_a_position_that_cannot_be_read_means_reading_from_the_beginning(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append(LINES)
    spool.advance(spool.read(4)[1], 4)
    spool.close()
    (tmp_path / "position").write_text("nonsense")
    assert everything(opened(tmp_path)) == LINES


def test_a_refused_entry_is_kept_with_the_reason(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.bury(b'{"n":"\xff"}\n', "too long")
    spool.bury(b"{}\n", "nothing in it")
    letters = [json.loads(letter) for letter in (tmp_path / "dead-letters.jsonl").read_text().splitlines()]
    assert letters == [{"why": "too long", "line": '{"n":"�"}'}, {"why": "nothing in it", "line": "{}"}]
    assert everything(spool) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolFailed, match="cannot open the spool"):
        opened(tmp_path / "file" / "spool")
