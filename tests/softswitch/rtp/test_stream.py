"""Legs on real sockets: playback, bridges, who is listened to, and what is dropped."""

import asyncio
import gc
import socket
import threading
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.softswitch.rtp.codec import PCMA, PCMU, Codec
from cti.softswitch.rtp.engine import MediaEngine
from cti.softswitch.rtp.errors import BadAddress, MediaError, NoPortLeft
from cti.softswitch.rtp.sources import Following, Playing, Silence, Source
from cti.softswitch.rtp.stream import Stream
from cti.softswitch.rtp.tones import parse
from tests.softswitch.rtp.ear import House, Packet, hears, loudness, until


def ringing(milliseconds: int = 400, hertz: int = 600, times: int | None = 1) -> Source:
    return Playing(parse(f"%({milliseconds},0,{hertz})").sound, times)


def steps(packets: Sequence[Packet]) -> list[tuple[int, int]]:
    """How sequence and timestamp go from packet to packet."""
    return [
        ((after.sequence - before.sequence) & 0xFFFF, (after.timestamp - before.timestamp) & 0xFFFFFFFF)
        for before, after in pairwise(packets)
    ]


# --- playing --------------------------------------------------------------------------------------


async def test_a_phone_hears_what_is_played_in_its_codec() -> None:
    async with House() as house:
        for codec in (PCMA, PCMU):
            stream, phone = await house.leg(codec=codec)
            stream.play(ringing())
            assert hears(await phone.listen(20), 600)
            assert {(packet.kind, len(packet.payload)) for packet in phone.heard} == {(codec.payload_type, 160)}


async def test_playback_is_paced_every_20_ms() -> None:
    async with House() as house:
        legs = [await house.leg() for _ in range(8)]
        for stream, _ in legs:
            stream.play(Silence(-1))
        for _, phone in legs:
            await phone.hear(50 - len(phone.heard))
            gaps = sorted(after.at - before.at for before, after in pairwise(phone.heard))
            assert 0.010 < gaps[len(gaps) // 2] < 0.030
            assert 0.9 < phone.heard[49].at - phone.heard[0].at < 1.2
            assert set(steps(phone.heard)) == {(1, 160)}
            assert [packet.marker for packet in phone.heard[:3]] == [True, False, False]


async def test_legs_share_four_phases() -> None:
    async with House() as house:
        for _ in range(8):
            house.engine.open()
        assert sorted(house.engine._phase_of.values()) == [0, 0, 1, 1, 2, 2, 3, 3]


async def test_the_end_is_told_and_the_next_prompt_follows_without_a_gap() -> None:
    async with House() as house:
        stream, phone = await house.leg()
        ended: list[str] = []

        def second() -> None:
            ended.append("first")
            stream.play(ringing(100, 1000), lambda: ended.append("second"))

        playback = stream.play(ringing(100), second)
        await until(lambda: ended == ["first", "second"])
        await until(lambda: len(phone.heard) == 10)
        assert (playback.finished, playback.milliseconds, playback.samples) == (True, 100, 800)
        assert set(steps(phone.heard)) == {(1, 160)}
        assert max(after.at - before.at for before, after in pairwise(phone.heard)) < 0.2
        assert stream.playing is None


async def test_what_is_stopped_is_told_and_not_finished() -> None:
    async with House() as house:
        stream, phone = await house.leg()
        ended = asyncio.Event()
        playback = stream.play(ringing(times=None), ended.set)
        await phone.hear(3)
        assert stream.stop_play()
        assert not stream.stop_play()
        await ended.wait()
        assert not playback.finished


async def test_a_source_without_sound_ends_at_once() -> None:
    async with House() as house:
        stream, _ = await house.leg()
        ended = asyncio.Event()
        playback = stream.play(Following([]), ended.set)
        await ended.wait()
        assert (playback.finished, playback.frames) == (True, 0)


async def test_a_source_that_fails_stops_only_itself() -> None:
    class Broken:
        calls = 0

        def next(self, codec: Codec) -> bytes | None:
            self.calls += 1
            if self.calls == 3:
                raise ValueError("broken")
            return codec.frame_of_silence

    async with House() as house:
        told: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))
        (bad, _), (good, phone) = await house.leg(), await house.leg()
        ended = asyncio.Event()
        bad.play(Broken(), ended.set)
        good.play(Silence(-1))
        await ended.wait()
        await phone.hear(5)
        assert told == [f"playing on port {bad.port}"]


