"""What simulated people say."""

from pathlib import Path

import pytest

from cti.demo.chance import chance_of
from cti.demo.lines import Lines, hummed, spoken
from cti.softswitch.rtp.errors import SoundError
from tests.acceptance.phones.sound import write_tone


def test_a_deeper_voice_is_slower(tmp_path: Path) -> None:
    write_tone(tmp_path / "a.wav", 440, 1)
    [as_it_is], [deeper] = spoken([tmp_path / "a.wav"]), spoken([tmp_path / "a.wav"], 1.25)
    assert (as_it_is.milliseconds, deeper.milliseconds) == (999, 1249)


def test_what_is_no_sound_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(SoundError, match=r"a.wav: cannot be read: file does not start with RIFF id"):
        spoken([tmp_path / "a.wav"])


def test_humming_is_as_much_faster_as_people_are() -> None:
    slow, fast = hummed(150), hummed(150, 4.0)
    assert 3.8 < slow.parting[0].milliseconds / fast.parting[0].milliseconds < 4.2


def test_a_conversation_opens_with_an_opening() -> None:
    hum = hummed(150)
    lines = Lines(hum.opening, hum.between, hum.parting)
    assert lines.line(0, chance_of("a")) in hum.opening
    assert lines.line(1, chance_of("a")) in hum.between
