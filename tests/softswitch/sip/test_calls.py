"""Calls, byte by byte: what the state table promises, seen from a phone that speaks when it likes."""

import asyncio

import pytest

from cti.softswitch.sip import sdp
from cti.softswitch.sip.agent import Options, UserAgent
from cti.softswitch.sip.digest import Secret, respond
from cti.softswitch.sip.errors import BadAddress, BadMessage
from cti.softswitch.sip.message import Request, Response
from tests.softswitch.sip.kit import (
    OFFER,
    QUICK,
    RTP,
    Core,
    TextPhone,
    agent,
    answer_at_once,
    answer_to,
    forgotten,
    text_phone,
)  # fmt: skip

HOLD = sdp.offer(RTP, session=1, version=2, direction=sdp.Direction.SENDONLY)


async def up(phone: TextPhone, core: Core, call_id: str = "c1") -> str:
    """Calls, is answered, acknowledges; gives the other side's tag."""
    phone.say(phone.request("INVITE", body=OFFER, call_id=call_id))
    tag = (await phone.response(200)).to.tag
    phone.say(phone.request("ACK", tag=tag, call_id=call_id))
    await core.wait("confirmed")
    return tag


async def test_a_call_tells_all_that_freeswitch_puts_into_its_variables() -> None:
    core = Core()
    async with agent(core) as ua, text_phone(ua) as phone:
        phone.say(phone.request("INVITE", body=OFFER, more="User-Agent: Lab/1\r\nX-CTI: 7\r\n"))
        _, call = await core.wait("incoming")
        here = f"127.0.0.1:{phone.port}"
        assert (call.from_user, call.from_display, call.to_user, call.req_uri.user) == ("1001", "", "9001", "9001")
        assert (call.network_addr, call.network_port, call.user_agent) == ("127.0.0.1", phone.port, "Lab/1")
        assert (call.full_from, call.full_to) == ("<sip:1001@127.0.0.1>;tag=f1", "<sip:9001@127.0.0.1>")
        via = f"SIP/2.0/UDP {here};rport={phone.port};branch=z9hG4bK-c1-INVITE-1;received=127.0.0.1"
        assert call.full_via == via
        assert (call.sip_call_id, call.from_tag, str(call.contact)) == ("c1", "f1", f"<sip:1001@{here}>")
        assert call.request.headers.get("x-cti") == "7"
        assert call.remote_sdp.raw == OFFER
        call.hangup("NO_ROUTE_DESTINATION")
        refusal = await phone.response(404)
        assert refusal.headers.get("Reason") == 'Q.850;cause=3;text="NO_ROUTE_DESTINATION"'
        ending = (await core.wait("ended"))[2]
        assert (ending.cause, ending.disposition) == ("NO_ROUTE_DESTINATION", "send_refuse")
        assert call.answer(OFFER) is False  # late


async def test_a_retransmitted_invite_is_one_call() -> None:
    core = Core(lambda call: call.ring())
    async with agent(core) as ua, text_phone(ua) as phone:
        invite = phone.request("INVITE", body=OFFER)
        for _ in range(20):
            phone.say(invite)
        await phone.response(180)
        await phone.response(180)  # a copy gets the last answer again
        (await core.wait("incoming"))[1].answer(OFFER)
        tag = (await phone.response(200)).to.tag
        phone.say(invite)
        phone.say(phone.request("ACK", tag=tag))
        await core.wait("confirmed")
        phone.say(invite)
        phone.say(phone.request("BYE", tag=tag, cseq=2))
        await phone.response(200, "BYE")
        phone.say(invite)
        phone.say(phone.request("OPTIONS", call_id="o"))
        await phone.response(200, "OPTIONS")
        assert core.names() == ["incoming", "confirmed", "ended"]
        await forgotten(ua)


async def test_the_same_invite_by_another_way_is_a_loop() -> None:
    async with agent(Core()) as ua, text_phone(ua) as phone:
        phone.say(phone.request("INVITE", body=OFFER))
        phone.say(phone.request("INVITE", body=OFFER, branch="z9hG4bK-other"))
        await phone.response(482)


