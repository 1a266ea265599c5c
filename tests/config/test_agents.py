"""routing/agents.yaml."""

from pathlib import Path

import pytest

from cti.config.agents import load_agents
from cti.config.findings import ConfigError


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
