"""The registrar's table."""

from cti.softswitch.sip.message import Request, parse
from cti.softswitch.sip.registrar import Limits, Outcome, Registrar

HOME = ("127.0.0.1", 6075)


def register(
    *contacts: str, expires: int | str | None = None, user: str = "1001", call_id: str = "c1", cseq: int = 1
) -> Request:
    lines = [
        "REGISTER sip:cti.local SIP/2.0",
        "Via: SIP/2.0/UDP 127.0.0.1:6075;branch=z9hG4bK1",
        f"From: <sip:{user}@cti.local>;tag=1",
        f"To: <sip:{user}@cti.local>",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} REGISTER",
        "User-Agent: LabPhone/1.0",
        *(f"Contact: {contact}" for contact in contacts),
        *([] if expires is None else [f"Expires: {expires}"]),
    ]
    message = parse("\r\n".join([*lines, "", ""]).encode())
    assert isinstance(message, Request)
    return message


class Table:
    def __init__(self, limits: Limits | None = None) -> None:
        self.registrar = Registrar(limits)
        self.cseq = 0

    def __call__(self, *contacts: str, now: float = 0, user: str = "1001", **more: int | str) -> Outcome:
        self.cseq += 1
        request = register(*contacts, user=user, cseq=self.cseq, **more)  # type: ignore[arg-type]
        return self.registrar.register(request, HOME, user, now)

    def uris(self, user: str = "1001") -> list[str]:
        return [binding.uri for binding in self.registrar.lookup(user)]


def test_a_phone_is_found_where_its_register_came_from() -> None:
    table = Table()
    outcome = table('"" <sip:1001@10.0.0.9:5060>', expires=60)
    assert outcome.status == 200
    assert outcome.headers == (("Contact", "<sip:1001@10.0.0.9:5060>;expires=60"),)
    (binding,) = table.registrar.lookup("1001")
    assert outcome.registered == (binding,)
    assert (binding.uri, binding.source, binding.expires) == ("sip:1001@10.0.0.9:5060", HOME, 60)
    assert (binding.user, binding.host, binding.user_agent, binding.call_id) == (
        "1001",
        "cti.local",
        "LabPhone/1.0",
        "c1",
    )


def test_the_contacts_own_expiry_goes_before_the_header() -> None:
    table = Table()
    table("<sip:a@127.0.0.1>;expires=120", "sip:b@127.0.0.1", expires=60)
    assert [(b.contact.uri.user, b.expires) for b in table.registrar.lookup("1001")] == [("b", 60), ("a", 120)]


def test_too_short_an_expiry_is_refused_and_too_long_a_one_cut() -> None:
    table = Table(Limits(min_expires=30, max_expires=600))
    assert table("<sip:a@127.0.0.1>", expires=29) == Outcome(423, (("Min-Expires", "30"),))
    assert table("<sip:a@127.0.0.1>", expires=99999999999999).registered[0].expires == 600


def test_zero_signs_one_phone_off_and_a_star_all_of_them() -> None:
    table = Table()
    table("<sip:a@127.0.0.1>", "<sip:b@127.0.0.1>", "<sip:c@127.0.0.1>")
    outcome = table("<sip:a@127.0.0.1>", expires=0)
    assert [(b.uri, b.expires) for b in outcome.unregistered] == [("sip:a@127.0.0.1", 0)]
    assert table("*", expires=60).status == 400
    assert len(table("*", expires=0).unregistered) == 2
    assert len(table.registrar) == 0


def test_a_query_changes_nothing_and_lists_all() -> None:
    table = Table()
    table("<sip:a@127.0.0.1>", expires=100)
    assert table(now=40) == Outcome(200, (("Contact", "<sip:a@127.0.0.1>;expires=60"),))


def test_a_phone_that_does_not_refresh_expires() -> None:
    table = Table()
    table("<sip:a@127.0.0.1>", expires=60)
    table("<sip:b@127.0.0.1>", expires=90)
    assert table.registrar.expire(59.9) == []
    assert [b.uri for b in table.registrar.expire(60)] == ["sip:a@127.0.0.1"]
    assert table.uris() == ["sip:b@127.0.0.1"]


def test_an_overtaken_register_changes_nothing() -> None:
    table = Table()
    table("<sip:a@127.0.0.1>")
    late = table.registrar.register(register("<sip:a@127.0.0.1>", expires=0, cseq=1), HOME, "1001", 0)
    assert late.status == 500
    assert table.uris() == ["sip:a@127.0.0.1"]


def test_nobody_registers_for_somebody_else() -> None:
    assert Registrar().register(register("<sip:a@127.0.0.1>"), HOME, "1002", 0).status == 403


def test_the_sixth_phone_of_a_user_takes_the_place_of_the_first_to_expire() -> None:
    table = Table(Limits(contacts=2))
    table("<sip:a@127.0.0.1>", expires=60)
    table("<sip:b@127.0.0.1>", expires=70)
    assert [b.uri for b in table("<sip:c@127.0.0.1>", expires=80).unregistered] == ["sip:a@127.0.0.1"]
    assert table.uris() == ["sip:c@127.0.0.1", "sip:b@127.0.0.1"]
    assert table(*(f"<sip:{n}@127.0.0.1>" for n in range(9))).status == 503


def test_the_table_has_a_cap() -> None:
    table = Table(Limits(users=3))
    assert [table("<sip:a@127.0.0.1>", user=f"{n}").status for n in range(4)] == [200, 200, 200, 503]


def test_a_contact_that_cannot_be_read_is_refused() -> None:
    table = Table()
    assert table("<mailto:a@b>").status == 400
    assert table("<sip:a@127.0.0.1", expires=60).status == 400
    assert table("<sip:a@127.0.0.1>", expires="soon").status == 400
