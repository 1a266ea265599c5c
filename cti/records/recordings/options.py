"""How recordings are kept: the section `recordings` of the settings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Options:
    """How recordings are kept."""

    folder: Path = Path("recordings")
    convert: Literal["none", "opus", "mp3"] = "none"
    bitrate: int = 32
    """kb/s of what is converted."""
    command: tuple[str, ...] = ()
    """The program that converts, with {source}, {target}, {bitrate}; empty: opusenc, lame or ffmpeg."""
    warn_megabytes: int = 5_000
    """With less room on the disk than this an alarm is raised."""
    stop_megabytes: int = 500
    """With less than this nothing more is recorded, so that calls and the database have the rest."""
    workers: int = 2
    """Recordings that are finished at the same time."""
