"""Whatever order and whatever damage: answers or silence, never an error of ours, and nothing left behind."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cti.softswitch.sip.agent import Options, UserAgent
from cti.softswitch.sip.call import Call
from cti.softswitch.sip.errors import NotNow
from cti.softswitch.sip.message import Request, parse
from tests.softswitch.sip.kit import OFFER, QUICK, Core, TextPhone, answer_at_once, secret_of

PEER = ("127.0.0.1", 6070)
MESSAGES = ["INVITE", "ACK", "BYE", "CANCEL", "INFO", "REFER", "UPDATE", "OPTIONS", "NOTIFY"]
ANSWERS = ["100", "180", "183", "200", "302", "407", "486", "487", "491", "481"]
WISHES = ["answer", "ring", "hangup", "reinvite", "reject", "notify", "transferred"]


class Mouth:
    """Stands for the socket: keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def sendto(self, data: bytes, peer: Any) -> None:
        self.sent.append(data)

    def get_extra_info(self, name: str) -> Any:
        return ("127.0.0.1", 5080)

    def close(self) -> None:
        pass


class Stage:
    """A user agent without a socket."""

    def __init__(self, core: Core, *, auth: bool = False) -> None:
        self.core = core
        self.mouth = Mouth()
        self.ua = UserAgent("test", "127.0.0.1", 0, secret_of if auth else None, core, Options(timers=QUICK))
        self.phone = TextPhone(PEER)
        self.phone.transport = self.mouth

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        made = loop.create_datagram_endpoint

        async def make(protocol: Any, **more: Any) -> Any:
            return self.mouth, protocol()

        loop.create_datagram_endpoint = make  # type: ignore[method-assign, assignment]
        await self.ua.open()
        loop.create_datagram_endpoint = made  # type: ignore[method-assign]

    def hear(self, data: bytes) -> None:
        self.ua.datagram_received(data, PEER)

    def last(self) -> Any:
        return parse(self.mouth.sent[-1])

    def close(self) -> None:
        assert self.ua.counts.failed == 0
        self.ua.close()
        assert len(self.ua) == 0


def wish(call: Call, name: str) -> None:
    try:
        if name in ("answer", "reinvite"):
            getattr(call, name)(OFFER)
        elif name in ("reject", "transferred"):
            getattr(call, name)(486)
        elif name == "notify":
            call.notify("talk")
        else:
            getattr(call, name)()
    except NotNow:
        pass  # a state that never allows that


def message(stage: Stage, call: Call, name: str, number: int) -> bytes:
    invite = f"z9hG4bK-{call.sip_call_id}-INVITE-1"
    in_dialog = name != "CANCEL"
    return stage.phone.request(
        name,
        cseq=1 if name in ("ACK", "CANCEL") else number,
        tag=call.dialog.local_tag if in_dialog else "",
        branch="" if in_dialog else invite,
        body=OFFER if name in ("INVITE", "UPDATE") else b"",
        call_id=call.sip_call_id,
        from_tag=call.dialog.remote_tag or "t1",
        more="Refer-To: <sip:1002@127.0.0.1>\r\n" if name == "REFER" else "",
    ).render()


async def play(stage: Stage, call: Call, steps: list[str]) -> None:
    for number, step in enumerate(steps, 2):
        if step in WISHES:
            wish(call, step)
        elif step in MESSAGES:
            stage.hear(message(stage, call, step, number))
        elif isinstance(last := stage.last(), Request) and last.method != "ACK":
            stage.hear(last.response(int(step), to_tag="t1", body=OFFER).render())
    call.hangup()
    for _ in range(3):
        await asyncio.sleep(0)
    assert stage.core.names().count("ended") == 1


@given(st.lists(st.sampled_from(MESSAGES + ANSWERS + WISHES), max_size=12))
def test_no_order_of_messages_and_wishes_breaks_an_inbound_call(steps: list[str]) -> None:
    async def run() -> None:
        stage = Stage(Core())
        await stage.open()
        stage.hear(stage.phone.request("INVITE", body=OFFER).render())
        await play(stage, stage.core.told[0][1], steps)
        stage.close()

    asyncio.run(run())


@given(st.lists(st.sampled_from(MESSAGES + ANSWERS * 2 + WISHES), max_size=12))
def test_no_order_of_messages_and_wishes_breaks_an_outbound_call(steps: list[str]) -> None:
    async def run() -> None:
        stage = Stage(Core())
        await stage.open()
        call = stage.ua.invite("sip:1001@127.0.0.1:6070", "138", "Zhang", OFFER)
        await play(stage, call, steps)
        stage.close()

    asyncio.run(run())


@given(st.data())
def test_no_damage_to_a_conversation_breaks_a_user_agent(data: st.DataObject) -> None:
    async def run() -> None:
        stage = Stage(Core(answer_at_once), auth=data.draw(st.booleans()))
        await stage.open()
        for number in range(data.draw(st.integers(1, 5))):
            name = data.draw(st.sampled_from([*MESSAGES, "REGISTER"]))
            calls = stage.ua.calls
            tag = calls[0].dialog.local_tag if calls and data.draw(st.booleans()) else ""
            raw = bytearray(stage.phone.request(name, tag=tag, cseq=number + 1, body=OFFER).render())
            for _ in range(data.draw(st.integers(0, 3))):
                at = data.draw(st.integers(0, len(raw)))
                raw[at : at + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=4))
            stage.hear(bytes(raw))
        stage.close()

    asyncio.run(run())
