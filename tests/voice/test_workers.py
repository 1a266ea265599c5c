"""Worker processes: they may die, hang or talk nonsense, and the voice goes on."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from cti.voice.errors import EngineError
from cti.voice.workers import COMMAND, Workers
from tests.voice.conftest import until

SPEAK: dict[str, Any] = {
    "do": "speak", "text": "您好", "language": "zh-CN", "voices": {"zh-CN": "cmn"},
    "rate": 165, "pitch": 50, "pitch_range": 75,
}  # fmt: skip


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def program(tmp_path: Path, code: str) -> tuple[str, ...]:
    """A worker that is a small Python program."""
    path = tmp_path / "worker.py"
    path.write_text(f"import os, signal, sys, time\n{code}")
    return (sys.executable, str(path))


async def test_one_process_serves_many_requests() -> None:
    workers = Workers(2, 20)
    first = await workers.ask(SPEAK, "a")
    processes = workers.processes
    second = await workers.ask(SPEAK, "a")
    assert first.wav[:4] == second.wav[:4] == b"RIFF"
    assert workers.processes == processes
    await workers.close()
    assert not any(map(alive, processes))


async def test_no_more_processes_than_allowed() -> None:
    workers = Workers(2, 20)
    await asyncio.gather(*(workers.ask(SPEAK, "a") for _ in range(6)))
    assert len(workers.processes) <= 2
    await workers.close()


async def test_a_worker_that_was_killed_between_two_requests_is_replaced() -> None:
    workers = Workers(1, 20)
    await workers.ask(SPEAK, "a")
    [process] = workers.processes
    os.kill(process, signal.SIGKILL)
    assert (await workers.ask(SPEAK, "a")).wav[:4] == b"RIFF"
    assert workers.processes != [process]
    await workers.close()


async def test_a_worker_that_is_killed_in_the_middle_of_a_request_is_replaced_unnoticed(tmp_path: Path) -> None:
    once = (
        f"if os.path.exists({str(tmp_path / 'mark')!r}): os.execv({COMMAND[0]!r}, {list(COMMAND)!r})\n"
        f"open({str(tmp_path / 'mark')!r}, 'w').close()\n"
        "sys.stdin.buffer.read(4); os.kill(os.getpid(), signal.SIGKILL)"
    )
    workers = Workers(1, 20, program(tmp_path, once))
    assert (await workers.ask(SPEAK, "a")).wav[:4] == b"RIFF"
    await workers.close()


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("sys.stdin.buffer.read(4); os.kill(os.getpid(), signal.SIGSEGV)", "signal SIGSEGV"),
        ("sys.exit('no library')", "exit code 1, no library"),
        (
            "sys.stdout.write('Segmentation fault, core dumped'); sys.stdout.flush(); time.sleep(60)",
            "its answer is not one",
        ),
        (
            "sys.stdout.buffer.write(bytes([0, 0, 0, 2]) + b'[]'); sys.stdout.flush(); time.sleep(60)",
            "its answer is not one",
        ),
    ],
)
async def test_a_text_that_every_worker_dies_of_is_given_up(tmp_path: Path, code: str, cause: str) -> None:
    workers = Workers(1, 20, program(tmp_path, code))
    with pytest.raises(EngineError) as raised:
        await workers.ask(SPEAK, "'您好'")
    assert raised.value.what == f"the worker died twice while rendering '您好': {cause}"
    assert workers.processes == []
    await workers.close()


async def test_a_worker_that_hangs_ends_with_its_time(tmp_path: Path) -> None:
    workers = Workers(1, 0.2, program(tmp_path, "time.sleep(60)"))
    with pytest.raises(EngineError, match="rendering 'a' took longer than 0.2 s"):
        await workers.ask(SPEAK, "'a'")
    assert workers.processes == []
    await workers.close()


async def test_a_caller_who_hangs_up_leaves_no_worker_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    workers = Workers(1, 20, program(tmp_path, "time.sleep(60)"))
    asking = asyncio.create_task(workers.ask(SPEAK, "a"))
    await until(lambda: bool(workers.processes))
    [process] = workers.processes
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not alive(process)
    await workers.close()


async def test_closing_ends_what_is_being_rendered(tmp_path: Path) -> None:
    workers = Workers(1, 20, program(tmp_path, "time.sleep(60)"))
    asking = asyncio.create_task(workers.ask(SPEAK, "a"))
    await until(lambda: bool(workers.processes))
    await workers.close()
    with pytest.raises(EngineError, match="the voice is closed"):
        await asking


async def test_a_worker_that_cannot_be_started_is_told() -> None:
    workers = Workers(1, 20, ("/nowhere/python",))
    with pytest.raises(EngineError, match="the worker /nowhere/python cannot be started: No such file or directory"):
        await workers.ask(SPEAK, "a")
    await workers.close()


async def test_a_worker_ends_when_the_server_is_gone() -> None:
    process = await asyncio.create_subprocess_exec(*COMMAND, stdin=asyncio.subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 20) == 0


async def test_ctrl_c_is_the_servers_matter() -> None:
    workers = Workers(1, 20)
    await workers.ask(SPEAK, "a")
    os.kill(workers.processes[0], signal.SIGINT)
    process = workers.processes[0]
    await workers.ask(SPEAK, "a")
    assert workers.processes == [process]
    await workers.close()
