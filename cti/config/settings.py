"""config/cti.yaml: how this installation runs, and where each value in force came from.

Later ones win: our defaults, the file, a secret file named after the setting, an environment variable of that
name. ``esl.nodes.main.password`` is CTI_ESL__NODES__MAIN__PASSWORD. Passwords belong in the last two.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, StringConstraints, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from cti.config.findings import ConfigError, Finding, Place, nearest
from cti.config.model import Duration, Refused, Strict
from cti.config.yamlfile import Document, Key, findings, load

PREFIX = "CTI_"
DELIMITER = "__"
SECRETS = (Path("secrets"), Path("/run/secrets"))
"""Folders of secret files; the variable CTI_SECRETS_DIR names another one instead."""

_OWN_NAMES = frozenset({"CTI_SECRETS_DIR"})

WELL_KNOWN_PASSWORD = "ClueCon"  # noqa: S105 (FreeSWITCH's default, which everybody knows)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
"""A short name in small letters: an environment variable must be able to say it."""


Port = Annotated[int, Field(ge=0, le=65535)]
"""A port; 0 takes a free one, where we listen ourselves."""


class Node(Strict):
    """One FreeSWITCH."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$|^[0-9A-Fa-f:.]+$")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8021
    user: str = ""
    """USER@DOMAIN signs in as a user of the directory (userauth); empty uses event_socket.conf.xml's password."""
    password: SecretStr = SecretStr(WELL_KNOWN_PASSWORD)

    @model_validator(mode="after")
    def _well_known_password_only_on_loopback(self) -> "Node":
        if self.password.get_secret_value() == WELL_KNOWN_PASSWORD and not _is_loopback(self.host):
            raise ValueError(
                f"the password ClueCon is known to everybody and accepted only on loopback, not for {self.host}; "
                "set another one in event_socket.conf.xml and in CTI_ESL__NODES__<NODE>__PASSWORD"
            )
        return self

    @model_validator(mode="after")
    def _user_has_a_domain(self) -> "Node":
        if self.user and not all(self.user.partition("@")):
            raise ValueError("user is written as USER@DOMAIN")
        return self


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class Esl(Strict):
    """The Event Socket."""

    driver: Literal["asyncio", "greenswitch"] = "asyncio"
    nodes: dict[Name, Node] = {"main": Node()}
    connect_timeout: Duration = 5.0
    silence: Duration = 45.0
    """Without a byte for this long a node counts as gone; it sends a HEARTBEAT every 20 s."""
    retry_first: Duration = 0.5
    retry_most: Duration = 15.0
    nudge: Duration = 0.002
    """How often a node is nudged to hand out its events, which it keeps for up to 20 ms otherwise; 0s: never."""


class Log(Strict):
    """What the server writes about itself."""

    format: Literal["auto", "json", "text"] = "auto"
    """auto: text on a terminal, JSON lines otherwise."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    mask_numbers: bool = True
    """138****8000 instead of a caller's whole number."""


class GatewaySettings(Strict):
    """A carrier that FreeSWITCH calls through."""

    proxy: str
    """HOST or HOST:PORT."""
    username: str = ""
    password: SecretStr = SecretStr("")
    register_: Annotated[bool, Field(alias="register")] = False
    number: str = ""
    """The number of ours that its calls come in on, where the carrier does not say."""


class FreeSwitch(Strict):
    """What `cti freeswitch render` writes beside FreeSWITCH's configuration."""

    folder: Path = Path("config/freeswitch")
    node: Name = "main"
    """Whose port and password the event socket gets."""
    vars: dict[str, str | int | bool] = {}
    """Values that replace those of vars.xml, by their names there."""
    gateways: dict[Name, GatewaySettings] = {}


