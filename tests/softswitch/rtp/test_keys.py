"""Telephone events: each key is told once, however its packets come."""

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.softswitch.rtp.errors import BadKeys
from cti.softswitch.rtp.keys import Key, KeyReader, check, packets
from tests.softswitch.rtp.ear import House, until


def event(code: int, duration: int, *, end: bool = False, volume: int = 10) -> bytes:
    return struct.pack(">BBH", code, volume | 0x80 * end, duration)


def key(code: int, timestamp: int, ends: int = 3) -> list[tuple[int, bytes]]:
    """The packets of a key of 100 ms."""
    growing = [(timestamp, event(code, at)) for at in (160, 320, 480, 640)]
    return [*growing, *[(timestamp, event(code, 800, end=True))] * ends]


def read(found: Sequence[tuple[int, bytes]], step: float = 0.02) -> list[Key]:
    reader, told = KeyReader(), []
    for number, (timestamp, payload) in enumerate(found):
        told += reader.feed(1, timestamp, payload, 100 + number * step)
    return told


def test_a_key_is_told_once_at_its_first_end() -> None:
    assert read(key(5, 8000)) == [Key("5", 800)]


def test_every_code_is_its_key() -> None:
    assert "".join(read(key(code, 1))[0].digit for code in range(17)) == "0123456789*#ABCDF"
    assert read(key(17, 1)) == []


def test_the_same_key_twice_is_two_keys() -> None:
    assert read([*key(5, 8000), *key(5, 9600)]) == [Key("5", 800)] * 2


def test_a_key_without_an_end_is_told_at_the_next_key() -> None:
    assert read([*key(1, 8000, ends=0), *key(2, 9600)]) == [Key("1", 640), Key("2", 800)]


def test_a_key_without_an_end_is_told_after_three_missing_packets() -> None:
    reader = KeyReader()
    reader.feed(1, 8000, event(1, 480), 10.0)
    assert reader.pending
    assert reader.lost(10.06) is None
    assert reader.lost(10.081) == Key("1", 480)
    assert reader.lost(11.0) is None
    assert reader.feed(1, 8000, event(1, 800, end=True), 10.1) == []  # it came after all


def test_only_the_end_packets_are_enough() -> None:
    assert read(key(11, 8000)[-3:]) == [Key("#", 800)]


def test_a_late_end_after_the_next_key_is_not_a_third_key() -> None:
    first, second = key(1, 8000), key(2, 9600)
    assert read([*first[:5], *second[:2], first[5], *second[2:], first[6]]) == [Key("1", 800), Key("2", 800)]


def test_filler_of_sipp_is_not_a_key() -> None:
    filler = [(number * 160, bytes(4)) for number in range(20)]
    assert read([*filler, *key(0, 8000)]) == [Key("0", 800)]
    reader = KeyReader()
    reader.feed(1, 8000, bytes(4), 10.0)
    assert not reader.pending


def test_a_timestamp_may_come_again_after_a_second() -> None:
    reader = KeyReader()
    assert reader.feed(1, 8000, event(1, 800, end=True), 10.0) == [Key("1", 800)]
    assert reader.feed(1, 8000, event(1, 800, end=True), 10.9) == []
    assert reader.feed(1, 8000, event(1, 800, end=True), 12.0) == [Key("1", 800)]


def test_a_key_held_for_nine_seconds_is_one_key() -> None:
    reader = KeyReader()
    for at in range(160, 0xFFFF, 160):
        assert reader.feed(1, 1000, event(7, at), 10 + at / 8000) == []
    assert reader.feed(1, 1000, event(7, 0xFFFF), 18.2) == []
    assert reader.feed(1, 1000 + 0xFFFF, event(7, 160), 18.22) == []
    assert reader.feed(1, 1000 + 0xFFFF, event(7, 6400, end=True), 19.0) == [Key("7", 0xFFFF + 6400)]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.binary(min_size=4, max_size=4)), max_size=60))
def test_fuzz_events_never_raise_and_tell_at_most_one_key_each(found: list[tuple[int, int, bytes]]) -> None:
    reader, told = KeyReader(), 0
    for number, (ssrc, timestamp, payload) in enumerate(found):
        told += len(reader.feed(ssrc, timestamp, payload, 10 + number / 50))
        told += reader.lost(10 + number / 50) is not None
    assert told <= len(found)
    assert len(reader._told) <= 60


