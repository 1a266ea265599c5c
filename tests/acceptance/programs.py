"""Programs that tests start: each dies with the tests, and needs ports that nobody else has."""

import os
import random
import shutil
import socket
from pathlib import Path

import pytest

DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")
"""Put before a command: whatever ends the tests ends the program, too. Start it in the main thread."""


def needed(program: str, package: str) -> str:
    """The path of a program; without it the test is skipped and the reason says what to install."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"needs {program}: apt-get install {package}")
    return path


def freeswitch_prefix() -> Path:
    """Where FreeSWITCH is installed, as FREESWITCH_PREFIX says."""
    prefix = os.environ.get("FREESWITCH_PREFIX", "")
    if not prefix:
        pytest.skip(
            "needs FreeSWITCH 1.10: set FREESWITCH_PREFIX to the folder that holds bin/freeswitch, "
            "for example FREESWITCH_PREFIX=/opt/freeswitch"
        )
    if not (Path(prefix) / "bin" / "freeswitch").is_file():
        pytest.fail(f"FREESWITCH_PREFIX={prefix}: there is no bin/freeswitch in it")
    return Path(prefix)


def free_port() -> int:
    """A port of loopback that is free for TCP and UDP, and so are the next three.

    Below the ephemeral range, so that no outgoing connection takes it before the program does; drawn at random, so
    that two runs of the tests on one machine seldom meet.
    """
    for _ in range(100):
        port = random.randrange(10_000, 16_000, 4)
        if all(_is_free(port + i) for i in range(4)):
            return port
    raise RuntimeError("no free port between 10000 and 16000")


def rtp_ports() -> tuple[int, int]:
    """First and last of three hundred ports for RTP that no other switch of tests on this machine has.

    FreeSWITCH tries whether a port is free before it takes it, and hangs up with INCOMPATIBLE_DESTINATION when another
    switch has taken it in between. An abstract socket marks a range as ours until this process ends.
    """
    ranges = list(range(22_000, 29_800, 300))
    random.shuffle(ranges)
    for first in ranges:
        mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            mark.bind(f"\0cti-tests-rtp-{first}")
        except OSError:
            mark.close()
            continue
        _marks.append(mark)
        return first, first + 298
    return ranges[0], ranges[0] + 298


_marks: list[socket.socket] = []


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def tail(path: Path, size: int = 3000) -> str:
    """The end of a log, under its name, for the message of a failure."""
    if not path.exists():
        return f"--- {path}: not written"
    return f"--- {path}\n{path.read_bytes()[-size:].decode('utf-8', 'replace')}"