async def test_early_media_is_a_183_with_a_description() -> None:
    core = Core(lambda call: call.ring(answer_to(call)))
    async with agent(core) as ua, text_phone(ua) as phone:
        phone.say(phone.request("INVITE", body=OFFER))
        assert sdp.parse((await phone.response(183)).body).port == RTP[1]


async def test_a_200_that_is_not_acknowledged_is_repeated_and_ends_in_a_bye() -> None:
    core = Core(answer_at_once)
    async with agent(core) as ua, text_phone(ua) as phone:
        phone.say(phone.request("INVITE", body=OFFER))
        for _ in range(4):
            await phone.response(200)
        bye = await phone.asked("BYE")
        phone.say(bye.response(200))
        ending = (await core.wait("ended"))[2]
        assert (ending.cause, ending.by_remote) == ("RECOVERY_ON_TIMER_EXPIRE", True)
        await forgotten(ua)


async def test_hanging_up_before_the_ack_waits_for_it() -> None:
    core = Core(answer_at_once)
    async with agent(core) as ua, text_phone(ua) as phone:
        phone.say(phone.request("INVITE", body=OFFER))
        tag = (await phone.response(200)).to.tag
        (await core.wait("incoming"))[1].hangup()
        assert isinstance(await phone.hear(), Response)  # still the 200, no BYE
        phone.say(phone.request("ACK", tag=tag))
        phone.say((await phone.asked("BYE")).response(200))
        assert "confirmed" not in core.names()
        await forgotten(ua)


async def test_a_bye_before_the_answer_ends_the_call() -> None:
    core = Core(lambda call: call.ring())
    async with agent(core) as ua, text_phone(ua) as phone:
        phone.say(phone.request("INVITE", body=OFFER))
        tag = (await phone.response(180)).to.tag
        phone.say(phone.request("BYE", tag=tag, cseq=2))
        await phone.response(200, "BYE")
        await phone.response(487, "INVITE")
        assert (await core.wait("ended"))[2].disposition == "recv_bye"


async def test_a_cancel_that_crosses_our_200_changes_nothing() -> None:
    core = Core(answer_at_once)
    async with agent(core) as ua, text_phone(ua) as phone:
        invite = phone.request("INVITE", body=OFFER)
        phone.say(invite)
        tag = (await phone.response(200)).to.tag
        phone.say(phone.request("CANCEL", branch=invite.via.branch))
        await phone.response(200, "CANCEL")
        phone.say(phone.request("ACK", tag=tag))
        await core.wait("confirmed")
        phone.say(phone.request("BYE", tag=tag, cseq=2, more="Reason: Q.850;cause=17\r\n"))
        await phone.response(200, "BYE")
        assert (await core.wait("ended"))[2].cause == "USER_BUSY"


async def test_both_hang_up_at_once() -> None:
    core = Core(answer_at_once)
    async with agent(core) as ua, text_phone(ua) as phone:
        tag = await up(phone, core)
        (await core.wait("incoming"))[1].hangup()
        bye = await phone.asked("BYE")
        phone.say(phone.request("BYE", tag=tag, cseq=2))
        await phone.response(200, "BYE")
        phone.say(bye.response(200))
        await forgotten(ua)
        assert core.names().count("ended") == 1


async def test_hold_and_resume() -> None:
    core = Core(answer_at_once)
    async with agent(core) as ua, text_phone(ua) as phone:
        tag = await up(phone, core)
        phone.say(phone.request("INVITE", cseq=2, tag=tag, body=HOLD))
        assert sdp.parse((await phone.response(200)).body).direction == "recvonly"
        phone.say(phone.request("ACK", cseq=2, tag=tag))
        assert (await core.wait("reinvite"))[2].hold
        phone.say(phone.request("UPDATE", cseq=3, tag=tag, body=OFFER))
        assert sdp.parse((await phone.response(200, "UPDATE")).body).direction == "sendrecv"
        phone.say(phone.request("INVITE", cseq=4, tag=tag, body=b"v=0\r\n"))
        await phone.response(488)
        phone.say(phone.request("INVITE", cseq=3, tag=tag, body=HOLD))
        await phone.response(500)  # overtaken


