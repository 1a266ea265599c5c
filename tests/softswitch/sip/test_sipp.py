"""Against SIPp, over real UDP: callers, cancellers, and phones that we call."""

from pathlib import Path

from cti.softswitch.sip.agent import Options
from cti.softswitch.sip.transaction import Timers
from tests.acceptance.phones import sipp as phones
from tests.softswitch.sip.kit import OFFER, Core, agent, answer_at_once, forgotten, sipp

SCENARIOS = Path(__file__).parent / "scenarios"


async def test_a_caller_is_answered_and_hangs_up(tmp_path: Path) -> None:
    core = Core(answer_at_once)
    async with agent(core) as ua:
        async with sipp(tmp_path, "-sn", "uac", "-m", "1", "-d", "100", f"127.0.0.1:{ua.local[1]}") as caller:
            await caller.done()
        _, call, ending = await core.wait("ended")
        assert (ending.status, ending.cause, ending.disposition) == (200, "NORMAL_CLEARING", "recv_bye")
        assert core.names() == ["incoming", "confirmed", "ended"]
        assert (call.from_user, call.network_addr, call.network_port) == ("sipp", "127.0.0.1", caller.port)
        await forgotten(ua)


async def test_twenty_calls_a_second_for_five_seconds_without_a_retransmission(tmp_path: Path) -> None:
    core = Core(answer_at_once)
    async with agent(core, options=Options(timers=Timers())) as ua:  # the real T1
        async with sipp(tmp_path, "-sn", "uac", "-r", "20", "-m", "100", "-d", "500", f"127.0.0.1:{ua.local[1]}") as it:
            await it.done()
        await core.wait("ended", 100)
        assert it.stats()["SuccessfulCall(C)"] == "100"
        assert it.stats()["Retransmissions(C)"] == "0"
        assert (ua.counts.resent, ua.counts.absorbed, ua.counts.stray, ua.counts.malformed) == (0, 0, 0, 0)
        assert ua.calls == []


async def test_a_caller_who_cancels_gets_487(tmp_path: Path) -> None:
    core = Core(lambda call: call.ring())
    async with agent(core) as ua:
        words = ["-sf", str(SCENARIOS / "cancel.xml"), "-m", "1", f"127.0.0.1:{ua.local[1]}"]
        async with sipp(tmp_path, *words) as caller:
            await caller.done()
        _, _, ending = await core.wait("ended")
        assert (ending.status, ending.cause, ending.by_remote) == (487, "ORIGINATOR_CANCEL", True)
        await forgotten(ua)


async def test_a_refused_caller_gets_the_status(tmp_path: Path) -> None:
    core = Core(lambda call: call.reject(486))
    async with agent(core) as ua:
        words = ["-sf", str(SCENARIOS / "busy.xml"), "-m", "1", f"127.0.0.1:{ua.local[1]}"]
        async with sipp(tmp_path, *words) as caller:
            await caller.done()
        assert (await core.wait("ended"))[2].cause == "USER_BUSY"
        await forgotten(ua)


async def test_we_call_a_phone_and_hang_up(tmp_path: Path) -> None:
    core = Core()
    async with agent(core) as ua, phones.answers(tmp_path) as phone:
        call = ua.invite(f"sip:1000@127.0.0.1:{phone.port}", "13800138000", "张三", OFFER, [("X-CTI-Call", "7")])
        await core.wait("answered")
        assert call.remote_sdp is not None
        assert "X-CTI-Call: 7" in phone.messages()
        assert call.contact is not None
        assert call.contact.uri.user == "callee"
        call.hangup()
        ending = (await core.wait("ended"))[2]
        assert (ending.disposition, ending.by_remote) == ("send_bye", False)
        assert [entry[2] for entry in core.told if entry[0] == "progress"] == [180]
        await forgotten(ua)
    assert 'Reason: Q.850;cause=16;text="NORMAL_CLEARING"' in phone.messages()


async def test_we_call_a_phone_that_hangs_up(tmp_path: Path) -> None:
    core = Core()
    async with agent(core) as ua, sipp(tmp_path, "-sf", str(SCENARIOS / "answers_and_leaves.xml"), "-m", "1") as phone:
        await phone.listening()
        ua.invite(f"sip:1000@127.0.0.1:{phone.port}", "138", "", OFFER)
        assert (await core.wait("ended"))[2].disposition == "recv_bye"
        await phone.done()
        await forgotten(ua)