class SoftSwitch(Strict):
    """The embedded softswitch: for trials and tests, in place of a FreeSWITCH."""

    enabled: bool = True
    """Whether `cti run` starts it. Off where a FreeSWITCH runs."""
    host: Annotated[str, StringConstraints(pattern=r"^[0-9.]+$")] = "127.0.0.1"
    """The IPv4 address for SIP and RTP. The Event Socket is that of esl.nodes.main."""
    internal_port: Port = 5060
    """Agents' phones."""
    external_port: Port = 5080
    """Callers; an open port."""
    rtp_first: Port = 30000
    rtp_last: Port = 31999
    music: Path = Path("config/freeswitch/sounds/moh")
    fallback: Path = Path("config/freeswitch/sounds/fallback.wav")
    """What callers hear whose call nobody claims."""
    claim: Duration = 5.0
    """How long a call waits to be claimed."""
    heartbeat: Duration = 20.0


class Voice(Strict):
    """How prompts become sound: docs/prompts.md."""

    engine: Literal["espeak", "command"] = "espeak"
    voices: dict[str, str] = {"zh-CN": "cmn", "yue": "yue", "en": "en-us"}
    """The engine's voice by language."""
    rate: Annotated[int, Field(ge=80, le=450)] = 175
    """Words a minute, as espeak-ng counts them."""
    pitch: Annotated[int, Field(ge=0, le=99)] = 50
    pitch_range: Annotated[int, Field(ge=0, le=99)] = 75
    """How far up and down the voice goes: Chinese tones are clearer above espeak-ng's own 50."""
    command: list[str] = []
    """The program and its arguments where engine is command; {language} {voice} {text} {file} are replaced."""
    version: str = ""
    """Change it when the command would speak otherwise: everything is rendered anew."""
    limit: Duration = 20.0
    """For one piece."""
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    """Processes that render at the same time."""
    cache: Path = Path("var/prompts")
    cache_megabytes: Annotated[int, Field(ge=1)] = 500
    """Beyond this, what was not used for the longest time is deleted."""
    recordings: Path = Path("ivr_flows")
    """The folder of recorded files."""
    replacements: Path = Path("ivr_flows/recorded.csv")
    """Texts that somebody has recorded: language, text, file."""

    @model_validator(mode="after")
    def _command_is_given(self) -> "Voice":
        if self.engine == "command" and not self.command:
            raise ValueError('engine is command, but there is no command: ["my-tts", "--lang", "{language}"]')
        return self


_DAYS: Final = re.compile(r"([1-9][0-9]{0,4})d")


def _days(value: Any) -> int:
    match = _DAYS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Refused("is not a number of days", hint="it is written as 180d")
    return int(match[1])


Days = Annotated[int, BeforeValidator(_days)]
"""Days, written as ``180d``; at least one, 99,999 at most."""


class Keep(Strict):
    """Recordings of a kind that are kept longer."""

    keep: Days
    hotline: str | None = None
    queue: str | None = None
    complaint: Literal[True] | None = None
    """Those of calls with a complaint."""

    @model_validator(mode="after")
    def _says_which(self) -> "Keep":
        if self.hotline is None and self.queue is None and self.complaint is None:
            raise ValueError("says nothing about which: give hotline, queue or complaint: true")
        return self


class Recordings(Strict):
    """The recordings' files: docs/recordings.md."""

    folder: Path = Path("recordings")
    """The switch must find it under the same path and be able to write there."""
    convert: Literal["none", "opus", "mp3"] = "none"
    bitrate: Annotated[int, Field(ge=8, le=256)] = 32
    """kb/s of what is converted, both voices together."""
    command: list[str] = []
    """The program that converts; {source} {target} {bitrate} are replaced. Without: opusenc, lame or ffmpeg."""
    keep: Days = 180
    longer: list[Keep] = []
    """The longest of those that fit a recording counts."""
    warn_megabytes: Annotated[int, Field(ge=0)] = 5000
    """An alarm is raised when the disk has less room than this."""
    stop_megabytes: Annotated[int, Field(ge=0)] = 500
    """Nothing more is recorded when it has less than this."""
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    """Recordings that are finished at the same time."""

    @model_validator(mode="after")
    def _longer_is_longer(self) -> "Recordings":
        short = next((rule for rule in self.longer if rule.keep <= self.keep), None)
        if short is not None:
            raise ValueError(
                f"a rule under longer keeps {short.keep} days, which is no longer than keep: {self.keep} days"
            )
        return self

    @model_validator(mode="after")
    def _command_takes_files(self) -> "Recordings":
        words = " ".join(self.command)
        if self.command and not ("{source}" in words and "{target}" in words):
            raise ValueError("the command has no {source} or no {target}: it would not know what to convert")
        return self


