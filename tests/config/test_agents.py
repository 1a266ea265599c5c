"""routing/agents.yaml."""

from pathlib import Path

import pytest

from cti.config.agents import Endpoint, OutsideNumber, RegisteredPhone, SipAddress, load_agents
from cti.config.findings import ConfigError
from cti.ids import AgentId


def test_the_file_in_the_repository_is_right() -> None:
    agents = load_agents(Path(__file__).parents[2] / "routing")
    assert agents.agents["1001"].name == "王芳"
    assert agents.defaults.ring == 20.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('agents:\n  "1001": {nam: 王芳}\n', '"nam" is not a key here'),
        ('agents:\n  "1001": {}\n', "name is missing"),
        ('agents:\n  "1001": {name: x, skills: {mandarin: 6}}\n', "mandarin: 6 is too large"),
        ('agents:\n  "10 01": {name: x}\n', "2 to 10 digits"),
        ("agents:\n  wang: {name: x}\n", "2 to 10 digits"),
        ("defaults: {ring: 20}\n", "needs its unit"),
    ],
)
def test_an_error_says_where(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "agents.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"agents\.yaml:\d+:\d+") as caught:
        load_agents(tmp_path)
    assert expected in str(caught.value)


def test_an_id_without_quotes_is_the_same_agent(tmp_path: Path) -> None:
    (tmp_path / "agents.yaml").write_text("agents:\n  1001: {name: 王芳}\n", "utf-8")
    assert load_agents(tmp_path).ids() == ["1001"]


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ('"1001"', RegisteredPhone("1001")),
        ("1001", RegisteredPhone("1001")),
        ("sip:wang@203.0.113.7:5070", SipAddress("sip:wang@203.0.113.7:5070")),
        ('"+8613800138000"', OutsideNumber("+8613800138000")),
    ],
)
def test_what_rings_for_an_agent(tmp_path: Path, text: str, endpoint: Endpoint) -> None:
    (tmp_path / "agents.yaml").write_text(f'agents:\n  "1009": {{name: 李强, endpoint: {text}}}\n', "utf-8")
    assert load_agents(tmp_path).endpoint(AgentId("1009")) == endpoint


@pytest.mark.parametrize(
    "text", ['"13800138000"', '"sip:a@b,sip:c@d"', '"sip:a@b;x=1"', "'sip:a@b}'", '"+86"', "'1'", "true", "[1001]"]
)
def test_what_cannot_be_rung_is_refused(tmp_path: Path, text: str) -> None:
    """An endpoint goes into a dial string: nothing in it may mean anything there."""
    (tmp_path / "agents.yaml").write_text(f'agents:\n  "1009": {{name: 李强, endpoint: {text}}}\n', "utf-8")
    with pytest.raises(ConfigError, match="is not an endpoint"):
        load_agents(tmp_path)


def test_what_an_agent_does_not_say_comes_from_the_defaults(tmp_path: Path) -> None:
    text = 'defaults: {ring: 25s, wrap_up: 10s}\nagents:\n  "1001": {name: 王芳, ring: 1s}\n  "1002": {name: 刘洋}\n'
    (tmp_path / "agents.yaml").write_text(text, "utf-8")
    agents = load_agents(tmp_path)
    first, second = AgentId("1001"), AgentId("1002")
    assert agents.endpoint(first) == RegisteredPhone("1001")
    assert (agents.ring(first), agents.ring(second)) == (1.0, 25.0)
    assert (agents.wrap_up(first), agents.wrap_up(second)) == (10.0, 10.0)
