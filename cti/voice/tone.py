"""The tone before a message."""

import array
import math
import wave
from pathlib import Path
from typing import Final

RATE: Final = 8_000
HERTZ: Final = 1_000
SECONDS: Final = 0.5
LOUDNESS: Final = 6_000


def beep(folder: Path) -> Path:
    """The absolute path of the tone's WAV in `folder`, which is made when it is not there. Raises OSError."""
    path = folder.absolute() / "beep.wav"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        count = round(RATE * SECONDS)
        wavelength = 2 * math.pi * HERTZ / RATE
        samples = array.array("h", (round(LOUDNESS * math.sin(wavelength * at)) for at in range(count)))
        half_made = path.with_suffix(".part")
        with wave.open(str(half_made), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(samples.tobytes())
        half_made.replace(path)
    return path
