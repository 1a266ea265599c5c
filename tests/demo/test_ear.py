"""What a simulated person makes of the packets that come: sound, silence, music."""

from cti.demo.ear import Ear
from cti.softswitch.rtp.codec import PCMA
from cti.softswitch.rtp.engine import MediaEngine

TONE = PCMA.encode([4000 if at // 4 % 2 else -4000 for at in range(160)])
SILENCE = PCMA.frame_of_silence
HISS = PCMA.encode([40 if at % 2 else -40 for at in range(160)])


class Listening:
    """An ear, and a clock that moves 20 ms with each packet."""

    def __init__(self, media: MediaEngine) -> None:
        self.now = 1000.0
        self.ear = Ear(media.open(), lambda: self.now)

    def hears(self, packet: bytes | None, seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            self.now += 0.02
            if packet is not None:
                self.ear.target_received(packet)


async def listening() -> Listening:
    media = MediaEngine("127.0.0.1", range(22000, 23000))
    media.start()
    found = Listening(media)
    await media.close()
    return found


async def test_before_the_first_sound_nothing_was_heard() -> None:
    line = await listening()
    line.hears(None, 2.0)
    line.hears(SILENCE, 1.0)
    line.hears(HISS, 1.0)
    assert line.ear.stretch == 0
    assert round(line.ear.quiet, 2) == 4.0


async def test_two_sentences_are_one_stretch_and_silence_after_them_counts_from_their_end() -> None:
    line = await listening()
    line.hears(TONE, 2.0)
    line.hears(SILENCE, 0.4)
    line.hears(TONE, 1.0)
    assert round(line.ear.stretch, 1) == 3.4
    assert line.ear.quiet == 0
    line.hears(None, 0.7)
    assert round(line.ear.quiet, 2) == 0.7


async def test_after_a_long_silence_a_new_stretch_begins() -> None:
    line = await listening()
    line.hears(TONE, 2.0)
    line.hears(None, 1.5)
    line.hears(TONE, 0.5)
    assert round(line.ear.stretch, 1) == 0.5


async def test_music_is_what_never_draws_breath() -> None:
    line = await listening()
    for _ in range(10):
        line.hears(TONE, 1.5)
        line.hears(None, 0.3)
    assert not line.ear.music
    line.hears(TONE, 6.5)
    assert line.ear.music


async def test_what_was_heard_can_be_forgotten() -> None:
    line = await listening()
    line.hears(TONE, 8.0)
    line.ear.forget()
    assert (line.ear.stretch, line.ear.music) == (0, False)
    line.hears(TONE, 1.0)
    assert round(line.ear.stretch, 1) == 1.0


async def test_an_ear_is_gone_with_its_stream() -> None:
    media = MediaEngine("127.0.0.1", range(22000, 23000))
    media.start()
    stream = media.open()
    Ear(stream)
    stream.close()
    assert stream.ears == []
    await media.close()