def test_what_is_sent_is_read_as_it_was_meant() -> None:
    sent = [item for item in packets("123#", 800, 800) if item is not None]
    assert [first for first, _ in sent].count(True) == 4
    timestamp, stream = 0, []
    for first, payload in sent:
        timestamp += 1600 * first
        stream.append((timestamp, payload))
    assert read(stream) == [Key(digit, 800) for digit in "123#"]


def test_a_short_key_has_a_marker_and_three_ends() -> None:
    assert list(packets("1", 10, 0)) == [(number == 0, event(1, 160, end=True)) for number in range(3)]
    assert list(packets("w", 160, 0)) == [None] * 25


def test_what_is_not_a_key_is_a_clear_error() -> None:
    assert check("1a#w") == "1A#w"
    with pytest.raises(BadKeys, match="'X'"):
        check("12x")


# --- on the wire ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [101, 96, 97])
async def test_keys_of_a_phone_are_heard_whatever_type_it_gives_them(kind: int) -> None:
    async with House() as house:
        stream, phone = await house.leg()
        pressed: list[tuple[str, int]] = []
        stream.on_key = lambda digit, samples: pressed.append((digit, samples))
        phone.say()
        for number in range(5):
            phone.send(bytes(4), 97, timestamp=number)  # SIPp's filler
        for code in (1, 0, 11):
            for timestamp, payload in key(code, 50_000 + 1000 * code):
                phone.send(payload, kind, timestamp=timestamp)
        await until(lambda: len(pressed) == 3)
        assert pressed == [("1", 800), ("0", 800), ("#", 800)]
        phone.say()
        await until(lambda: stream.counters.received == 28)
        assert len(pressed) == 3


async def test_a_key_whose_end_is_lost_is_heard_soon() -> None:
    async with House() as house:
        stream, phone = await house.leg()
        pressed: list[str] = []
        stream.on_key = lambda digit, samples: pressed.append(digit)
        phone.send(event(9, 320), 101, timestamp=1)
        await until(lambda: pressed)
        assert pressed == ["9"]
        assert not house.engine.keying


async def test_keys_are_sent_as_packets_that_a_phone_understands() -> None:
    async with House() as house:
        stream, phone = await house.leg(key_payload=96)
        done: list[bool] = []
        stream.send_keys("12", 640, lambda: done.append(True))
        await until(lambda: done)
        assert {packet.kind for packet in phone.heard} == {96}
        assert [packet.marker for packet in phone.heard] == [True, *[False] * 5] * 2
        assert read([(packet.timestamp, packet.payload) for packet in phone.heard]) == [Key("1", 640), Key("2", 640)]
        first = phone.heard[0]
        assert [(packet.sequence - first.sequence) & 0xFFFF for packet in phone.heard] == list(range(12))
        apart = phone.heard[6].timestamp - first.timestamp
        assert 8 * 160 <= apart <= 14 * 160  # 120 ms of key, 100 ms of pause


async def test_keys_to_a_phone_that_takes_none_are_an_error() -> None:
    async with House() as house:
        stream, _ = await house.leg(key_payload=None)
        with pytest.raises(BadKeys, match="telephone-event"):
            stream.send_keys("1")


async def test_keys_pass_a_bridge_with_the_type_of_the_other_side() -> None:
    async with House() as house:
        a, caller = await house.leg(key_payload=101)
        b, agent = await house.leg(key_payload=96)
        house.engine.bridge(a, b)
        caller.say()
        for timestamp, payload in [*key(4, 5000), *key(2, 6600)]:
            caller.send(payload, 101, timestamp=timestamp)
        caller.say()
        await agent.hear(16)
        keys = [packet for packet in agent.heard if packet.kind == 96]
        assert read([(packet.timestamp, packet.payload) for packet in keys]) == [Key("4", 800), Key("2", 800)]
        assert [packet.marker for packet in keys] == [True, *[False] * 6] * 2
        first = agent.heard[0].sequence
        assert [(packet.sequence - first) & 0xFFFF for packet in agent.heard] == list(range(16))