async def test_after_a_stall_nothing_bursts_and_the_timestamp_follows_the_clock() -> None:
    async with House() as house:
        stream, phone = await house.leg()
        stream.play(Silence(-1))
        await phone.hear(5)
        before = len(phone.heard)
        time.sleep(0.8)  # noqa: ASYNC251 (the whole loop stands still)
        await phone.hear(10)
        assert house.engine.stalls >= 1
        jumps = [ahead for _, ahead in steps(phone.heard[before - 1 :])]
        assert sum(ahead > 160 for ahead in jumps) == 1
        assert 30 * 160 < max(jumps) < 80 * 160
        assert len(phone.heard) < before + 25


async def test_a_codec_that_changes_meanwhile_changes_what_is_sent() -> None:
    async with House() as house:
        stream, phone = await house.leg()
        stream.play(ringing(times=None))
        await phone.hear(3)
        phone.codec = PCMU
        phone.call(stream)
        await until(lambda: phone.heard[-1].kind == 0)
        assert hears(await phone.listen(20), 600)


# --- bridging -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "other"), [(PCMA, PCMA), (PCMA, PCMU), (PCMU, PCMA), (PCMU, PCMU)])
async def test_bridged_phones_hear_each_other(one: Codec, other: Codec) -> None:
    async with House() as house:
        a, caller = await house.leg(440, one, speaking=True)
        b, agent = await house.leg(1000, other, speaking=True)
        house.engine.bridge(a, b)
        assert hears(await agent.listen(20), 440)
        assert hears(await caller.listen(20), 1000)
        assert {packet.kind for packet in agent.heard} == {other.payload_type}
        house.engine.unbridge(b)
        assert a.peer is b.peer is None


async def test_numbers_go_on_from_playback_to_bridge_and_back() -> None:
    async with House() as house:
        a, caller = await house.leg(440)
        b, _ = await house.leg(1000, speaking=True)
        await until(lambda: b.counters.received)
        a.play(ringing(200), lambda: house.engine.bridge(a, b))
        await caller.hear(10 + 20)
        a.play(ringing(200))
        await caller.hear(10 + 20)
        house.engine.unbridge(a)
        a.play(ringing(200))
        await caller.hear(5)
        assert {packet.ssrc for packet in caller.heard} == {caller.heard[0].ssrc}
        for sequence, timestamp in steps(caller.heard):
            assert sequence == 1
            assert timestamp % 160 == 0
            assert 160 <= timestamp <= 5 * 160
        assert hears(caller.sound(caller.heard[12:28]), 1000)
        assert hears(caller.sound(caller.heard[:10]), 600)


async def test_a_silence_between_is_a_step_of_the_clock_with_a_marker() -> None:
    async with House() as house:
        stream, phone = await house.leg()
        stream.play(ringing(100))
        await phone.hear(5)
        await asyncio.sleep(0.3)
        stream.play(ringing(100))
        await phone.hear(5)
        gap = phone.heard[5].timestamp - phone.heard[4].timestamp
        assert 14 * 160 <= gap <= 40 * 160
        assert [packet.marker for packet in phone.heard] == [True, *[False] * 4] * 2


async def test_loss_before_us_is_loss_behind_us() -> None:
    async with House() as house:
        a, caller = await house.leg()
        b, agent = await house.leg()
        house.engine.bridge(a, b)
        for number in range(10):
            if number in (4, 5):
                caller.sequence = (caller.sequence + 1) & 0xFFFF
                caller.timestamp = (caller.timestamp + 160) & 0xFFFFFFFF
            else:
                caller.say()
        await agent.hear(8)
        assert steps(agent.heard) == [(1, 160)] * 3 + [(3, 480)] + [(1, 160)] * 3
        assert a.counters.lost == 2


async def test_late_and_double_packets_are_counted_and_dropped() -> None:
    async with House() as house:
        a, caller = await house.leg()
        b, agent = await house.leg()
        house.engine.bridge(a, b)
        for sequence in (10, 11, 13, 12, 13, 14):
            caller.sequence = sequence
            caller.say()
        await agent.hear(4)
        assert (a.counters.late, a.counters.duplicate, a.counters.lost, a.counters.received) == (1, 1, 0, 6)


async def test_a_third_leg_takes_the_place_of_the_second() -> None:
    async with House() as house:
        a, caller = await house.leg(440, speaking=True)
        b, _ = await house.leg(1000, speaking=True)
        c, second = await house.leg(1500, speaking=True)
        house.engine.bridge(a, b)
        await caller.hear(3)
        house.engine.bridge(c, a)
        assert b.peer is None
        await caller.hear(2)
        assert hears(await caller.listen(), 1500)
        assert hears(await second.listen(), 440)


