"""The simulated phone on the embedded switch, and with its like: registers, rings, talks, presses keys, hangs up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cti.demo.call import CallOver, PhoneCall
from cti.demo.phone import NotRegistered, Phone
from cti.softswitch import api
from cti.softswitch.channel import Channel
from cti.softswitch.rtp import tones
from cti.softswitch.rtp.engine import MediaEngine
from cti.softswitch.sip import sdp
from cti.softswitch.sip.address import Address
from cti.softswitch.sip.digest import Secret
from cti.softswitch.switch import Options, Switch

WORDS = tones.parse("%(300,0,440)").sound
PASSWORD = Secret("pw-of-1001")
LIMIT = 5.0


class Watched(Switch):
    """A switch whose keys can be looked at."""

    def __init__(self) -> None:
        phones, ports = {"1001": "pw-of-1001"}, range(24000, 24400)
        super().__init__(Options(internal_port=0, external_port=0, esl_port=0, rtp_ports=ports, phones=phones))
        self.pressed = ""

    def press(self, channel: Channel, digit: str, duration: int, source: str) -> None:
        self.pressed += digit
        super().press(channel, digit, duration, source)

    @property
    def registrar(self) -> Address:
        return ("127.0.0.1", self.internal_port)

    @property
    def trunk(self) -> Address:
        return ("127.0.0.1", self.external_port)


class House:
    """A switch, an agent's phone, and a trunk."""

    def __init__(self, media: MediaEngine) -> None:
        self.switch = Watched()
        self.rung: asyncio.Queue[PhoneCall] = asyncio.Queue()
        self.agent = Phone("agent", media, self.rung.put_nowait)
        self.trunk = Phone("trunk", media)

    async def next_ring(self) -> PhoneCall:
        async with asyncio.timeout(LIMIT):
            return await self.rung.get()

    async def parked_caller(self, number: str = "13800138000") -> PhoneCall:
        """A customer whom the switch has answered."""
        call = self.trunk.dial("4008008008", self.switch.trunk, number)
        await call.until(lambda: bool(self.switch.channels), LIMIT)
        self.switch.answer(next(iter(self.switch.channels.values())))
        assert await call.until(lambda: call.up, LIMIT)
        return call


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    media = MediaEngine("127.0.0.1", range(24400, 24800))
    media.start()
    found = House(media)
    await found.switch.start()
    await found.agent.open()
    await found.trunk.open()
    try:
        yield found
    finally:
        await asyncio.gather(found.agent.close(), found.trunk.close())
        await media.close()
        await found.switch.close()


async def over(call: PhoneCall) -> str:
    """Waits for the end and gives its cause."""
    with pytest.raises(CallOver):
        await call.until(lambda: False, LIMIT)
    assert call.ending is not None
    return call.ending.cause


async def test_a_phone_registers_with_its_password_and_again() -> None:
    async with house() as home:
        await home.agent.register("1001", PASSWORD, home.switch.registrar)
        await home.agent.register("1001", PASSWORD, home.switch.registrar)
        assert [row["reg_user"] for row in home.switch.registrations()] == ["1001"]


async def test_a_wrong_password_is_told() -> None:
    async with house() as home:
        with pytest.raises(NotRegistered, match="the phone of 1001 is not registered: 403 Forbidden"):
            await home.agent.register("1001", Secret("guessed"), home.switch.registrar)


async def test_a_customer_presses_keys() -> None:
    async with house() as home:
        call = await home.parked_caller()
        await call.press("19#")
        await call.until(lambda: len(home.switch.pressed) == 3, LIMIT)
        assert home.switch.pressed == "19#"


async def test_the_caller_sees_the_number_and_both_hear_each_other() -> None:
    async with house() as home:
        await home.agent.register("1001", PASSWORD, home.switch.registrar)
        caller = await home.parked_caller()
        [leg] = home.switch.channels
        originated = asyncio.create_task(
            api.run(home.switch, "originate", "{origination_caller_id_number=13800138000}user/1001 &park")
        )
        agent = await home.next_ring()
        assert agent.caller == "13800138000"
        agent.answer()
        await agent.until(lambda: agent.up, LIMIT)
        await api.run(home.switch, "uuid_bridge", f"{leg} {(await originated).split()[1]}")
        for speaks, listens in ((agent, caller), (caller, agent)):
            await speaks.say(WORDS)
            assert await listens.until(lambda ear=listens.ear: ear.stretch > 0.2, LIMIT)
        agent.hang_up()
        assert await over(agent) == "NORMAL_CLEARING"


async def test_an_agent_declines() -> None:
    async with house() as home:
        await home.agent.register("1001", PASSWORD, home.switch.registrar)
        originated = asyncio.create_task(api.run(home.switch, "originate", "user/1001 &park"))
        (await home.next_ring()).decline()
        assert (await originated).strip() == "-ERR CALL_REJECTED"


async def test_whatever_waits_is_told_when_the_other_side_hangs_up() -> None:
    async with house() as home:
        call = await home.parked_caller()
        saying = asyncio.create_task(call.say(tones.parse("%(5000,0,440)").sound))
        await asyncio.sleep(0.1)
        home.switch.hang_up(next(iter(home.switch.channels.values())), "NORMAL_CLEARING")
        with pytest.raises(CallOver):
            await saying
        assert (call.up, call.over, call.stream.closed) == (False, True, True)


async def test_a_call_that_is_refused_is_over() -> None:
    async with house() as home:
        assert (
            await over(home.trunk.dial("not a number".replace(" ", ""), home.switch.trunk, "")) == "UNALLOCATED_NUMBER"
        )


async def test_a_phone_agrees_to_hold_and_back() -> None:
    async with house() as home:
        call = home.trunk.dial("1001", home.agent.address, "13800138000")
        agent = await home.next_ring()
        agent.answer()
        await agent.until(lambda: agent.up and call.up, LIMIT)
        held = sdp.offer(("127.0.0.1", call.stream.port), session=1, version=9, direction=sdp.Direction.SENDONLY)
        call.call.reinvite(held)
        await agent.until(lambda: agent.call.remote_sdp is not None and agent.call.remote_sdp.hold, LIMIT)
        await agent.say(WORDS)
        assert call.stream.counters.received == 0
        call.call.reinvite(call.offer())
        await call.until(lambda: agent.call.remote_sdp is not None and not agent.call.remote_sdp.hold, LIMIT)
        await agent.say(WORDS)
        assert call.stream.counters.received == 15


async def test_nothing_is_left_when_phones_are_closed_amid_calls() -> None:
    before = asyncio.all_tasks()
    async with house() as home:
        await home.agent.register("1001", PASSWORD, home.switch.registrar)
        call = await home.parked_caller()
        talking = asyncio.create_task(call.until(lambda: False))
    with pytest.raises(CallOver):
        await talking
    assert asyncio.all_tasks() == before
