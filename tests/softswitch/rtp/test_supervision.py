"""A supervisor hears both, and is heard by whom they choose."""

from itertools import pairwise

import pytest

from cti.softswitch.rtp.codec import PCMA, PCMU
from cti.softswitch.rtp.errors import MediaError
from cti.softswitch.rtp.sources import Playing
from cti.softswitch.rtp.stream import Stream
from cti.softswitch.rtp.supervision import Eavesdrop, Mode
from cti.softswitch.rtp.tones import parse
from tests.softswitch.rtp.ear import House, Phone, hears, until

CALLER, AGENT, BOSS, MUSIC = 440, 1000, 1500, 600


class Floor:
    """A caller (mu-law) and an agent who talk, and a supervisor who listens to the agent."""

    def __init__(self, house: House) -> None:
        self.house = house

    async def open(self, mode: Mode) -> "Floor":
        self.a, self.caller = await self.house.leg(CALLER, PCMU, speaking=True)
        self.b, self.agent = await self.house.leg(AGENT, PCMA, speaking=True)
        self.s, self.boss = await self.house.leg(BOSS, PCMA, speaking=True)
        self.house.engine.bridge(self.a, self.b)
        self.ended: list[bool] = []
        self.eavesdrop = self.house.engine.eavesdrop(self.s, self.b, mode, lambda: self.ended.append(True))
        return self

    async def hear(self, phone: Phone, *hertz: int) -> None:
        """Whether a phone hears these voices and no other, soon and then for 0.3 s."""
        await phone.hear(9)  # what was on its way
        assert hears(await phone.listen(15), *hertz)


@pytest.mark.parametrize(
    ("mode", "caller", "agent"),
    [
        (Mode.LISTEN, [AGENT], [CALLER]),
        (Mode.WHISPER, [AGENT], [CALLER, BOSS]),
        (Mode.WHISPER_OTHER, [AGENT, BOSS], [CALLER]),
        (Mode.BARGE, [AGENT, BOSS], [CALLER, BOSS]),
    ],
)
async def test_who_hears_whom(mode: Mode, caller: list[int], agent: list[int]) -> None:
    async with House() as house:
        floor = await Floor(house).open(mode)
        await floor.hear(floor.boss, CALLER, AGENT)
        await floor.hear(floor.caller, *caller)
        await floor.hear(floor.agent, *agent)


async def test_the_mode_changes_while_they_talk() -> None:
    async with House() as house:
        floor = await Floor(house).open(Mode.LISTEN)
        for mode, agent in ((Mode.WHISPER, [CALLER, BOSS]), (Mode.LISTEN, [CALLER]), (Mode.BARGE, [CALLER, BOSS])):
            floor.eavesdrop.mode = mode
            await floor.hear(floor.agent, *agent)
        floor.eavesdrop.stop()
        await floor.hear(floor.agent, CALLER)
        await until(lambda: floor.ended)
        assert floor.s.playing is None
        assert (floor.a.blend, floor.b.blend, floor.b.ears, floor.s.mouths) == (None, None, [], [])


async def test_numbers_go_on_when_a_supervisor_begins_and_ends() -> None:
    async with House() as house:
        floor = await Floor(house).open(Mode.LISTEN)
        await floor.agent.hear(5)
        floor.eavesdrop.mode = Mode.WHISPER
        await floor.agent.hear(20)
        floor.eavesdrop.mode = Mode.LISTEN
        await floor.agent.hear(10)
        for before, after in pairwise(floor.agent.heard):
            assert (after.sequence - before.sequence) & 0xFFFF == 1
            assert 0 < (after.timestamp - before.timestamp) & 0xFFFFFFFF <= 5 * 160


async def test_the_supervisor_follows_the_leg_to_its_next_peer() -> None:
    async with House() as house:
        floor = await Floor(house).open(Mode.BARGE)
        c, third = await house.leg(350, speaking=True)
        house.engine.bridge(floor.b, c)
        assert floor.a.blend is None
        await floor.hear(floor.boss, 350, AGENT)
        await floor.hear(third, AGENT, BOSS)


async def test_a_whisper_is_heard_over_music_and_without_any_peer() -> None:
    async with House() as house:
        target, phone = await house.leg(CALLER, speaking=True)
        supervisor, boss = await house.leg(BOSS, speaking=True)
        house.engine.eavesdrop(supervisor, target, Mode.WHISPER)
        hearing = Floor(house).hear
        await hearing(phone, BOSS)
        target.play(Playing(parse(f"%(1000,0,{MUSIC})").sound, None))
        await hearing(phone, BOSS, MUSIC)
        await hearing(boss, CALLER, MUSIC)


async def test_two_supervisors_are_both_heard() -> None:
    async with House() as house:
        floor = await Floor(house).open(Mode.WHISPER)
        second, other = await house.leg(350, speaking=True)
        house.engine.eavesdrop(second, floor.b, Mode.WHISPER)
        await floor.hear(floor.agent, CALLER, BOSS, 350)
        await floor.hear(other, CALLER, AGENT)


@pytest.mark.parametrize("who", ["s", "b"])
async def test_it_ends_when_one_of_them_goes(who: str) -> None:
    async with House() as house:
        floor = await Floor(house).open(Mode.BARGE)
        leg: Stream = getattr(floor, who)
        leg.close()
        await until(lambda: floor.ended)
        assert floor.eavesdrop.ended
        assert floor.a.blend is None


async def test_it_ends_when_the_supervisor_is_played_something_else() -> None:
    async with House() as house:
        floor = await Floor(house).open(Mode.LISTEN)
        floor.s.play(Playing(parse(f"%(1000,0,{MUSIC})").sound))
        await until(lambda: floor.ended)
        await floor.hear(floor.boss, MUSIC)


async def test_nobody_listens_to_themselves() -> None:
    async with House() as house:
        stream, _ = await house.leg()
        with pytest.raises(MediaError):
            house.engine.eavesdrop(stream, stream)
        with pytest.raises(MediaError):
            house.engine.bridge(stream, stream)
        assert not [found for found in stream.ears if isinstance(found, Eavesdrop)]
