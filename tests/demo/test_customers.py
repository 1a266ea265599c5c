"""Simulated customers on the line of a hotline that a test plays: what they press, when, and how long they stay."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from cti.demo.call import CallOver, PhoneCall
from cti.demo.chance import chance_of
from cti.demo.customers import Customer, End, Temper, Way, new_number
from cti.demo.lines import Voices, hummed
from cti.demo.phone import Phone
from cti.softswitch.rtp import tones
from cti.softswitch.rtp.engine import MediaEngine
from cti.softswitch.rtp.sources import Playing

SPEED = 10.0
VOICES = Voices(hummed(150, SPEED), hummed(230, SPEED))
SENTENCE = tones.parse("%(400,0,440)").sound
LONG = tones.parse("%(5000,0,440)").sound
REPAIR = Way("4008008008", ("1",), End.PERSON)
LIMIT = 15.0


class Line:
    """Both ends of a customer's call, and the keys that the hotline has got."""

    def __init__(self, customer: Customer, call: PhoneCall, hotline: PhoneCall) -> None:
        self.customer = customer
        self.hotline = hotline
        self.keys = ""
        self.began = asyncio.get_running_loop().time()
        hotline.stream.on_key = self._pressed
        self.life = asyncio.create_task(self._live(call))

    async def _live(self, call: PhoneCall) -> None:
        with suppress(CallOver):
            await self.customer.live(call)

    def _pressed(self, key: str, _duration: int) -> None:
        self.keys += key

    async def presses(self, keys: str) -> None:
        assert await self.hotline.until(lambda: self.keys == keys, LIMIT), f"pressed {self.keys!r}, not {keys!r}"

    async def says_something(self) -> None:
        self.hotline.ear.forget()
        assert await self.hotline.until(lambda: self.hotline.ear.stretch > 0.1, LIMIT)

    async def hangs_up(self) -> None:
        with pytest.raises(CallOver):
            await self.hotline.until(lambda: False, LIMIT)
        await self.life


@asynccontextmanager
async def line(temper: Temper, way: Way = REPAIR) -> AsyncIterator[Line]:
    """A customer whom the hotline has answered."""
    media = MediaEngine("127.0.0.1", range(25000, 25400))
    media.start()
    rung: asyncio.Queue[PhoneCall] = asyncio.Queue()
    hotline, trunk = Phone("hotline", media, rung.put_nowait), Phone("trunk", media)
    await hotline.open()
    await trunk.open()
    call = trunk.dial(way.number, hotline.address, "13800138000")
    async with asyncio.timeout(LIMIT):
        answered = await rung.get()
    answered.answer()
    await answered.until(lambda: answered.up, LIMIT)
    here = Line(Customer(way, temper, VOICES, chance_of("test"), SPEED), call, answered)
    try:
        yield here
    finally:
        await asyncio.gather(hotline.close(), trunk.close())
        await here.life
        await media.close()


async def test_one_who_knows_the_menu_presses_before_it_is_over() -> None:
    async with line(Temper(knows=True)) as here:
        saying = asyncio.create_task(here.hotline.say(LONG))
        await here.presses("1")
        assert not saying.done()
        saying.cancel()


async def test_others_listen_to_the_end_of_what_is_said() -> None:
    async with line(Temper(knows=False)) as here:
        await here.hotline.say(SENTENCE)
        await here.hotline.rest(0.2)
        await here.hotline.say(SENTENCE)
        assert here.keys == ""
        await here.presses("1")


async def test_a_slip_is_put_right_when_it_is_asked_again() -> None:
    async with line(Temper(knows=False, slips=True)) as here:
        await here.hotline.say(SENTENCE)
        await here.presses("8")
        await here.hotline.say(SENTENCE)
        await here.presses("81")


async def test_patience_ends() -> None:
    async with line(Temper(knows=False, patience=20.0)) as here:
        await here.hotline.say(SENTENCE)
        await here.presses("1")
        here.hotline.stream.play(Playing(LONG, None))
        await here.hangs_up()
        assert here.customer.gave_up


async def test_one_who_has_pressed_nothing_waits_all_the_same() -> None:
    async with line(Temper(silent=True, patience=30.0)) as here:
        await here.hotline.say(SENTENCE)
        await here.hangs_up()
        assert (here.keys, here.customer.gave_up) == ("", True)


async def test_a_customer_talks_with_an_agent_and_answers_the_survey() -> None:
    async with line(Temper(score="4", knows=False)) as here:
        await here.hotline.say(SENTENCE)
        await here.presses("1")
        here.customer.with_agent = True
        await here.hotline.say(SENTENCE)
        await here.says_something()
        here.customer.with_agent = False
        await here.hotline.rest(1.0)
        await here.hotline.say(SENTENCE)
        await here.presses("14")


async def test_a_customer_of_few_words_leaves_first() -> None:
    async with line(Temper(lines=1)) as here:
        here.customer.with_agent = True
        await here.hotline.say(SENTENCE)
        await here.hangs_up()
        assert not here.customer.gave_up


async def test_an_agent_who_is_no_program_is_heard_and_answered() -> None:
    async with line(Temper(knows=False, patience=600.0)) as here:
        await here.hotline.say(SENTENCE)
        await here.presses("1")
        await here.hotline.say(SENTENCE)
        await here.hotline.rest(0.5)
        await here.hotline.say(SENTENCE)  # "good morning, what can I do for you"
        await here.says_something()


async def test_a_message_is_left_after_the_tone() -> None:
    async with line(Temper(knows=False), Way("4008008008", ("1",), End.MESSAGE)) as here:
        await here.hotline.say(SENTENCE)
        await here.presses("1")
        await here.hotline.say(SENTENCE)
        await here.says_something()
        await here.hangs_up()


async def test_a_call_back_is_asked_for() -> None:
    async with line(Temper(knows=False), Way("4008008008", ("2",), End.CALLBACK)) as here:
        await here.hotline.say(SENTENCE)
        await here.presses("2")
        await here.hotline.say(SENTENCE)
        await here.presses("21")


def test_the_same_chance_makes_the_same_customer() -> None:
    first, second = (
        [(Temper.draw(chance), new_number(chance)) for _ in range(20)] for chance in (chance_of(7), chance_of(7))
    )
    assert first == second
    assert len({number for _, number in first}) == 20


def test_numbers_are_as_long_as_chinese_ones() -> None:
    chance = chance_of("numbers")
    assert {len(new_number(chance)) for _ in range(200)} == {11, 12}
