"""One call of a simulated phone, as the person with the receiver sees it."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

from cti.demo.ear import Ear
from cti.softswitch.rtp.audio import Sound
from cti.softswitch.rtp.codec import CODECS
from cti.softswitch.rtp.engine import MediaEngine
from cti.softswitch.rtp.errors import BadKeys
from cti.softswitch.rtp.sources import Playing
from cti.softswitch.sip import sdp
from cti.softswitch.sip.call import Call
from cti.softswitch.sip.handler import Ending

LOOK_EVERY: Final = 0.05
"""Seconds between two looks at what a person waits for."""


class CallOver(Exception):
    """The call has ended: whoever was doing something in it stops doing that."""


class PhoneCall:
    """A call with its sound. Whatever waits here raises CallOver when the call ends, for whatever reason.

    Raises NoPortLeft when it is made.
    """

    def __init__(self, media: MediaEngine) -> None:
        self.stream = media.open()
        self.ear = Ear(self.stream)
        self.call: Call
        """Set as soon as SIP knows of it."""
        self.up = False
        """Both have agreed to talk."""
        self.over = False
        self.ending: Ending | None = None
        self._host = media.host
        self._session = secrets.randbelow(2**31)
        self._version = 0
        self._agreed: sdp.Agreement | None = None

    @property
    def caller(self) -> str:
        """The number that an inbound call shows."""
        return self.call.from_user

    # What the person does

    def answer(self) -> None:
        """Picks up; refuses a call that offers no sound that we know."""
        offer = self.call.remote_sdp
        agreed = None if offer is None else sdp.agree(offer)
        if offer is None or agreed is None:
            self.decline(488)
        else:
            self._use(agreed)
            self.call.answer(self._described(offer))

    def decline(self, status: int = 603) -> None:
        """Does not want this call: 603 Decline, 486 busy."""
        self.call.reject(status)

    def hang_up(self) -> None:
        """Puts the receiver down, whatever state the call is in."""
        self.call.hangup()

    async def press(self, keys: str) -> None:
        """Presses keys one after the other, until they are sent (RFC 4733)."""
        sent = asyncio.Event()
        try:
            self.stream.send_keys(keys, on_end=sent.set)
        except BadKeys:
            return  # the other side takes none
        await self.until(sent.is_set)

    async def say(self, sound: Sound) -> None:
        """Says something to its end."""
        said = asyncio.Event()
        self.stream.play(Playing(sound), said.set)
        await self.until(said.is_set)

    async def until(self, condition: Callable[[], bool], seconds: float = 3600.0) -> bool:
        """Waits until something is so; False when it is not within `seconds`."""
        end = asyncio.get_running_loop().time() + seconds
        while not self.over:
            if condition():
                return True
            if asyncio.get_running_loop().time() >= end:
                return False
            await asyncio.sleep(LOOK_EVERY)
        raise CallOver

    async def rest(self, seconds: float) -> None:
        """Lets time pass."""
        await self.until(lambda: False, seconds)

    # What the phone is told

    def offer(self) -> bytes:
        """What we say of our media in a call of our own."""
        self._version += 1
        return sdp.offer((self._host, self.stream.port), session=self._session, version=self._version)

    def accepted(self) -> None:
        """The other side has answered. Hangs up when it takes no sound that we know."""
        answer = self.call.remote_sdp
        agreed = None if answer is None else sdp.agree(answer)
        if agreed is None:
            self.hang_up()
        else:
            self._use(agreed)
            self.up = True

    def offered_anew(self, offer: sdp.Description | None) -> bytes | None:
        """Hold, or the end of it; gives our answer, None when we cannot agree."""
        if offer is None:
            return self.offer()
        agreed = sdp.agree(offer)
        if agreed is None:
            return None
        self._use(agreed)
        return self._described(offer)

    def ended(self, ending: Ending) -> None:
        """It is over."""
        self.over, self.up, self.ending = True, False, ending
        self.stream.close()

    def _use(self, agreed: sdp.Agreement) -> None:
        self._agreed = agreed
        self.stream.connect(
            *agreed.remote,
            CODECS[0 if agreed.codec == "PCMU" else 8],
            agreed.telephone_event,
            sending=agreed.direction.sends,
            receiving=agreed.direction.receives,
        )

    def _described(self, offer: sdp.Description) -> bytes:
        assert self._agreed is not None  # noqa: S101 (who answers has agreed)
        self._version += 1
        local = (self._host, self.stream.port)
        return sdp.answer(offer, self._agreed, local, session=self._session, version=self._version)
