"""Bytes to messages and back; and whatever comes, nothing but BadMessage."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.softswitch.sip import sdp
from cti.softswitch.sip.address import NameAddr, Uri, Via, parse_params, safe_uri, split_outside_quotes
from cti.softswitch.sip.digest import Credentials
from cti.softswitch.sip.errors import BadMessage
from cti.softswitch.sip.message import Headers, Request, Response, parse

INVITE = (
    b"INVITE sip:4001234567@127.0.0.1:5080 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:6070;branch=z9hG4bK-1, SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-0\r\n"
    b'f: "Zhang San" <sip:13800138000@127.0.0.1:6070>;tag=1\r\n'
    b"t: sip:4001234567@127.0.0.1:5080\r\n"
    b"i: 1-28066@127.0.0.1\r\n"
    b"CSEQ: 1 INVITE\r\n"
    b"m: sip:caller@127.0.0.1:6070\r\n"
    b"Subject: folded\r\n  over two lines\r\n"
    b"Content-Length: 4\r\n"
    b"\r\n"
    b"v=0\nand what is past the length"
)


def invite() -> Request:
    message = parse(INVITE)
    assert isinstance(message, Request)
    return message


def test_compact_folded_and_shared_lines_are_read() -> None:
    request = invite()
    assert (request.method, request.uri, request.body) == ("INVITE", "sip:4001234567@127.0.0.1:5080", b"v=0\n")
    vias = ["SIP/2.0/UDP 127.0.0.1:6070;branch=z9hG4bK-1", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-0"]
    assert request.headers.all("v") == vias
    assert (request.from_.display, request.from_.uri.user, request.from_.tag) == ("Zhang San", "13800138000", "1")
    assert request.to.uri.address == "4001234567@127.0.0.1:5080"
    assert request.call_id == "1-28066@127.0.0.1"
    assert request.cseq == (1, "INVITE")
    assert request.headers.get("subject") == "folded over two lines"


def test_a_contact_needs_no_angle_brackets() -> None:
    contact = invite().contact
    assert contact is not None
    assert str(contact.uri) == "sip:caller@127.0.0.1:6070"


def test_a_rendered_message_is_read_as_what_it_was() -> None:
    request = invite()
    again = parse(request.render())
    assert isinstance(again, Request)
    assert again.render() == request.render()
    response = request.response(180, to_tag="ours", headers=[("Contact", "<sip:mod_sofia@127.0.0.1:5080>")])
    again_response = parse(response.render())
    assert isinstance(again_response, Response)
    assert (again_response.status, again_response.reason, again_response.to.tag) == (180, "Ringing", "ours")
    assert again_response.headers.all("Via") == request.headers.all("Via")


def test_hostile_names_stay_as_they_are() -> None:
    value = '"evil%0AX-Injected: 1, <x> \\"y\\"" <sip:138%0AAnswer-State%3A answered,x=y}@127.0.0.1:6099>;tag=c1'
    address = NameAddr.parse(value)
    assert address.display == 'evil%0AX-Injected: 1, <x> "y"'
    assert address.uri.user == "138%0AAnswer-State%3A answered,x=y}"
    assert address.tag == "c1"
    assert NameAddr.parse(str(address)) == address


def test_bytes_that_are_no_utf_8_survive() -> None:
    raw = INVITE.replace(b"Zhang San", b"\xd5\xc5\xc8\xfd")
    message = parse(raw)
    assert b'"\xd5\xc5\xc8\xfd" <sip:' in message.render()


def test_parameters_behind_a_bare_uri_belong_to_the_header() -> None:
    address = NameAddr.parse("sip:a;b@127.0.0.1;tag=7")
    assert (address.uri.user, address.uri.params, address.tag) == ("a;b", {}, "7")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("sip:1001@127.0.0.1:5060;transport=udp", "1001@127.0.0.1:5060"),
        ("sips:1001:pw@example.com", "1001@example.com"),
        ("sip:127.0.0.1", "127.0.0.1"),
        ("sip:1001@[fd00::2]:5060", "1001@[fd00::2]:5060"),
        ("sip:1001@127.0.0.1?Replaces=x%3Bto-tag%3D1", "1001@127.0.0.1"),
    ],
)
def test_uris_are_read_and_written(text: str, address: str) -> None:
    uri = Uri.parse(text)
    assert uri.address == address
    assert str(uri) == text


def test_via_tells_where_the_packet_came_from() -> None:
    via = Via.parse("SIP / 2.0 / UDP 10.0.0.1:5060;rport;branch=z9hG4bK1")
    seen = via.came_from(("127.0.0.1", 6070))
    assert str(seen) == "SIP/2.0/UDP 10.0.0.1:5060;rport=6070;branch=z9hG4bK1;received=127.0.0.1"
    plain = Via.parse("SIP/2.0/UDP 127.0.0.1:6070;branch=x")
    assert plain.came_from(("127.0.0.1", 6070)) is plain


@pytest.mark.parametrize(
    "change",
    [
        (b"CSEQ: 1 INVITE", b"CSEQ: 1 BYE"),
        (b"CSEQ: 1 INVITE", b"CSEQ: 4294967296 INVITE"),
        (b"CSEQ: 1 INVITE", b"CSEQ: \xd9\xa1 INVITE"),
        (b"i: 1-28066@127.0.0.1\r\n", b""),
        (b"Content-Length: 4", b"Content-Length: 400"),
        (b"Content-Length: 4", b"Content-Length: -4"),
        (b"127.0.0.1:6070;branch", b"127.0.0.1:99999;branch"),
        (b" SIP/2.0\r\nVia", b" SIP/3.0\r\nVia"),
        (b"Subject: folded", b"Subject: a\rb"),
        (b"Subject: folded", b"Subject: a\0b"),
        (b"Subject: folded\r\n  over", b"Subject: folded\r\nover"),
        (b'"Zhang San" <', b'"Zhang San <'),
        (b"t: sip:400", b"t: sip:>400"),
        (b"\r\n\r\n", b"\r\n"),
        (b"Subject: folded", b"X: 1\r\n" * 300 + b"Subject: folded"),
    ],
)
def test_what_is_no_message_is_refused(change: tuple[bytes, bytes]) -> None:
    parse(INVITE)
    with pytest.raises(BadMessage):
        parse(INVITE.replace(*change, 1))


def test_nothing_of_ours_can_break_out_of_its_line() -> None:
    with pytest.raises(BadMessage):
        Headers([("Subject", "a\r\nX: 1")])
    with pytest.raises(BadMessage):
        safe_uri("sip:1001@127.0.0.1> SIP/2.0\r\nX: 1")
    assert str(NameAddr(Uri.parse("sip:1@127.0.0.1"), 'a\r\nb"c')) == '"a  b\\"c" <sip:1@127.0.0.1>'


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        parse(data)
        raise BadMessage("it may be a message")


SPLINTERS = st.binary(max_size=6) | st.sampled_from([b'"', b"<", b";", b",", b"\r\n ", b"\\", b"="])


@given(st.data())
def test_any_damage_to_a_message_is_read_or_refused_and_can_be_answered(data: st.DataObject) -> None:
    raw = bytearray(INVITE)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 8))] = data.draw(SPLINTERS)
        raw = raw or bytearray(b"x")
    try:
        message = parse(bytes(raw))
    except BadMessage:
        return
    assert isinstance(message, Request)
    _ = message.contact, message.content_type
    again = parse(message.response(481, to_tag="t").render())
    assert isinstance(again, Response)
    parse(message.render())


@given(st.text(max_size=120))
def test_any_text_is_read_or_refused_by_every_part(text: str) -> None:
    for read in (NameAddr.parse, Uri.parse, Via.parse, Credentials.parse, parse_params):
        with suppress(BadMessage):
            read(text)


@given(st.text(alphabet='",<>\\ a', max_size=40))
def test_splitting_loses_nothing_but_spaces(text: str) -> None:
    assert ",".join(split_outside_quotes(text, ",")).replace(" ", "") == text.replace(" ", "")


LINES = st.sampled_from(
    ["v=0", "c=IN IP4 127.0.0.1", "m=audio 4000 RTP/AVP 8 0 101", "a=rtpmap:101 telephone-event/8000", "a=sendonly",
     "a=ptime:30", "m=video 1 RTP/AVP 96", "a=rtpmap:x", "a=rtpmap:8 PCMA", "m=audio", "c=IN IP4 1.2.3", "a=inactive"]
)  # fmt: skip

DESCRIPTIONS = st.lists(LINES | st.text(max_size=20), max_size=20)


@given(st.binary(max_size=200) | DESCRIPTIONS.map(lambda lines: "\r\n".join(lines).encode("utf-8", "replace")))
def test_any_description_is_read_or_refused(body: bytes) -> None:
    try:
        theirs = sdp.parse(body)
    except BadMessage:
        return
    agreed = sdp.agree(theirs)
    if agreed is not None:
        assert sdp.parse(sdp.answer(theirs, agreed, ("127.0.0.1", 4002), session=1)).port == 4002
