"""What FreeSWITCH's configuration includes: whole, private, and with nothing in it that means more than it says."""

import hashlib
import shutil
import stat
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from cti.ids import AgentId
from cti.switch.configuration import CannotRender, Carrier, Phone, render

FOLDER = Path(__file__).parents[2] / "config" / "freeswitch"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(FOLDER / "vars.xml", tmp_path)
    return tmp_path


PHONES = [Phone(AgentId("1001"), '王"芳<&', "pw1"), Phone(AgentId("1002"), "刘洋", "pw2")]
CARRIER = Carrier("carrier", "sip.example.com:5060", "cti", "pw&3", True, "4008008008")


def test_phones_have_hashes_and_no_passwords(folder: Path) -> None:
    render(folder, {"esl_port": 8021}, PHONES, [])
    path = folder / "rendered" / "directory" / "agents.xml"
    users = ElementTree.parse(path).getroot().findall("user")
    assert [user.get("id") for user in users] == ["1001", "1002"]
    expected = hashlib.md5(b"1001:cti.local:pw1").hexdigest()
    assert users[0].find("params/param").attrib == {"name": "a1-hash", "value": expected}
    assert users[0].findall("variables/variable")[1].get("value") == '王"芳<&'
    assert "pw1" not in path.read_text("utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_the_hash_is_of_the_domain_in_force(folder: Path) -> None:
    render(folder, {"domain": "example.com"}, PHONES, [])
    expected = hashlib.md5(b"1001:example.com:pw1").hexdigest()
    assert expected in (folder / "rendered" / "directory" / "agents.xml").read_text("utf-8")


def test_a_gateway_that_is_no_longer_configured_is_gone(folder: Path) -> None:
    render(folder, {}, PHONES, [CARRIER])
    path = folder / "rendered" / "gateways" / "carrier.xml"
    gateway = ElementTree.parse(path).getroot().find("gateway")
    values = {param.get("name"): param.get("value") for param in gateway.findall("param")}
    assert (values["proxy"], values["password"], values["register"]) == ("sip.example.com:5060", "pw&3", "true")
    render(folder, {}, PHONES, [])
    assert not path.exists()


def test_a_variable_that_is_not_in_vars_xml_is_refused(folder: Path) -> None:
    with pytest.raises(CannotRender, match="Did you mean sip_ip"):
        render(folder, {"sip_pi": "127.0.0.1"}, [], [])
    assert not (folder / "rendered").exists()


@pytest.mark.parametrize("value", ['a"b', "a<b", "a&b", "a$${x}", "a\nb", "a'b"])
def test_a_value_that_would_mean_more_is_refused_and_a_password_not_shown(folder: Path, value: str) -> None:
    with pytest.raises(CannotRender, match="the password has a character"):
        render(folder, {"esl_password": value}, [], [])


def test_include_tags_stand_alone(folder: Path) -> None:
    """FreeSWITCH drops every line with an include tag on it."""
    for path in render(folder, {"esl_port": 8021}, PHONES, [CARRIER]):
        lines = path.read_text("utf-8").splitlines()
        assert lines[0] == "<include>"
        assert lines[-1] == "</include>"


def test_a_folder_without_a_configuration_says_so(tmp_path: Path) -> None:
    with pytest.raises(CannotRender, match=r"freeswitch\.folder"):
        render(tmp_path, {}, [], [])
