"""Offers and answers for one audio stream."""

import pytest

from cti.softswitch.sip import sdp
from cti.softswitch.sip.errors import BadMessage
from cti.softswitch.sip.sdp import Direction

OURS = ("127.0.0.1", 40_000)


def offer(
    media: str = "m=audio 53000 RTP/AVP 8 96", *lines: str, session: str = "c=IN IP4 127.0.0.1"
) -> sdp.Description:
    more = [session] if session else []
    return sdp.parse(
        "\r\n".join(["v=0", "o=x 1 1 IN IP4 127.0.0.1", "s=-", *more, "t=0 0", media, *lines, ""]).encode()
    )


def text(theirs: sdp.Description) -> list[str]:
    agreed = sdp.agree(theirs)
    assert agreed is not None
    return sdp.answer(theirs, agreed, OURS, session=5, version=2).decode().split("\r\n")


def test_the_answer_has_the_offerers_number_for_keys() -> None:
    theirs = offer("m=audio 53000 RTP/AVP 18 8 0 96", "a=rtpmap:96 telephone-event/8000", "a=rtpmap:18 G729/8000")
    assert theirs.telephone_event == 96
    assert text(theirs) == [
        "v=0",
        "o=FreeSWITCH 5 2 IN IP4 127.0.0.1",
        "s=FreeSWITCH",
        "c=IN IP4 127.0.0.1",
        "t=0 0",
        "m=audio 40000 RTP/AVP 8 96",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:96 telephone-event/8000",
        "a=fmtp:96 0-15",
        "a=ptime:20",
        "a=sendrecv",
        "",
    ]


def test_the_first_codec_that_we_speak_is_taken() -> None:
    agreed = sdp.agree(offer("m=audio 53000 RTP/AVP 97 0 8", "a=rtpmap:97 opus/48000/2"))
    assert agreed is not None
    assert (agreed.codec, agreed.payload, agreed.telephone_event) == ("PCMU", 0, None)
    assert agreed.remote == ("127.0.0.1", 53000)


def test_a_dynamic_number_for_a_law_is_kept() -> None:
    agreed = sdp.agree(offer("m=audio 53000 RTP/AVP 110", "a=rtpmap:110 pcma/8000"))
    assert agreed is not None
    assert (agreed.codec, agreed.payload) == ("PCMA", 110)


def test_no_codec_in_common_is_no_agreement() -> None:
    assert sdp.agree(offer("m=audio 53000 RTP/AVP 18 9")) is None
    assert sdp.agree(offer("m=audio 0 RTP/AVP 8")) is None


def test_other_streams_are_refused_in_their_place() -> None:
    body = b"v=0\nc=IN IP4 127.0.0.1\nm=video 6000 RTP/AVP 96\nm=audio 53000 RTP/AVP 8\nm=text 1 RTP/AVP 98\n"
    lines = [line for line in text(sdp.parse(body)) if line.startswith("m=")]
    assert lines == ["m=video 0 RTP/AVP 96", "m=audio 40000 RTP/AVP 8", "m=text 0 RTP/AVP 98"]


@pytest.mark.parametrize(
    ("theirs", "ours", "hold"),
    [
        ("sendrecv", "sendrecv", False),
        ("sendonly", "recvonly", True),
        ("recvonly", "sendonly", False),
        ("inactive", "inactive", True),
    ],
)
def test_the_direction_is_turned_round(theirs: str, ours: str, hold: bool) -> None:
    description = offer("m=audio 53000 RTP/AVP 8", f"a={theirs}")
    agreed = sdp.agree(description)
    assert agreed is not None
    assert (agreed.direction, description.hold) == (ours, hold)


def test_hold_the_old_way_is_an_address_of_zeros() -> None:
    description = offer(session="c=IN IP4 0.0.0.0")
    agreed = sdp.agree(description)
    assert agreed is not None
    assert (description.hold, agreed.direction) == (True, Direction.RECVONLY)


def test_the_mediums_own_address_goes_before_the_sessions() -> None:
    assert offer("m=audio 1000 RTP/AVP 8", "c=IN IP4 192.0.2.9").address == "192.0.2.9"
    assert offer("m=audio 1000 RTP/AVP 8", "c=IN IP4 192.0.2.9", session="").address == "192.0.2.9"


def test_our_offer_is_understood_by_ourselves() -> None:
    description = sdp.parse(sdp.offer(OURS, session=1, direction=Direction.SENDONLY))
    assert [payload.name for payload in description.payloads] == ["PCMA", "PCMU", "TELEPHONE-EVENT"]
    assert (description.telephone_event, description.port, description.hold) == (101, 40_000, True)


@pytest.mark.parametrize("body", [b"", b"v=0\r\nc=IN IP4 127.0.0.1\r\n", b"c=IN IP4 1.2.3.999\nm=audio 1 RTP/AVP 8"])
def test_a_description_without_usable_audio_is_refused(body: bytes) -> None:
    with pytest.raises(BadMessage):
        sdp.parse(body)