async def test_a_call_without_an_offer_brings_the_answer_with_the_ack() -> None:
    core = Core(answer_at_once)
    async with agent(core) as ua, text_phone(ua) as phone:
        phone.say(phone.request("INVITE"))
        ok = await phone.response(200)
        assert sdp.parse(ok.body).port == RTP[1]
        theirs = sdp.parse(ok.body)
        agreed = sdp.agree(theirs)
        assert agreed
        phone.say(phone.request("ACK", tag=ok.to.tag, body=sdp.answer(theirs, agreed, ("127.0.0.1", 5000), session=9)))
        _, call = await core.wait("confirmed")
        assert call.remote_sdp.port == 5000


async def test_our_own_reinvite_and_glare() -> None:
    core = Core(answer_at_once)
    async with agent(core) as ua, text_phone(ua) as phone:
        tag = await up(phone, core)
        _, call = await core.wait("incoming")
        assert call.reinvite(HOLD)
        ours = await phone.asked("INVITE")
        phone.say(phone.request("INVITE", cseq=2, tag=tag, body=HOLD))
        await phone.response(491)
        phone.say(phone.request("ACK", cseq=2, tag=tag, branch="z9hG4bK-c1-INVITE-2"))
        phone.say(ours.response(491))
        await phone.asked("ACK")
        again = await phone.asked("INVITE")  # within 2 s
        assert again.cseq.number > ours.cseq.number
        for _ in range(2):
            phone.say(accept(again))  # the second time because our ACK was lost
            await phone.asked("ACK")
        assert core.names().count("reinvited") == 1
        assert (await core.wait("reinvited"))[2] == 200
        assert call.reinvite(OFFER)
        phone.say((await phone.asked("INVITE")).response(481))
        assert (await core.wait("ended"))[2].by_remote
        await phone.asked("BYE")


async def test_keys_by_info_transfer_by_refer_and_talk_by_notify() -> None:
    core = Core(answer_at_once)
    async with agent(core) as ua, text_phone(ua) as phone:
        tag = await up(phone, core)
        _, call = await core.wait("incoming")
        relay = "Content-Type: application/dtmf-relay\r\n"
        phone.say(phone.request("INFO", cseq=2, tag=tag, more=relay, body=b"Signal=5\r\nDuration=160\r\n"))
        await phone.response(200, "INFO")
        assert (await core.wait("key"))[2:] == ("5", 160)
        phone.say(
            phone.request(
                "REFER", cseq=3, tag=tag, more="Refer-To: <sip:1002@127.0.0.1>\r\nReferred-By: <sip:1001@x>\r\n"
            )
        )
        await phone.response(202)
        _, _, refer_to, by = await core.wait("referred")
        assert (refer_to.uri.user, by) == ("1002", "<sip:1001@x>")
        trying = await phone.asked("NOTIFY")
        phone.say(trying.response(200))
        assert (trying.body, trying.headers.get("Event")) == (b"SIP/2.0 100 Trying\r\n", "refer;id=3")
        assert call.transferred(200)
        done = await phone.asked("NOTIFY")
        phone.say(done.response(200))
        assert (done.body, done.headers.get("Subscription-State")) == (
            b"SIP/2.0 200 OK\r\n",
            "terminated;reason=noresource",
        )
        assert call.transferred(200) is False
        core.on_refer = 603
        phone.say(phone.request("REFER", cseq=4, tag=tag, more="Refer-To: <sip:1002@127.0.0.1>\r\n"))
        await phone.response(603)
        phone.say(phone.request("REFER", cseq=5, tag=tag))
        await phone.response(400)
        assert call.notify("talk")
        assert (await phone.asked("NOTIFY")).headers.get("Event") == "talk"


@pytest.mark.parametrize(
    ("method", "tag", "more", "status"),
    [
        ("OPTIONS", "", "", 200),
        ("BYE", "", "", 481),
        ("BYE", "never", "", 481),
        ("INVITE", "never", "", 481),
        ("CANCEL", "", "", 481),
        ("SUBSCRIBE", "", "", 405),
        ("REGISTER", "", "", 405),
        ("DANCE", "", "", 501),
        ("INVITE", "", "Max-Forwards: 0\r\n", 483),
        ("INVITE", "", "Require: 100rel\r\n", 420),
        ("INVITE", "", "Content-Type: text/plain\r\n", 415),
    ],
)  # fmt: skip
async def test_what_fits_no_call_gets_the_status_that_the_rfc_names(
    method: str, tag: str, more: str, status: int
) -> None:
    core = Core(answer_at_once)
    async with agent(core) as ua, text_phone(ua) as phone:
        phone.say(phone.request(method, tag=tag, more=more, body=b"x" if status == 415 else b""))
        response = await phone.response(status)
        assert "INVITE" in (response.headers.get("Allow") or "")
        assert (core.told, len(ua)) == ([], 0)


