"""Digest: the vectors of the RFC, and who is let in."""

from cti.softswitch.sip.auth import Challenged, Gate, Limits, Passed, Refused, Verdict
from cti.softswitch.sip.digest import Credentials, Freshness, Nonces, Secret, digest, proves, respond
from cti.softswitch.sip.message import Request, parse
from tests.softswitch.sip.kit import secret_of

HOME = ("127.0.0.1", 6075)


def request(authorization: str = "", method: str = "REGISTER") -> Request:
    header = "Authorization" if method == "REGISTER" else "Proxy-Authorization"
    more = f"{header}: {authorization}\r\n" if authorization else ""
    message = parse(
        (
            f"{method} sip:cti.local SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:6075;branch=z9hG4bK1\r\n"
            f"From: <sip:1001@cti.local>;tag=1\r\nTo: <sip:1001@cti.local>\r\n"
            f"Call-ID: c\r\nCSeq: 1 {method}\r\n{more}\r\n"
        ).encode()
    )
    assert isinstance(message, Request)
    return message


class Door:
    """A gate, and a phone that tries to get in."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.gate = Gate(secret_of, limits=limits, nonce_lifetime=300)
        self.now = 1000.0
        self.kept = self.challenge()

    def knock(self, authorization: str = "", method: str = "REGISTER", port: int = 6075) -> Verdict:
        return self.gate.judge(request(authorization, method), ("127.0.0.1", port), self.now)

    def challenge(self, method: str = "REGISTER") -> str:
        verdict = self.knock(method=method)
        assert isinstance(verdict, Challenged)
        return verdict.headers[0][1]

    def answer(self, password: str = "pw-of-1001", user: str = "1001", method: str = "REGISTER") -> str:
        return str(respond(self.challenge(method), method, "sip:cti.local", user, Secret(password)))

    def answer_of_1002(self) -> str:
        """To a challenge of before 1001 was locked out: the request's From still says 1001."""
        return str(respond(self.kept, "REGISTER", "sip:cti.local", "1002", Secret("pw-of-1002")))


def test_the_vector_of_rfc_2617() -> None:
    a1 = Secret("Circle Of Life").hash("Mufasa", "testrealm@host.com")
    assert a1 == "939e7578ed9e3c518a452acee763bce9"
    nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
    found = digest(a1, "GET", "/dir/index.html", nonce, nc="00000001", cnonce="0a4f113b", qop="auth")
    assert found == "6629fae49393a05397450978507c4ef1"


def test_the_vector_of_rfc_2069_without_qop() -> None:
    a1 = Secret("CircleOfLife").hash("Mufasa", "testrealm@host.com")  # with the erratum of RFC 2069
    assert (
        digest(a1, "GET", "/dir/index.html", "dcd98b7102dd2f0e8b11d0f600bfb0c093") == "1949323746fe6a43ef61f9606e7febea"
    )


def test_credentials_are_read_as_they_were_written() -> None:
    given = Credentials('a"b', "cti.local", "n", "sip:cti.local", "ff", "00000001", "c", "auth", "o")
    assert Credentials.parse(str(given)) == given


def test_password_and_a1_hash_prove_the_same() -> None:
    given = respond('Digest realm="r", nonce="n", qop="auth,auth-int"', "REGISTER", "sip:r", "1001", Secret("pw"))
    assert proves(given, "REGISTER", Secret("pw"))
    assert proves(given, "REGISTER", Secret(a1=Secret("pw").hash("1001", "r")))
    assert not proves(given, "REGISTER", Secret("PW"))
    assert not proves(given, "INVITE", Secret("pw"))


def test_a_phone_is_challenged_and_let_in() -> None:
    door = Door()
    assert 'realm="cti.local"' in door.challenge()
    assert door.knock(door.answer()) == Passed("1001")
    assert door.knock(door.answer(method="INVITE"), "INVITE") == Passed("1001")


def test_an_invite_is_challenged_as_by_a_proxy() -> None:
    verdict = Door().knock(method="INVITE")
    assert isinstance(verdict, Challenged)
    assert (verdict.status, verdict.headers[0][0]) == (407, "Proxy-Authenticate")


def test_the_same_answer_a_second_time_is_a_replay() -> None:
    door = Door()
    answer = door.answer()
    assert door.knock(answer) == Passed("1001")
    verdict = door.knock(answer)
    assert isinstance(verdict, Challenged)
    assert "stale=true" in verdict.headers[0][1]


def test_an_old_nonce_is_stale_and_a_foreign_one_is_challenged_anew() -> None:
    door = Door()
    answer = door.answer()
    door.now += 301
    verdict = door.knock(answer)
    assert isinstance(verdict, Challenged)
    assert "stale=true" in verdict.headers[0][1]
    foreign = 'Digest realm="cti.local", nonce="x", qop="auth"'
    verdict = door.knock(str(respond(foreign, "REGISTER", "sip:cti.local", "1001", Secret("pw-of-1001"))))
    assert isinstance(verdict, Challenged)
    assert "stale" not in verdict.headers[0][1]


def test_an_unknown_user_and_a_wrong_password_look_the_same() -> None:
    door = Door()
    assert door.knock(door.answer("wrong")) == Refused("1001")
    assert door.knock(door.answer("", user="4711")) == Refused("4711")


def test_an_answer_without_qop_is_refused() -> None:
    door = Door()
    challenge = door.challenge().replace(', qop="auth"', "")
    assert door.knock(str(respond(challenge, "REGISTER", "sip:cti.local", "1001", Secret("pw-of-1001")))) == Refused(
        "1001"
    )


def test_after_five_wrong_answers_even_the_right_one_must_wait() -> None:
    door = Door()
    right = door.answer()
    for _ in range(5):
        assert door.knock(door.answer("wrong")) == Refused("1001")
    assert door.knock(right, port=6099) == Refused("1001", 61)
    assert door.knock(door.answer_of_1002()) == Passed("1002")
    door.now += 61
    assert door.knock(door.answer()) == Passed("1001")


def test_many_users_from_one_address_lock_the_address() -> None:
    door = Door(Limits(per_address=10))
    for number in range(10):
        door.knock(door.answer("x", user=f"u{number}"))
    assert isinstance(door.knock(), Refused)


def test_what_is_remembered_of_failures_and_nonces_has_a_cap() -> None:
    door = Door(Limits(sources=20, per_address=10**6))
    for number in range(100):
        door.knock(door.answer("x", user=f"u{number}"))
    assert len(door.gate) == 20
    nonces = Nonces(lifetime=300, capacity=3)
    issued = [nonces.issue(1000 + at) for at in range(5)]
    for nonce in issued:
        assert nonces.use(nonce, "00000001", 1010) is Freshness.FRESH
    assert len(nonces) == 3
    assert [nonces.check(nonce, 1010) for nonce in issued] == [Freshness.STALE] * 2 + [Freshness.FRESH] * 3
