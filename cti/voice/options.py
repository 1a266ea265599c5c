"""What the voice is told by the settings: section `voice` of config/cti.yaml, field for field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

VOICES: Final[Mapping[str, str]] = MappingProxyType({"zh-CN": "cmn", "yue": "yue", "en": "en-us"})
"""espeak-ng's voices by language."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the voice speaks, and where it keeps and finds what."""

    engine: Literal["espeak", "command"] = "espeak"
    voices: Mapping[str, str] = field(default_factory=lambda: VOICES)
    rate: int = 175
    pitch: int = 50
    pitch_range: int = 75
    command: Sequence[str] = ()
    version: str = ""
    limit: float = 20.0
    workers: int = 2
    cache: Path = Path("var/prompts")
    cache_megabytes: int = 500
    recordings: Path = Path("ivr_flows")
    replacements: Path = Path("ivr_flows/recorded.csv")