async def test_an_ack_or_an_answer_to_nothing_is_dropped_and_counted() -> None:
    async with agent(Core()) as ua, text_phone(ua) as phone:
        phone.say(phone.request("ACK", tag="x"))
        phone.say(phone.request("OPTIONS").response(200))
        phone.say(b"\r\n\r\n")
        phone.say(b"INVITE sip:x SIP/2.0\r\n\r\n")
        phone.say(phone.request("OPTIONS"))
        await phone.response(200)
        assert (ua.counts.stray, ua.counts.malformed, ua.counts.received) == (2, 1, 5)


async def test_calls_past_the_limit_get_503() -> None:
    async with agent(Core(), options=Options(timers=QUICK, max_calls=2)) as ua, text_phone(ua) as phone:
        for number in range(3):
            phone.say(phone.request("INVITE", call_id=f"c{number}", body=OFFER))
        assert (await phone.response(503)).headers.get("Retry-After") == "10"
        assert len(ua.calls) == 2


async def test_an_error_of_the_core_ends_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    def fail(call: object) -> None:
        raise RuntimeError("broken core")

    core = Core(fail)
    ua = UserAgent("test", "127.0.0.1", 0, None, core, Options(timers=QUICK))
    await ua.open()
    async with text_phone(ua) as phone:
        phone.say(phone.request("INVITE", body=OFFER))
        await phone.response(500)
        phone.say(phone.request("OPTIONS"))
        await phone.response(200, "OPTIONS")
    ua.close()
    assert ua.counts.failed == 1
    assert "broken core" in caplog.text


# Registered phones


async def test_an_invite_from_a_phone_is_challenged_and_let_in() -> None:
    core = Core(lambda call: call.ring())
    async with agent(core, auth=True) as ua, text_phone(ua) as phone:
        phone.say(phone.request("INVITE", body=OFFER))
        challenge = await phone.response(407)
        phone.say(phone.request("ACK", tag=challenge.to.tag, branch="z9hG4bK-c1-INVITE-1"))
        assert core.told == []
        proof = respond(
            challenge.headers.get("Proxy-Authenticate") or "",
            "INVITE",
            "sip:9001@127.0.0.1",
            "1001",
            Secret("pw-of-1001"),
        )
        phone.say(phone.request("INVITE", cseq=2, body=OFFER, more=f"Proxy-Authorization: {proof}\r\n"))
        await phone.response(180)
        assert (await core.wait("incoming"))[1].auth_user == "1001"
        assert ua.counts.stray == 0
        phone.say(phone.request("INVITE", cseq=2, call_id="c2", body=OFFER, more=f"Proxy-Authorization: {proof}\r\n"))
        assert "stale=true" in str((await phone.response(407)).headers)  # a replay


async def register(phone: TextPhone, password: str, cseq: int = 1) -> None:
    """Asks, and answers the challenge."""
    phone.say(phone.request("REGISTER", cseq=cseq, to="1001"))
    challenge = (await phone.response(401)).headers.get("WWW-Authenticate") or ""
    proof = respond(challenge, "REGISTER", "sip:1001@127.0.0.1", "1001", Secret(password))
    phone.say(phone.request("REGISTER", cseq=cseq + 1, to="1001", more=f"Authorization: {proof}\r\nExpires: 60\r\n"))


async def test_a_phone_registers_and_is_called_where_it_is() -> None:
    core = Core()
    async with agent(core, auth=True) as ua, text_phone(ua) as phone:
        await register(phone, "pw-of-1001")
        await phone.response(200, "REGISTER")
        (binding,) = ua.lookup("1001")
        assert (await core.wait("registered"))[1] == binding
        ua.invite(binding.uri, "138", "Zhang", OFFER, destination=binding.source)
        assert (await phone.asked("INVITE")).uri == f"sip:1001@127.0.0.1:{phone.port}"


