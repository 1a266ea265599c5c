"""What can go wrong with media, and what to do about it."""

from typing import ClassVar

from cti.errors import Blame, CtiError


class MediaError(CtiError):
    """Root of the errors of the media room."""


class NoPortLeft(MediaError):
    """Every RTP port of the range is taken."""

    blame: ClassVar[Blame] = Blame.ADMIN
    remedy = "Widen the range of RTP ports, or limit the number of calls: a leg takes one even port"


class BadAddress(MediaError):
    """The remote side of a stream is not an IPv4 address and a port."""

    blame: ClassVar[Blame] = Blame.CALLER
    remedy = "Give the IPv4 address of the connection line of the SDP (RFC 8866, 5.7)"


class SoundError(MediaError):
    """A prompt, a tone or music cannot be played."""

    blame: ClassVar[Blame] = Blame.ADMIN
    remedy = "Give a WAV of 16-bit PCM: sox IN.wav -r 8000 -c 1 -b 16 OUT.wav"


class BadKeys(MediaError):
    """Keys that cannot be sent."""

    blame: ClassVar[Blame] = Blame.CALLER
    remedy = "Send 0-9, *, #, A-D; w waits half a second, W a whole one"