class Records(Strict):
    """The database of calls: docs/records.md."""

    url: str = "sqlite+aiosqlite:///var/cti.db"
    """Or ``postgresql+asyncpg://cti@127.0.0.1/cti``."""
    password: SecretStr = SecretStr("")
    """Of the database; CTI_RECORDS__PASSWORD."""
    spool: Path = Path("var/spool")
    """What is written while the database is away."""
    count_limit: Duration = 0.5
    """How long a call waits for the number of the customer's earlier calls."""


class Desk(Strict):
    """How agents come to work."""

    sign_in_by_phone: bool = True
    """An agent is available as soon as the phone registers; false: when they dial *45."""


class AgentSecrets(Strict):
    """What only the agents' phones know."""

    passwords: dict[str, SecretStr] = {}
    """SIP password by agent id: CTI_AGENTS__PASSWORDS__1001, or one JSON object in CTI_AGENTS__PASSWORDS."""


class Settings(BaseSettings):
    """Everything in force. Made by `load_settings`; the sections are explained in config/cti.yaml."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix=PREFIX, env_nested_delimiter=DELIMITER)

    esl: Esl = Esl()
    log: Log = Log()
    freeswitch: FreeSwitch = FreeSwitch()
    softswitch: SoftSwitch = SoftSwitch()
    agents: AgentSecrets = AgentSecrets()
    desk: Desk = Desk()
    voice: Voice = Voice()
    records: Records = Records()
    recordings: Recordings = Recordings()
    routing: Path = Path("routing")
    flows: Path = Path("ivr_flows")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)  # load_settings merges the sources, to know where each value came from


Origin = Callable[[tuple[str, ...]], Place]
"""Tells where the value at a path came from."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One value in force."""

    name: str
    value: str
    """Secrets are masked."""
    origin: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and where they came from."""

    settings: Settings
    origins: Mapping[tuple[str, ...], Place]

    def listing(self) -> list[Setting]:
        """Every value with its origin, in the order of the sections."""
        return [
            Setting(".".join(path), value, str(self.origins.get(path, "default")))
            for path, value in _leaves(self.settings, ())
        ]


def load_settings(file: Path | None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Reads the file (None: no file), the secret files and the environment. Raises ConfigError."""
    environ = os.environ if environ is None else environ
    document = load(file) if file is not None else None
    merged = _Merged()
    if document is not None:
        merged.add_document(document)
    for folder in _secret_folders(environ):
        merged.add_secrets(folder)
    merged.add_environment(environ)
    try:
        settings = Settings(**merged.data)
    except ValidationError as error:

        def locate(path: tuple[Key, ...], *, of_key: bool = False) -> Place:
            place = merged.origin(tuple(map(str, path)))
            if document is not None and (place is None or place.source == document.source):
                return document.place(path, of_key=of_key)
            return place or Place("the settings")

        raise ConfigError(findings(error, Settings, locate)) from error
    return Loaded(settings, merged.origins)


