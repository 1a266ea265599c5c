"""Against baresip, over real UDP: an agent's phone."""

import asyncio
from pathlib import Path

from cti.softswitch.sip import sdp
from cti.softswitch.sip.agent import Options
from cti.softswitch.sip.transaction import Timers
from tests.acceptance.phones.baresip import phone
from tests.softswitch.sip.kit import OFFER, Core, agent, answer_at_once

OPTIONS = Options(timers=Timers(), realm="cti.local")
RINGING = 180


async def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    core = Core()
    async with agent(core, auth=True, options=OPTIONS) as ua, phone(tmp_path) as baresip:
        await baresip.register("1001", "wrong", "cti.local", ua.local[1])
        await baresip.event("REGISTER_FAIL")
        assert ("unauthorized", "1001", "REGISTER") in core.told
        assert ua.lookup("1001") == []


async def test_it_registers_is_called_holds_resumes_and_hangs_up(tmp_path: Path) -> None:
    core = Core()
    async with agent(core, auth=True, options=OPTIONS) as ua:
        async with phone(tmp_path) as baresip:
            await baresip.register("1001", "pw-of-1001", "cti.local", ua.local[1])
            await baresip.event("REGISTER_OK")
            (binding,) = ua.lookup("1001")
            assert (binding.host, binding.auth_user, binding.expires) == ("cti.local", "1001", 300)
            assert binding.user_agent.startswith("baresip")
            call = ua.invite(binding.uri, "13800138000", "张三", OFFER, destination=binding.source)
            await baresip.event("CALL_INCOMING")
            assert (await core.wait("progress"))[2] == RINGING
            await baresip.command("accept")
            await core.wait("answered")
            assert call.remote_sdp is not None
            assert sdp.agree(call.remote_sdp) is not None
            await baresip.command("hold")
            assert (await core.wait("reinvite"))[2].hold
            await baresip.command("resume")
            assert not (await core.wait("reinvite", 2))[2].hold
            await baresip.command("hangup")
            assert (await core.wait("ended"))[2].disposition == "recv_bye"
        await core.wait("unregistered")
        assert (ua.calls, len(ua.registrar)) == ([], 0)


async def test_it_declines_and_is_hung_up_on(tmp_path: Path) -> None:
    core = Core()
    async with agent(core, auth=True, options=OPTIONS) as ua, phone(tmp_path) as baresip:
        await baresip.register("1001", "pw-of-1001", "cti.local", ua.local[1])
        await baresip.event("REGISTER_OK")
        (binding,) = ua.lookup("1001")
        ua.invite(binding.uri, "138", "", OFFER, destination=binding.source)
        await baresip.event("CALL_INCOMING")
        await baresip.command("hangup")
        assert (await core.wait("ended"))[2].cause == "USER_BUSY"
        second = ua.invite(binding.uri, "138", "", OFFER, destination=binding.source)
        await baresip.event("CALL_INCOMING")
        second.hangup("ORIGINATOR_CANCEL")
        await baresip.event("CALL_CLOSED")
        third = ua.invite(binding.uri, "138", "", OFFER, destination=binding.source)
        await baresip.event("CALL_INCOMING")
        await baresip.command("accept")
        await core.wait("answered")
        third.hangup()
        await baresip.event("CALL_CLOSED")


async def test_it_calls_is_offered_anew_and_transfers(tmp_path: Path) -> None:
    core = Core(answer_at_once)
    async with agent(core, auth=True, options=OPTIONS) as ua, phone(tmp_path) as baresip:
        await baresip.register("1001", "pw-of-1001", "cti.local", ua.local[1])
        await baresip.event("REGISTER_OK")
        await baresip.command("dial", "9001")
        _, call = await core.wait("confirmed")
        assert (call.auth_user, call.to_user) == ("1001", "9001")
        assert call.reinvite(sdp.offer(("127.0.0.1", 40_000), session=1, version=2))
        assert (await core.wait("reinvited"))[2] == 200
        await baresip.command("transfer", "1002")
        _, _, refer_to, _ = await core.wait("referred")
        assert refer_to.uri.user == "1002"
        assert call.transferred(200)
        async with asyncio.timeout(10):
            await core.wait("ended")  # baresip leaves when the transfer is done
