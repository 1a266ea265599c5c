"""Recordings, heard with the ear: who is left, who is right, and when."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from cti.softswitch.rtp import recorder
from cti.softswitch.rtp.codec import PCMA, PCMU, Codec
from cti.softswitch.rtp.errors import MediaError
from cti.softswitch.rtp.recorder import Layout, Recorded, Recording, Writer
from cti.softswitch.rtp.sources import Playing
from cti.softswitch.rtp.stream import Stream
from cti.softswitch.rtp.tones import parse
from tests.softswitch.rtp.ear import House, hears, level, loudness, tone, until, wav


async def finished(recording: Recording, done: list[Recorded]) -> Recorded:
    recording.stop()
    await until(lambda: done)
    return done[0]


def middle(samples: Sequence[int]) -> Sequence[int]:
    """Without the first and the last 150 ms."""
    return samples[1200:-1200]


@pytest.mark.parametrize(("one", "other"), [(PCMA, PCMA), (PCMU, PCMA)])
async def test_caller_left_and_agent_right(tmp_path: Path, one: Codec, other: Codec) -> None:
    async with House() as house:
        a, _ = await house.leg(440, one, speaking=True)
        b, agent = await house.leg(1000, other, speaking=True)
        house.engine.bridge(a, b)
        await agent.hear(3)
        started, done = asyncio.Event(), list[Recorded]()
        path = tmp_path / "new" / "call.wav"
        recording = a.record(path, on_done=done.append, on_start=lambda _: started.set())
        await started.wait()
        await agent.hear(60)
        recorded = await finished(recording, done)
        left, right = wav(path)
        assert hears(middle(left), 440)
        assert hears(middle(right), 1000)
        assert recorded == Recorded(path, len(left) // 8, len(left))
        assert 1100 < recorded.milliseconds < 1600


async def test_one_channel_with_both_and_one_with_the_leg_alone(tmp_path: Path) -> None:
    async with House() as house:
        a, _ = await house.leg(440, speaking=True)
        b, agent = await house.leg(1000, speaking=True)
        house.engine.bridge(a, b)
        await agent.hear(3)
        mixed, own = a.record(tmp_path / "mixed.wav", Layout.MIXED), a.record(tmp_path / "own.wav", Layout.OWN)
        await agent.hear(40)
        mixed.stop()
        own.stop()
    assert hears(middle(wav(tmp_path / "mixed.wav")[0]), 440, 1000)
    assert hears(middle(wav(tmp_path / "own.wav")[0]), 440)


async def test_prompts_are_what_the_leg_hears(tmp_path: Path) -> None:
    async with House() as house:
        stream, phone = await house.leg(440, speaking=True)
        await until(lambda: stream.counters.received)
        recording = stream.record(tmp_path / "a.wav")
        stream.play(Playing(parse("%(600,0,600)").sound))
        await phone.hear(30)
        recording.stop()
    left, right = wav(tmp_path / "a.wav")
    assert hears(middle(left), 440)
    assert hears(middle(right), 600)


async def test_masked_stretches_are_silent_on_both_sides(tmp_path: Path) -> None:
    async with House() as house:
        a, _ = await house.leg(440, speaking=True)
        b, agent = await house.leg(1000, speaking=True)
        house.engine.bridge(a, b)
        await agent.hear(3)
        recording = a.record(tmp_path / "a.wav")
        marks = []
        for masked in (False, True, False):
            recording.mask(masked)
            assert recording.masked is masked
            await agent.hear(30)
            marks.append(recording.samples_at(asyncio.get_running_loop().time()))
        recording.stop()
    for samples, hertz in zip(wav(tmp_path / "a.wav"), (440, 1000), strict=True):
        first, second, third = (
            samples[at + 1000 : end - 1000] for at, end in zip([0, *marks[:2]], [*marks[:2], len(samples)], strict=True)
        )
        assert hears(first, hertz)
        assert loudness(second) < 20
        assert hears(third, hertz)


async def test_gaps_become_silence_where_they_were(tmp_path: Path) -> None:
    async with House() as house:
        stream, phone = await house.leg(440)
        recording = stream.record(tmp_path / "a.wav")
        clock, marks = asyncio.get_running_loop().time, []
        for _ in range(2):
            await asyncio.sleep(0.4)
            marks.append(recording.samples_at(clock()))
            phone.speak()
            await asyncio.sleep(0.4)
            phone.hush()
            marks.append(recording.samples_at(clock()))
        recording.stop()
    left = wav(tmp_path / "a.wav")[0]
    for number, (at, end) in enumerate(zip([0, *marks[:-1]], marks, strict=True)):
        stretch = left[at + 960 : end - 960]
        assert hears(stretch, 440) if number % 2 else loudness(stretch) < 20


async def test_a_file_can_be_read_while_it_grows(tmp_path: Path) -> None:
    async with House() as house:
        stream, _ = await house.leg(440, speaking=True)
        recording = stream.record(tmp_path / "a.wav")
        path = tmp_path / "a.wav"
        await until(lambda: path.exists() and path.stat().st_size > 44 and len(wav(path)[0]))
        left, _ = wav(path)  # the wave module believes the header
        assert 44 + 4 * len(left) <= path.stat().st_size
        assert hears(left[1600:], 440)
        recording.stop()


async def test_a_leg_that_goes_completes_its_recording(tmp_path: Path) -> None:
    async with House() as house:
        stream, _ = await house.leg(440, speaking=True)
        done: list[Recorded] = []
        stream.record(tmp_path / "a.wav", on_done=done.append)
        await until(lambda: stream.counters.received > 20)
        stream.close()
        await until(lambda: done)
        assert done[0].milliseconds > 300
        with pytest.raises(MediaError, match="gone"):
            stream.record(tmp_path / "b.wav")
    assert not [thread for thread in threading.enumerate() if thread.name == "recordings"]


async def test_a_file_that_cannot_be_written_is_told_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with House() as house:
        stream, _ = await house.leg(440, speaking=True)
        done: list[Recorded] = []
        recorded = await finished(stream.record(tmp_path / "file" / "a.wav", on_done=done.append), done)
        assert recorded.samples == 0
        assert "file" in str(recorded.error)


async def test_a_slow_disk_holds_sound_back_and_loses_the_oldest_as_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    writer, now = Writer(loop), 0.0
    monkeypatch.setattr(writer, "now", lambda: now)
    monkeypatch.setattr(recorder, "MOST_HELD", 8000)
    monkeypatch.setattr(writer, "has_room", lambda: False)
    done: list[Recorded] = []
    recording = writer.start(tmp_path / "a.wav", Layout.OWN, PCMA, done.append, None)
    voice = PCMA.encode(tone(440, 160 * 150))
    for number in range(150):
        now = (number + 1) * 0.02
        recording.received(voice[number * 160 : (number + 1) * 160], 1, now)
        if number % 50 == 49:
            recording.flush(now)
    monkeypatch.setattr(writer, "has_room", lambda: True)
    recording.stop()
    await writer.close()
    await until(lambda: done)
    samples = wav(tmp_path / "a.wav")[0]
    assert len(samples) == 24000 == done[0].samples
    assert loudness(samples[:8000]) == 0
    assert level(samples[-4000:], 440) > 7000


def tracks(positions: Sequence[tuple[float, int]]) -> bytes:
    """What is recorded of packets that come at these times (s) after so many steps."""

    class Desk:
        def now(self) -> float:
            return 0.0

    recording = Recording(Desk(), Path("x"), Layout.STEREO, PCMA, 0.0)  # type: ignore[arg-type]
    for at, step in positions:
        recording.received(b"\x00" * 160, step, at)
    return bytes(recording._own.buffer)


def test_jitter_leaves_no_holes() -> None:
    assert tracks([(0.02 + number * 0.02 + (number % 5) * 0.015, 1) for number in range(50)]) == bytes(8000)


def test_the_first_packet_stands_where_it_came() -> None:
    assert tracks([(0.1, 1), (0.12, 1)]) == PCMA.silence * 640 + bytes(320)


def test_a_lost_packet_is_20_ms_of_silence() -> None:
    assert tracks([(0.02, 1), (0.06, 2)]) == bytes(160) + PCMA.silence * 160 + bytes(160)


def test_a_phone_that_floods_is_not_recorded_ahead_of_the_clock() -> None:
    assert len(tracks([(0.02, 1)] * 100)) <= 160 + recorder.SLACK + 160


async def test_recording_follows_a_leg_that_changes_its_codec(tmp_path: Path) -> None:
    async with House() as house:
        stream, phone = await house.leg(440, PCMA, speaking=True)
        recording = stream.record(tmp_path / "a.wav", Layout.OWN)
        await until(lambda: stream.counters.received > 25)
        phone.codec = PCMU
        phone.call(stream)
        await until(lambda: stream.counters.received > 55)
        recording.stop()
    assert hears(middle(wav(tmp_path / "a.wav")[0]), 440)


def test_streams_have_no_recording_left(tmp_path: Path) -> None:
    async def run() -> Stream:
        async with House() as house:
            stream, _ = await house.leg()
            stream.record(tmp_path / "a.wav").stop()
            stream.record(tmp_path / "b.wav")
            assert len(stream._recordings) == 1
        return stream

    assert asyncio.run(run())._recordings == []