async def test_wrong_passwords_end_in_a_wait() -> None:
    core = Core()
    async with agent(core, auth=True) as ua, text_phone(ua) as phone:
        for number in range(5):
            await register(phone, "wrong", 2 * number + 1)
            assert (await phone.response(403)).headers.get("Retry-After") is None
        phone.say(phone.request("REGISTER", cseq=20, to="1001"))
        assert (await phone.response(403)).headers.get("Retry-After") == "60"
        assert ua.counts.unauthorized == 6
        assert await core.wait("unauthorized", 6) == ("unauthorized", "1001", "REGISTER")


async def test_a_flood_of_register_leaves_nothing_behind() -> None:
    async with agent(Core(), auth=True) as ua, text_phone(ua) as phone:
        for burst in range(10):
            for number in range(50):
                phone.say(phone.request("REGISTER", call_id=f"c{burst}-{number}", to="1001"))
            for _ in range(50):
                await phone.response(401)
        assert len(ua) == 0


# Calls of ours


async def dialled(ua: UserAgent, phone: TextPhone, **more: object) -> tuple[object, Request]:
    call = ua.invite(f"sip:1001@127.0.0.1:{phone.port}", "138", "Zhang", OFFER, **more)  # type: ignore[arg-type]
    return call, await phone.asked("INVITE")


OURS = [("Contact", "<sip:callee@127.0.0.1>"), ("Content-Type", "application/sdp")]


def accept(invite: Request, tag: str = "t1") -> Response:
    return invite.response(200, to_tag=tag, headers=OURS[:1], body=OFFER)


async def test_we_dial_ring_talk_and_the_phone_hangs_up() -> None:
    core = Core()
    async with agent(core) as ua, text_phone(ua) as phone:
        call, invite = await dialled(ua, phone)
        phone.say(invite.response(100))
        phone.say(invite.response(183, to_tag="t1", headers=OURS[:1], body=OFFER))
        assert (await core.wait("progress"))[2:] == (183, sdp.parse(OFFER))
        phone.say(accept(invite))
        phone.say(accept(invite))  # our ACK was lost
        for _ in range(2):
            ack = await phone.asked("ACK")
            assert (ack.uri, ack.cseq.number) == ("sip:callee@127.0.0.1", invite.cseq.number)
        phone.say(phone.request("BYE", tag=invite.from_.tag, from_tag="t1", call_id=invite.call_id))
        await phone.response(200, "BYE")
        assert core.names() == ["progress", "answered", "ended"]
        assert call.to_tag == "t1"  # type: ignore[attr-defined]
        await forgotten(ua)


async def test_a_cancel_waits_for_a_provisional_answer() -> None:
    core = Core()
    async with agent(core) as ua, text_phone(ua) as phone:
        call, invite = await dialled(ua, phone)
        call.hangup("ORIGINATOR_CANCEL")  # type: ignore[attr-defined]
        assert (await core.wait("ended"))[2].disposition == "send_cancel"
        assert (await phone.hear()).cseq.method == "INVITE"  # again, and no CANCEL
        phone.say(invite.response(180, to_tag="t1"))
        cancel = await phone.asked("CANCEL")
        assert cancel.via.branch == invite.via.branch
        phone.say(cancel.response(200))
        phone.say(invite.response(487, to_tag="t1"))
        await phone.asked("ACK")
        await forgotten(ua)
        assert core.names().count("ended") == 1


async def test_a_200_that_crosses_our_cancel_is_acknowledged_and_left() -> None:
    core = Core()
    async with agent(core) as ua, text_phone(ua) as phone:
        call, invite = await dialled(ua, phone)
        phone.say(invite.response(180, to_tag="t1"))
        await core.wait("progress")
        call.hangup()  # type: ignore[attr-defined]
        await phone.asked("CANCEL")
        phone.say(accept(invite))
        await phone.asked("ACK")
        phone.say((await phone.asked("BYE")).response(200))
        await forgotten(ua)
        assert "answered" not in core.names()


