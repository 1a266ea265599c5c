"""The tables of mod_sofia."""

import pytest

from cti.softswitch.sip.causes import NUMBERS, cause_of, reason_header, status_of


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (200, "NORMAL_CLEARING"),
        (404, "UNALLOCATED_NUMBER"),
        (408, "RECOVERY_ON_TIMER_EXPIRE"),
        (480, "NO_USER_RESPONSE"),
        (486, "USER_BUSY"),
        (487, "ORIGINATOR_CANCEL"),
        (488, "INCOMPATIBLE_DESTINATION"),
        (503, "NORMAL_TEMPORARY_FAILURE"),
        (603, "CALL_REJECTED"),
        (299, "NORMAL_UNSPECIFIED"),
    ],
)
def test_a_status_is_a_cause(status: int, cause: str) -> None:
    assert cause_of(status) == cause
    assert cause in NUMBERS


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        ("USER_BUSY", 486),
        ("NO_USER_RESPONSE", 408),
        ("NO_ANSWER", 480),
        ("CALL_REJECTED", 603),
        ("NO_ROUTE_DESTINATION", 404),
        ("INCOMPATIBLE_DESTINATION", 488),
        ("NORMAL_CLEARING", 480),
        ("whatever", 480),
    ],
)
def test_a_cause_is_a_status(cause: str, status: int) -> None:
    assert status_of(cause) == status


def test_a_reason_goes_before_the_status() -> None:
    assert cause_of(200, 'Q.850;cause=17;text="x"') == "USER_BUSY"
    assert cause_of(480, "FreeSWITCH ; cause=800") == "BLIND_TRANSFER"
    for useless in ("SIP;cause=200", "Q.850;cause=9999", "Q.850;cause=0", "Q.850", ""):
        assert cause_of(486, useless) == "USER_BUSY"


def test_the_reason_that_we_give() -> None:
    assert reason_header("NORMAL_CLEARING") == 'Q.850;cause=16;text="NORMAL_CLEARING"'
    assert reason_header("MANAGER_REQUEST") == 'SIP;cause=703;text="MANAGER_REQUEST"'
    assert reason_header("LOSE_RACE") == 'SIP;cause=200;text="Call completed elsewhere"'
    assert reason_header('x";y') == 'Q.850;cause=31;text="NORMAL_UNSPECIFIED"'
