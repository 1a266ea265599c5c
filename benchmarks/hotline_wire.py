"""SIP on the loopback, as the kernel saw it: when who sent what, whatever the switch says.

FreeSWITCH's event timestamps come in steps of 20 ms, and its Event Socket hands events out up to 20 ms late, so neither
can tell 5 ms from 25. A packet's own time can, and to look at packets costs the switch nothing. Needs Linux, and root
(CAP_NET_RAW).
"""

import asyncio
import ctypes
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

_SO_TIMESTAMPNS = 35
_SO_ATTACH_FILTER = 26
_ETH_P_IP = 0x0800
_UDP = 17
_REQUEST_OR_STATUS = re.compile(rb"(?:SIP/2\.0 (\d{3})|([A-Z]+) sip:([^@;> ]+))")
_CALL_ID = re.compile(rb"\r\n(?:Call-ID|i): *([^\r]+)", re.IGNORECASE)
_CSEQ = re.compile(rb"\r\nCSeq: *\d+ +([A-Z]+)", re.IGNORECASE)
_FROM = re.compile(rb"\r\n(?:From|f):[^\r]*?sip:([^@;>\r]+)@", re.IGNORECASE)
_BUFFER = 8 * 1024 * 1024
"""Bytes that the kernel keeps while this process has no core."""


class NotAllowed(Exception):
    """Only root may look at packets."""


@dataclass(slots=True)
class Caller:
    """One caller's call; times in seconds of the machine's clock."""

    number: str
    invited: float
    answered: float | None = None


@dataclass(slots=True)
class Ring:
    """One INVITE to an agent's phone."""

    agent: str
    number: str
    """The caller's, as it is shown."""
    invited: float
    answered: float | None = None
    ended: float | None = None
    """When the agent hung up."""
    hung_up: float | None = None
    """When the switch told of it."""


@dataclass(slots=True)
class Wire:
    """What was seen so far."""

    trunk: int
    phones: int
    callers: dict[bytes, Caller] = field(default_factory=dict)
    rings: dict[bytes, Ring] = field(default_factory=dict)
    repeated: int = 0
    """INVITEs that came again."""

    def note(self, at: float, source: int, target: int, text: bytes) -> None:
        """One packet."""
        start, call_id, method = _REQUEST_OR_STATUS.match(text), _CALL_ID.search(text), _CSEQ.search(text)
        if start is None or call_id is None or method is None:
            return
        key, code = call_id[1], start[1]
        if code is None:
            self._request(at, source, target, key, start[2], start[3], text)
        elif code == b"200" and method[1] == b"INVITE":
            answered = self.callers.get(key) if source == self.trunk else self.rings.get(key)
            if answered is not None:
                answered.answered = answered.answered or at

    def _request(self, at: float, source: int, target: int, key: bytes, name: bytes, user: bytes, text: bytes) -> None:
        if name == b"INVITE" and target == self.trunk:
            self._new(self.callers, key, Caller(_user(text), at))
        elif name == b"INVITE" and source == self.phones:
            self._new(self.rings, key, Ring(user.decode(), _user(text), at))
        elif name == b"BYE" and target == self.phones and key in self.rings:
            self.rings[key].ended = self.rings[key].ended or at

    def _new(self, seen: dict, key: bytes, what: Caller | Ring) -> None:
        self.repeated += key in seen
        seen.setdefault(key, what)

    # What it comes to; milliseconds

    def first_rings(self, *, from_answer: bool) -> list[float]:
        """From each caller's answer (or INVITE) to the first INVITE to an agent's phone for that caller."""
        first: dict[str, float] = {}
        for ring in self.rings.values():
            first[ring.number] = min(ring.invited, first.get(ring.number, ring.invited))
        times = []
        for caller in self.callers.values():
            begin = caller.answered if from_answer else caller.invited
            if begin is not None and caller.number in first:
                times.append(1_000 * (first[caller.number] - begin))
        return times

    def next_rings(self, *, from_bye: bool) -> list[float]:
        """From an agent's BYE, or from when the switch told of it, to their next INVITE, if callers waited."""
        by_agent: dict[str, list[Ring]] = {}
        for ring in sorted(self.rings.values(), key=lambda ring: ring.invited):
            by_agent.setdefault(ring.agent, []).append(ring)
        times = []
        for rings in by_agent.values():
            for ring, following in pairwise(rings):
                begin = ring.ended if from_bye else ring.hung_up
                if ring.ended is not None and begin is not None and self._waiting(ring.ended):
                    times.append(1_000 * (following.invited - begin))
        return times

    def _waiting(self, at: float) -> int:
        """How many callers wait for an agent's phone to ring."""
        answered = sum(caller.answered is not None and caller.answered < at for caller in self.callers.values())
        return answered - sum(ring.invited < at for ring in self.rings.values())

    def served(self) -> int:
        """Callers for whom an agent's phone was answered."""
        return len({ring.number for ring in self.rings.values() if ring.answered is not None})


def _user(text: bytes) -> str:
    found = _FROM.search(text)
    return found[1].decode(errors="replace") if found else ""


@contextmanager
def listening(trunk: int, phones: int) -> Iterator[Wire]:
    """Sees every SIP packet of a switch with these two ports; needs a running loop. Raises NotAllowed."""
    wire = Wire(trunk, phones)
    try:
        packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # nothing before the filter is there
    except PermissionError:
        raise NotAllowed("needs root (CAP_NET_RAW) to look at packets on the loopback") from None
    with packets:
        _filter(packets, trunk, phones)
        packets.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        packets.bind(("lo", _ETH_P_IP))
        packets.setblocking(False)
        loop = asyncio.get_running_loop()
        loop.add_reader(packets, _read, packets, wire)
        try:
            yield wire
        finally:
            loop.remove_reader(packets)
            _read(packets, wire)


def _read(packets: socket.socket, wire: Wire) -> None:
    while True:
        try:
            frame, extra, _, address = packets.recvmsg(65_535, 64)
        except BlockingIOError:
            return
        if address[2] == socket.PACKET_OUTGOING:
            continue  # on the loopback each packet is seen twice
        seconds, nanoseconds = struct.unpack("qq", extra[0][2][:16])
        header = 14 + 4 * (frame[14] & 15)
        source, target = struct.unpack_from("!HH", frame, header)
        wire.note(seconds + nanoseconds / 1e9, source, target, frame[header + 8 :])


def _filter(packets: socket.socket, *ports: int) -> None:
    """Classic BPF: UDP from or to one of the ports; RTP never leaves the kernel."""
    tests = [(0x48, offset, port) for offset in (14, 16) for port in ports]  # ldh [x + offset]
    program = [(0x30, 0, 0, 23), (0x15, 0, 2 * len(tests) + 1, _UDP), (0xB1, 0, 0, 14)]  # ldb protocol; ldxb 4*(ihl)
    for place, (load, offset, port) in enumerate(tests):
        program += [(load, 0, 0, offset), (0x15, 2 * (len(tests) - place - 1) + 1, 0, port)]
    program += [(0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFF)]  # none of it; all of it
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    kept = ctypes.create_string_buffer(code)
    packets.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", len(program), ctypes.addressof(kept)))