async def test_music_on_hold_goes_before_the_peer_and_the_peer_comes_back() -> None:
    async with House() as house:
        a, caller = await house.leg(440, speaking=True)
        b, agent = await house.leg(1000, speaking=True)
        house.engine.bridge(a, b)
        await caller.hear(5)
        agent.call(b, sending=False, receiving=False)  # inactive
        a.play(ringing(times=None))
        await caller.hear(2)
        assert hears(await caller.listen(), 600)
        silent = len(agent.heard)
        await caller.hear(10)
        assert len(agent.heard) <= silent + 2
        assert b.counters.refused > 0
        agent.call(b)
        a.stop_play()
        await caller.hear(2)
        assert hears(await caller.listen(), 1000)
        assert hears(await agent.listen(), 440)


async def test_a_phone_on_hold_is_sent_nothing_but_is_heard() -> None:
    async with House() as house:
        a, caller = await house.leg(440, speaking=True)
        b, agent = await house.leg(1000, speaking=True)
        caller.call(a, sending=False)
        house.engine.bridge(a, b)
        await agent.hear(10)
        assert not caller.heard


async def test_a_muted_phone_is_silence_to_its_peer() -> None:
    async with House() as house:
        a, _ = await house.leg(440, speaking=True)
        b, agent = await house.leg(1000, speaking=True)
        house.engine.bridge(a, b)
        a.muted = True
        await agent.hear(2)
        assert loudness(await agent.listen(10)) < 20
        a.muted = False
        await agent.hear(2)
        assert hears(await agent.listen(), 440)


# --- whom we listen to ----------------------------------------------------------------------------


async def test_packets_go_where_packets_come_from() -> None:
    async with House() as house:
        stream, phone = house.engine.open(), await house.phone()
        stream.connect("127.0.0.1", 9, PCMA)  # what a phone behind NAT says of itself
        phone.target = ("127.0.0.1", stream.port)
        stream.play(Silence(-1))
        phone.say()
        await phone.hear(3)
        assert stream.remote == ("127.0.0.1", phone.port)


async def test_a_stranger_is_counted_and_not_heard() -> None:
    async with House() as house:
        a, caller = await house.leg(440)
        b, agent = await house.leg(1000)
        house.engine.bridge(a, b)
        caller.say()
        await until(lambda: a.counters.received == 1)
        stranger = await house.phone(1500)
        stranger.target = caller.target
        stranger.say()
        await until(lambda: a.counters.stranger == 1)
        caller.say()
        await agent.hear(2 - len(agent.heard))
        assert a.counters.received == 2
        assert a.remote == ("127.0.0.1", caller.port)


async def test_the_address_of_the_sdp_takes_over_from_a_stranger() -> None:
    async with House() as house:
        stream, phone = await house.leg()
        stranger = await house.phone(1500)
        stranger.target = phone.target
        stranger.say()
        await until(lambda: stream.remote == ("127.0.0.1", stranger.port))
        phone.say()
        await until(lambda: stream.remote == ("127.0.0.1", phone.port))
        stranger.say()
        await until(lambda: stream.counters.stranger == 1)


async def test_nothing_is_taken_before_the_answer_and_noise_does_not_teach() -> None:
    async with House() as house:
        stream, phone = house.engine.open(), await house.phone()
        phone.target = ("127.0.0.1", stream.port)
        phone.say()
        await until(lambda: stream.counters.refused == 1)
        stream.connect("127.0.0.1", 9, PCMA)
        phone.send(bytes(160), 18)  # G.729, which was not agreed
        phone.send(bytes(28), 72)  # RTCP
        await until(lambda: stream.counters.foreign == 2)
        assert stream.remote == ("127.0.0.1", 9)


async def test_an_address_that_is_none_is_an_error_and_zero_is_hold() -> None:
    async with House() as house:
        stream = house.engine.open()
        for host, port in (("localhost", 4000), ("::1", 4000), ("127.0.0.1", 70000)):
            with pytest.raises(BadAddress):
                stream.connect(host, port, PCMA)
        stream.connect("0.0.0.0", 4000, PCMA)
        stream.play(ringing(40))
        await until(lambda: stream.playing is None)
        assert stream.counters.sent == stream.counters.unsent == 0


# --- hostile packets ------------------------------------------------------------------------------


async def test_hostile_datagrams_are_counted_and_the_call_goes_on() -> None:
    async with House() as house:
        stream, phone = await house.leg()
        good = b"\x80\x08" + bytes(10)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hostile:
            for data in (b"", b"\x80", good, bytes(172), b"\xc0\x08" + bytes(170), good + bytes(1281), bytes(9000)):
                hostile.sendto(data, phone.target)
        await until(lambda: stream.counters.malformed == 7)
        phone.say()
        await until(lambda: stream.counters.received == 1)