class _Merged:
    """The sources, one laid over the other, and where each value came from."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.origins: dict[tuple[str, ...], Place] = {}

    def add_document(self, document: Document) -> None:
        if document.data is None:
            return
        if not isinstance(document.data, dict):
            raise ConfigError([Finding(Place(document.source, 1, 1), "is not a mapping of settings")])
        _refuse_passwords(document)
        self._lay(self.data, document.data, document.place, ())

    def add_secrets(self, folder: Path) -> None:
        files = {path.name.upper(): f"secret file {path}" for path in folder.iterdir() if path.is_file()}
        _check_names(files)
        try:
            source = NestedSecretsSettingsSource(
                EnvSettingsSource(Settings),
                secrets_dir=folder,
                secrets_prefix=PREFIX,
                secrets_nested_delimiter=DELIMITER,
            )
        except UnicodeDecodeError as error:
            what = "holds a file that is not UTF-8 text"
            raise ConfigError([Finding(Place(f"folder of secrets {folder}"), what)]) from error
        self._lay(self.data, source(), _by_name(files), ())

    def add_environment(self, environ: Mapping[str, str]) -> None:
        ours = {name.upper(): name for name in environ if name.upper().startswith(PREFIX)}
        described = {name: f"environment variable {name}" for name in ours}
        _check_names(described)
        source = EnvSettingsSource(Settings)
        # shorter names first, so that ..__PASSWORDS__1001 is laid over one entry of ..__PASSWORDS
        source.env_vars = {name.lower(): environ[ours[name]] for name in sorted(ours)}
        self._lay(self.data, source(), _by_name(described), ())

    def origin(self, path: tuple[str, ...]) -> Place | None:
        """Where the value at `path`, or the nearest above it, came from."""
        return next((self.origins[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.origins), None)

    def _lay(self, into: dict[str, Any], data: Mapping[str, Any], origin: Origin, above: tuple[str, ...]) -> None:
        for key, value in data.items():
            path = (*above, key)
            self.origins[path] = origin(path)
            if isinstance(value, Mapping):
                inner = into.get(key)
                into[key] = dict(inner) if isinstance(inner, Mapping) else {}
                self._lay(into[key], value, origin, path)
            else:
                into[key] = value


def _secret_folders(environ: Mapping[str, str]) -> list[Path]:
    named = environ.get("CTI_SECRETS_DIR")
    if named:
        if not Path(named).is_dir():
            raise ConfigError([Finding(Place("environment variable CTI_SECRETS_DIR"), f"{named} is not a folder")])
        return [Path(named)]
    return [folder for folder in SECRETS if folder.is_dir()]


def _check_names(names: Mapping[str, str]) -> None:
    """Refuses names that begin as ours and mean nothing: a misspelt one must not be a silent default."""
    wrong = []
    for name, described in names.items():
        section = name.removeprefix(PREFIX).split(DELIMITER)[0].lower()
        if name.startswith(PREFIX) and name not in _OWN_NAMES and section not in Settings.model_fields:
            hint = nearest(section, Settings.model_fields)
            wrong.append(Finding(Place(described), f"{section!r} is no section of the settings", hint=hint))
    if wrong:
        raise ConfigError(wrong)


def _by_name(names: Mapping[str, str]) -> Origin:
    """The origin of a value that the file or variable named after it, or after something above it, has set."""

    def origin(path: tuple[str, ...]) -> Place:
        for length in range(len(path), 0, -1):
            name = PREFIX + DELIMITER.join(path[:length]).upper()
            if name in names:
                return Place(names[name])
        below = PREFIX + DELIMITER.join((*path, "")).upper()
        return Place(next((names[name] for name in names if name.startswith(below)), "the settings"))

    return origin


def _refuse_passwords(document: Document) -> None:
    """Secrets do not belong in a file that is kept in git."""
    wrong = []
    for path, value in _pairs(document.data, ()):
        if path[-1] == "password" or path[:2] == ("agents", "passwords"):
            if value == WELL_KNOWN_PASSWORD:
                continue
            name = PREFIX + DELIMITER.join(path).upper()
            hint = f"put it into the environment variable or secret file {name}"
            wrong.append(Finding(document.place(path), "a password does not belong in this file", hint=hint))
    if wrong:
        raise ConfigError(wrong)


def _pairs(data: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _pairs(value, (*path, key))
    elif path:
        yield path, data


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _leaves(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _leaves(item, (*path, name))
    elif isinstance(value, SecretStr):
        yield path, "********" if value.get_secret_value() else ""
    elif isinstance(value, bool):
        yield path, str(value).lower()
    elif isinstance(value, float):
        yield path, f"{value:g}s"  # every float here is a Duration
    else:
        yield path, str(value) if value != {} else "{}"
