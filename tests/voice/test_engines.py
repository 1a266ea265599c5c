"""Any command as the engine."""

import stat
import sys
from pathlib import Path

import pytest

from cti.ivr.prompts import Speech
from cti.voice.errors import EngineError, Unspeakable
from cti.voice.voice import Voice
from tests.voice.conftest import Make, until
from tests.voice.sounds import read_wav, seconds, sine, write_wav

HELLO = Speech("Hello", "en")

TONE = """
import math, struct, sys, wave
def tone(file, length):
    with wave.open(file, "wb") as out:
        out.setnchannels(2); out.setsampwidth(2); out.setframerate(24000)
        for i in range(int(24000 * length)):
            out.writeframes(struct.pack("<hh", *[int(9000 * math.sin(i / 8))] * 2))
"""


def program(tmp_path: Path, code: str) -> str:
    """A text-to-speech program that is a small Python program."""
    path = tmp_path / "my-tts"
    path.write_text(f"#!{sys.executable}\n{TONE}{code}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


async def test_the_text_comes_on_standard_input_and_the_sound_goes_to_a_file(options: Make, tmp_path: Path) -> None:
    code = "assert sys.argv[1:3] == ['--lang', 'en']\ntone(sys.argv[4], len(sys.stdin.read()) / 10)"
    command = [program(tmp_path, code), "--lang", "{language}", "--out", "{file}"]
    async with Voice(options(engine="command", command=command)) as voice:
        assert seconds(read_wav(await voice.path(HELLO))) == pytest.approx(0.02 + 0.5 + 0.04, abs=0.01)


async def test_the_text_may_be_an_argument_and_the_sound_may_go_to_standard_output(
    options: Make, tmp_path: Path
) -> None:
    code = "import io\nfile = io.BytesIO(); tone(file, len(sys.argv[1]) / 10); sys.stdout.buffer.write(file.getvalue())"
    async with Voice(options(engine="command", command=[program(tmp_path, code), "{text}"])) as voice:
        assert seconds(read_wav(await voice.path(HELLO))) == pytest.approx(0.02 + 0.5 + 0.04, abs=0.01)


async def test_no_shell_reads_the_text_and_it_is_no_option(options: Make, tmp_path: Path) -> None:
    code = f"tone(sys.argv[2], 0.3)\nopen({str(tmp_path / 'seen')!r}, 'w').write(sys.argv[1])"
    async with Voice(options(engine="command", command=[program(tmp_path, code), "{text}", "{file}"])) as voice:
        await voice.path(Speech("--help; touch {file} $(id) `id`", "en"))
    assert (tmp_path / "seen").read_text() == " --help; touch {file} $(id) `id`"


async def test_the_voice_of_the_language_is_given(options: Make, tmp_path: Path) -> None:
    code = f"tone(sys.argv[2], 0.3)\nopen({str(tmp_path / 'seen')!r}, 'w').write(sys.argv[1])"
    command = [program(tmp_path, code), "--voice={voice}", "{file}"]
    async with Voice(options(engine="command", command=command, voices={"en": "Alice"})) as voice:
        await voice.path(HELLO)
    assert (tmp_path / "seen").read_text() == "--voice=Alice"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("sys.exit('no such model')", "{tts} failed for 'Hello' (exit code 1): no such model"),
        ("sys.exit(3)", "{tts} failed for 'Hello' (exit code 3)"),
        (
            "pass",
            "{tts} gave no sound for 'Hello'. "
            "It writes to {{file}} if an argument of voice.command names it, else to standard output",
        ),
        ("open(sys.argv[1], 'w').write('garbage')", "what {tts} gave for 'Hello': not a WAV, MP3, FLAC or OGG Vorbis"),
        ("open(sys.argv[1], 'w').write('RIFF garbage')", "what {tts} gave for 'Hello': cannot be decoded"),
        ("open(sys.argv[1], 'wb').write(b'ID3' + bytes(9000))", "what {tts} gave for 'Hello': cannot be decoded"),
        (
            "wave.open(sys.argv[1], 'wb').setparams((1, 2, 8000, 0, 'NONE', ''))",
            "what {tts} gave for 'Hello': no sound in it",
        ),
    ],
)
async def test_a_command_that_fails_is_told_and_leaves_nothing(
    options: Make, tmp_path: Path, code: str, error: str
) -> None:
    tts = program(tmp_path, code)
    async with Voice(options(engine="command", command=[tts, "{file}"])) as voice:
        with pytest.raises(EngineError) as raised:
            await voice.path(HELLO)
        assert str(raised.value) == error.format(tts=tts)
        assert voice.cached() == (0, 0)


async def test_a_command_that_hangs_ends_with_its_time_and_so_do_its_children(options: Make, tmp_path: Path) -> None:
    script = f"sleep 60 & echo $! > {tmp_path}/child; wait"
    async with Voice(options(engine="command", command=["/bin/sh", "-c", script], limit=1.0)) as voice:
        with pytest.raises(EngineError, match="took longer than 1 s for 'Hello'. Raise voice.limit"):
            await voice.path(HELLO)
    child = int((tmp_path / "child").read_text())
    await until(lambda: not running(child))


def running(process: int) -> bool:
    """Whether the process is there and is more than an entry that nobody has asked for."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_program_that_there_is_not_is_told(options: Make) -> None:
    async with Voice(options(engine="command", command=["/nowhere/tts"])) as voice:
        with pytest.raises(EngineError) as raised:
            await voice.path(HELLO)
    assert str(raised.value) == "/nowhere/tts cannot be started: No such file or directory. Look at voice.command"


async def test_a_text_with_nothing_to_say_is_not_given_to_the_command(options: Make) -> None:
    async with Voice(options(engine="command", command=["/nowhere/tts"])) as voice:
        with pytest.raises(Unspeakable):
            await voice.path(Speech("。。。", "zh-CN"))


def test_a_command_engine_needs_a_command(options: Make) -> None:
    with pytest.raises(EngineError, match="voice.engine is command, but voice.command is empty"):
        Voice(options(engine="command"))


async def test_another_command_or_version_renders_anew(options: Make, tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", sine(500, 8000), 8000)
    cat = ["/bin/cat", str(tmp_path / "a.wav")]
    keys = set()
    for changes in ({"command": cat}, {"command": [*cat, "-"]}, {"command": cat, "version": "2"}):
        async with Voice(options(engine="command", **changes)) as voice:
            keys.add((await voice.path(HELLO)).name)
    assert len(keys) == 3
    assert len(list(options().cache.iterdir())) == 3
