"""Settings: who wins, where a value came from, and errors that say where and what to do."""

import json
from pathlib import Path

import pytest

from cti.config.findings import ConfigError
from cti.config.settings import Loaded, load_settings


@pytest.fixture
def no_secrets(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "secrets"
    folder.mkdir()
    return {"CTI_SECRETS_DIR": str(folder)}


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "cti.yaml"
    path.write_text(text, "utf-8")
    return path


def origins(loaded: Loaded) -> dict[str, tuple[str, str]]:
    return {row.name: (row.value, row.origin) for row in loaded.listing()}


def test_the_file_in_the_repository_is_right(no_secrets: dict[str, str]) -> None:
    loaded = load_settings(Path(__file__).parents[2] / "config" / "cti.yaml", no_secrets)
    assert loaded.settings.esl.nodes["main"].port == 8021


def test_environment_wins_over_secret_file_wins_over_file_wins_over_default(
    tmp_path: Path, no_secrets: dict[str, str]
) -> None:
    file = write(tmp_path, "esl:\n  silence: 30s\n  nodes:\n    main: {host: 127.0.0.2, port: 1}\n")
    secrets = Path(no_secrets["CTI_SECRETS_DIR"])
    (secrets / "CTI_ESL__NODES__MAIN__PASSWORD").write_text("from-a-file\n")
    (secrets / "CTI_ESL__NODES__MAIN__PORT").write_text("2")
    loaded = load_settings(file, {**no_secrets, "CTI_ESL__NODES__MAIN__PORT": "3", "PATH": "x"})
    node = loaded.settings.esl.nodes["main"]
    assert (node.host, node.port, node.password.get_secret_value()) == ("127.0.0.2", 3, "from-a-file")
    shown = origins(loaded)
    assert shown["esl.silence"] == ("30s", f"{file}:2:12")
    assert shown["esl.nodes.main.host"] == ("127.0.0.2", f"{file}:4:18")
    assert shown["esl.nodes.main.port"] == ("3", "environment variable CTI_ESL__NODES__MAIN__PORT")
    secret_file = secrets / "CTI_ESL__NODES__MAIN__PASSWORD"
    assert shown["esl.nodes.main.password"] == ("********", f"secret file {secret_file}")
    assert shown["esl.driver"] == ("asyncio", "default")


def test_a_node_can_come_from_the_environment_alone(no_secrets: dict[str, str]) -> None:
    names = {"CTI_ESL__NODES__SECOND__HOST": "::1", "CTI_ESL__NODES__SECOND__PORT": "8022"}
    nodes = load_settings(None, {**no_secrets, **names}).settings.esl.nodes
    assert nodes["second"].host == "::1"


def test_agents_passwords_come_one_by_one_or_as_json(no_secrets: dict[str, str]) -> None:
    names = {"CTI_AGENTS__PASSWORDS__1001": "one", "CTI_AGENTS__PASSWORDS": json.dumps({"1001": "x", "1002": "two"})}
    passwords = load_settings(None, {**no_secrets, **names}).settings.agents.passwords
    assert {agent: secret.get_secret_value() for agent, secret in passwords.items()} == {"1001": "one", "1002": "two"}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1"])
def test_cluecon_is_accepted_on_loopback(no_secrets: dict[str, str], host: str) -> None:
    load_settings(None, {**no_secrets, "CTI_ESL__NODES__MAIN__HOST": host})


@pytest.mark.parametrize("host", ["192.0.2.1", "freeswitch", "0.0.0.0", "2001:db8::1"])
def test_cluecon_is_refused_anywhere_else(no_secrets: dict[str, str], host: str) -> None:
    with pytest.raises(ConfigError, match=r"ClueCon is known to everybody.*only on loopback.*__PASSWORD"):
        load_settings(None, {**no_secrets, "CTI_ESL__NODES__MAIN__HOST": host})
    own = {"CTI_ESL__NODES__MAIN__PASSWORD": "a-word-of-our-own"}
    load_settings(None, {**no_secrets, "CTI_ESL__NODES__MAIN__HOST": host, **own})


WRONG = {
    "a misspelt key": (
        "esl:\n  drivr: asyncio\n",
        """cti.yaml:2:3  "drivr" is not a key here
     2 |   drivr: asyncio
       |   ^^^^^ did you mean driver?
    allowed: driver, nodes, connect_timeout, silence, retry_first, retry_most, nudge""",
    ),
    "a misspelt section": ("els: {}\n", "did you mean esl?"),
    "a misspelt word": (
        "esl:\n  driver: greenswich\n",
        """cti.yaml:2:11  driver: "greenswich" is not a driver
     2 |   driver: greenswich
       |           ^^^^^^^^^^ did you mean greenswitch?
    allowed: asyncio, greenswitch""",
    ),
    "a duration without a unit": ("esl:\n  silence: 45\n", "a duration needs its unit: 45s?"),
    "a strange duration": ("esl:\n  silence: soon\n", "written as 300ms, 15s, 2m or 1h"),
    "a password": ("esl:\n  nodes:\n    main: {password: secret}\n", "CTI_ESL__NODES__MAIN__PASSWORD"),
    "an agent's password": ('agents:\n  passwords:\n    "1001": x\n', "does not belong in this file"),
    "a key twice": ("log: {}\nlog: {}\n", "cti.yaml:2:1"),
    "no YAML": ("esl: [\n", "is not YAML"),
    "a list": ("- a\n", "is not a mapping"),
    "a port": ("esl:\n  nodes:\n    main: {port: 70000}\n", "cti.yaml:3:18  port: 70000 is too large"),
    "a node's name": ("esl:\n  nodes:\n    Main Node: {}\n", "Main Node"),
    "a user without a domain": ("esl:\n  nodes:\n    main: {user: cti}\n", "USER@DOMAIN"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_error_says_where_and_what_to_do(tmp_path: Path, no_secrets: dict[str, str], case: str) -> None:
    text, expected = WRONG[case]
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, text), no_secrets)
    assert expected in str(caught.value).replace(str(tmp_path) + "/", "")


def test_yes_and_no_are_words(tmp_path: Path, no_secrets: dict[str, str]) -> None:
    """YAML 1.2: only true and false are truth values; here pydantic takes the word, elsewhere it stays a word."""
    loaded = load_settings(write(tmp_path, "freeswitch:\n  vars: {user_agent: no}\n"), no_secrets)
    assert loaded.settings.freeswitch.vars["user_agent"] == "no"


@pytest.mark.parametrize("name", ["CTI_ELS__DRIVER", "CTI_ESLDRIVER"])
def test_a_variable_that_looks_like_ours_and_is_none_is_refused(no_secrets: dict[str, str], name: str) -> None:
    with pytest.raises(ConfigError, match=f"environment variable {name}"):
        load_settings(None, {**no_secrets, name: "x"})


def test_a_misspelt_variable_is_named(no_secrets: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"(?s)environment variable CTI_ESL__DRIVR.*did you mean driver"):
        load_settings(None, {**no_secrets, "CTI_ESL__DRIVR": "asyncio"})


def test_a_misspelt_secret_file_is_named(no_secrets: dict[str, str]) -> None:
    (Path(no_secrets["CTI_SECRETS_DIR"]) / "CTI_ELS__X").write_text("x")
    with pytest.raises(ConfigError, match="secret file .*CTI_ELS__X"):
        load_settings(None, no_secrets)


def test_a_file_that_is_missing_or_no_text_says_so(tmp_path: Path, no_secrets: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_settings(tmp_path / "none.yaml", no_secrets)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_settings(tmp_path / "binary.yaml", no_secrets)
    with pytest.raises(ConfigError, match="is not a folder"):
        load_settings(None, {"CTI_SECRETS_DIR": str(tmp_path / "nowhere")})


def test_a_secret_file_that_is_no_text_is_an_error_that_says_where(no_secrets: dict[str, str]) -> None:
    (Path(no_secrets["CTI_SECRETS_DIR"]) / "CTI_ESL__NODES__MAIN__PASSWORD").write_bytes(b"\xcd\x00")
    with pytest.raises(ConfigError, match=r"folder of secrets .*  holds a file that is not UTF-8 text"):
        load_settings(None, no_secrets)