async def test_padding_extensions_and_sources_are_understood() -> None:
    async with House() as house:
        a, caller = await house.leg()
        b, agent = await house.leg()
        house.engine.bridge(a, b)
        voice = PCMA.encode(range(160))
        assert caller.transport is not None
        for number, packet in enumerate(
            (
                b"\xb2\x08\0%c" + bytes(8) + bytes(8) + b"\xbe\xde\0\x01abcd" + voice + b"\0\0\x03",
                b"\x80\x08\0%c" + bytes(8) + voice,
            )
        ):
            caller.transport.sendto(packet.replace(b"%c", bytes((number,))), caller.target)
        assert [packet.payload for packet in await agent.hear(2)] == [voice, voice]


header = st.builds(
    lambda first, kind, rest: bytes((first, kind)) + rest,
    st.sampled_from([0x80, 0x80, 0x90, 0xA0, 0xB0, 0x81, 0x8F, 0x00, 0xC0]),
    st.sampled_from([8, 0x88, 0, 101, 96, 97, 0xE5, 72, 13]),
    st.binary(min_size=10, max_size=10),
)
datagram = st.one_of(st.binary(max_size=60), st.builds(bytes.__add__, header, st.binary(max_size=200)))


def test_fuzz_datagrams_never_raise_and_every_one_is_counted() -> None:
    async def run() -> None:
        async with House() as house:
            a, b, supervisor = (house.engine.open() for _ in range(3))
            for stream, codec in ((a, PCMA), (b, PCMU), (supervisor, PCMA)):
                stream.connect("127.0.0.1", 9, codec, 101)
            house.engine.bridge(a, b)
            house.engine.eavesdrop(supervisor, a)
            address, now = ("127.0.0.1", 9), 100.0

            @given(st.lists(datagram, min_size=1, max_size=10))
            def hostile(found: list[bytes]) -> None:
                nonlocal now
                for data in found:
                    now += 0.02
                    house.engine.packet[: len(data)] = data
                    before = total(a)
                    a.receive(len(data), address, now)
                    a.settle_key(now)
                    assert total(a) == before + 1

            hostile()

    asyncio.run(run())


def total(stream: Stream) -> int:
    counters = stream.counters
    return counters.received + counters.malformed + counters.foreign + counters.stranger + counters.refused


# --- the engine -----------------------------------------------------------------------------------


async def test_ports_are_even_taken_in_turn_and_given_back() -> None:
    engine = MediaEngine("127.0.0.1", range(12001, 12007))
    with pytest.raises(MediaError, match="start"):
        engine.open()
    engine.start()
    first, second, third = (engine.open() for _ in range(3))
    assert [stream.port for stream in (first, second, third)] == [12002, 12004, 12006]
    with pytest.raises(NoPortLeft, match="range"):
        engine.open()
    second.close()
    assert engine.open().port == 12004
    await engine.close()
    assert len(engine) == 0


async def test_a_port_that_another_program_has_is_passed_over() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 12010))
        engine = MediaEngine("127.0.0.1", range(12010, 12013))
        engine.start()
        assert engine.open().port == 12012
        await engine.close()


async def test_a_closed_leg_ends_everything_it_had_a_part_in() -> None:
    async with House() as house:
        a, _ = await house.leg(speaking=True)
        b, _ = await house.leg(speaking=True)
        ended: list[str] = []
        house.engine.bridge(a, b)
        supervisor, _ = await house.leg()
        house.engine.eavesdrop(supervisor, a, on_end=lambda: ended.append("eavesdrop"))
        a.play(ringing(times=None), lambda: ended.append("play"))
        a.close()
        a.close()
        await until(lambda: sorted(ended) == ["eavesdrop", "play"])
        assert b.peer is None
        assert not supervisor.mouths
        assert len(house.engine) == 2


async def test_nothing_is_left_after_close() -> None:
    def held() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    before, tasks = held(), len(asyncio.all_tasks())
    async with House() as house:
        legs = [await house.leg(speaking=True) for _ in range(20)]
        for (a, _), (b, _) in zip(legs[::2], legs[1::2], strict=True):
            house.engine.bridge(a, b)
        await legs[0][1].hear(5)
    await until(lambda: held() == before and len(asyncio.all_tasks()) == tasks)
    engine = house.engine
    del house, legs, a, b
    gc.collect()
    assert engine._timer is None
    assert not [found for found in gc.get_objects() if isinstance(found, Stream)]


async def test_an_engine_without_legs_does_not_wake() -> None:
    async with House() as house:
        stream, _ = await house.leg()
        stream.close()
        await until(lambda: house.engine._timer is None)
        stream, phone = await house.leg()
        stream.play(Silence(-1))
        await phone.hear(3)
