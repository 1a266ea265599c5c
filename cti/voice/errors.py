"""What can go wrong between a prompt and its sound."""

from typing import ClassVar

from cti.errors import Blame, CtiError


class VoiceError(CtiError):
    """Root of the room's errors."""


class Unspeakable(VoiceError):
    """A text that the engine cannot say: empty, or of characters without a sound."""

    blame: ClassVar[Blame] = Blame.ADMIN
    remedy = "Change the text, or record it (voice.replacements)"


class EngineError(VoiceError):
    """The engine is missing, failed, took too long or gave no sound."""

    blame: ClassVar[Blame] = Blame.ADMIN


class RecordingError(VoiceError):
    """A recorded file that is missing or is no sound."""

    blame: ClassVar[Blame] = Blame.ADMIN
    remedy = "Put a WAV, MP3, FLAC or OGG Vorbis there"


class ReplacementsError(VoiceError):
    """The list of recorded texts cannot be read."""

    blame: ClassVar[Blame] = Blame.ADMIN


class CacheError(VoiceError):
    """Sound cannot be kept in the cache folder."""

    blame: ClassVar[Blame] = Blame.ADMIN
    remedy = "Look at voice.cache: its folder, permissions and the space left on its disk"