async def test_a_second_phone_that_answers_is_sent_away() -> None:
    core = Core()
    async with agent(core) as ua, text_phone(ua) as phone:
        call, invite = await dialled(ua, phone)
        phone.say(accept(invite, "t1"))
        await core.wait("answered")
        phone.say(accept(invite, "t2"))
        bye = await phone.asked("BYE")
        assert bye.to.tag == "t2"
        assert call.to_tag == "t1"  # type: ignore[attr-defined]


async def test_a_challenge_to_our_invite_is_answered_once() -> None:
    core = Core()
    async with agent(core) as ua, text_phone(ua) as phone:
        _, invite = await dialled(ua, phone, account=("1001", Secret("pw-of-1001")))
        header = ("Proxy-Authenticate", 'Digest realm="carrier", nonce="abc", qop="auth"')
        phone.say(invite.response(407, to_tag="t0", headers=[header]))
        await phone.asked("ACK")
        again = await phone.asked("INVITE")
        assert (again.cseq.number, again.call_id) == (invite.cseq.number + 1, invite.call_id)
        assert (again.to.tag, again.body, again.via.branch == invite.via.branch) == ("", OFFER, False)
        assert 'username="1001"' in (again.headers.get("Proxy-Authorization") or "")
        phone.say(again.response(407, to_tag="t0", headers=[header]))
        assert (await core.wait("ended"))[2].cause == "CALL_REJECTED"


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (486, "USER_BUSY"),
        (603, "CALL_REJECTED"),
        (480, "NO_USER_RESPONSE"),
        (404, "UNALLOCATED_NUMBER"),
        (503, "NORMAL_TEMPORARY_FAILURE"),
        (302, "NORMAL_UNSPECIFIED"),
    ],
)
async def test_a_refusal_becomes_freeswitchs_cause(status: int, cause: str) -> None:
    core = Core()
    async with agent(core) as ua, text_phone(ua) as phone:
        _, invite = await dialled(ua, phone)
        phone.say(invite.response(status, to_tag="t1"))
        ending = (await core.wait("ended"))[2]
        assert (ending.status, ending.cause, ending.by_remote, ending.disposition) == (
            status,
            cause,
            True,
            "recv_refuse",
        )


async def test_a_phone_that_is_not_there_times_out() -> None:
    core = Core()
    async with agent(core) as ua:
        ua.invite("sip:1001@127.0.0.1:9", "138", "", OFFER)
        ending = (await core.wait("ended"))[2]
        assert (ending.status, ending.cause) == (408, "RECOVERY_ON_TIMER_EXPIRE")
        await forgotten(ua)


async def test_an_answer_that_cannot_be_read_is_acknowledged_and_left() -> None:
    core = Core()
    async with agent(core) as ua, text_phone(ua) as phone:
        _, invite = await dialled(ua, phone)
        phone.say(invite.response(200, to_tag="t1", headers=OURS[:1], body=b"v=0\r\n"))
        await phone.asked("ACK")
        await phone.asked("BYE")
        assert (await core.wait("ended"))[2].cause == "INCOMPATIBLE_DESTINATION"


async def test_what_cannot_be_dialled_is_said_at_once() -> None:
    async with agent(Core()) as ua:
        with pytest.raises(BadAddress, match="IPv4"):
            ua.invite("sip:1001@example.com", "138", "", OFFER)
        with pytest.raises(BadMessage):
            ua.invite("sip:1001@127.0.0.1\r\nX: 1", "138", "", OFFER)
        with pytest.raises(BadMessage):
            ua.invite("sip:1001@127.0.0.1", "138", "", OFFER, headers=[("X", "1\r\nY: 2")])
        assert len(ua) == 0
        with pytest.raises(BadMessage):
            ua.invite("sip:1001@127.0.0.1", "1>38", "", OFFER)


async def test_leaving_hangs_up_all_calls() -> None:
    core = Core(answer_at_once)
    ua = UserAgent("test", "127.0.0.1", 0, None, core, Options(timers=QUICK))
    await ua.open()
    async with text_phone(ua) as phone:
        await up(phone, core)
        leaving = asyncio.create_task(ua.leave())
        phone.say((await phone.asked("BYE")).response(200))
        await leaving
    assert (await core.wait("ended"))[2].cause == "SYSTEM_SHUTDOWN"
    assert len(ua) == 0
