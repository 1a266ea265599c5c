"""YAML as we read it: plain data by the core schema of YAML 1.2, places, and everything bad said plainly."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import Field

from cti.config.findings import ConfigError, Place
from cti.config.model import Duration, Noun, Strict, Text, Whole
from cti.config.yamlfile import Document, document, load, parse
from tests.config.bad import BAD, expected_cases, told

# --- a small model: enough to be wrong in every way -------------------------------------------------


class Rules(Strict):
    ageing: Duration = 60.0


class Queue(Strict):
    name: Text
    strategy: Literal["longest_idle", "round_robin", "most_skilled", "ring_all"] = "longest_idle"
    priority: Annotated[Whole, Field(ge=0, le=10)] = 0
    needs: dict[str, Annotated[int, Field(strict=True, ge=1, le=5)]] = Field(default={})
    groups: Annotated[tuple[Text, ...], Field(min_length=1, max_length=4)] = ("service",)
    ring: Duration = 20.0
    record: bool = True
    music: Annotated[str, Field(pattern="^[a-z]+$"), Noun("piece of music", "small letters")] = "moh"
    weekly: dict[str, list[str] | Literal["closed"]] = Field(default={})


class Routing(Strict):
    queues: dict[str, Queue]
    rules: Rules = Rules()


# --- what is read ----------------------------------------------------------------------------------


def read(text: str) -> Any:
    return document("a.yaml", text.encode()).data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("TRUE", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("17", 17),
        ("-17", -17),
        ("+17", 17),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("9223372036854775807", 2**63 - 1),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("-1.5E-3", -0.0015),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("tRUE", "tRUE"),
        ("nULL", "nULL"),
        ("12:30", "12:30"),
        ("2026-12-31", "2026-12-31"),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("0o8", "0o8"),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        ("+", "+"),
        (".", "."),
        ("nan", "nan"),
        ("inf", "inf"),
        ("１", "１"),
        ("=", "="),
        ('"17"', "17"),
        ("'true'", "true"),
        ('"12\\n\\u58f0"', "12\n声"),
        ("|\n  one\n  two\n", "one\ntwo\n"),
        (">-\n  one\n  two\n", "one two"),
        ("售后：服务，“好”", "售后：服务，“好”"),
        ("http://example.com:80/", "http://example.com:80/"),
    ],
)
def test_a_value_is_what_the_core_schema_says(text: str, value: Any) -> None:
    got = read(f"key: {text}\n")["key"] if text != "-" else read(f"key: '{text}'\n")["key"]
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize("key", ["1001", "01", "0x10", "1.50", "true", "on", "2026-12-31", "12:30", "售后", "<<x"])
def test_a_key_is_text_as_it_is_written(key: str) -> None:
    assert read(f"{key}: x\n") == {key: "x"}


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "---\n...\n", "%YAML 1.2\n---\n"])
def test_an_empty_document_is_nothing(text: str) -> None:
    empty = document("a.yaml", text.encode())
    assert empty.data is None
    assert empty.place(("queues",), of_key=True).source == "a.yaml"


def test_an_empty_document_is_an_empty_mapping_to_a_model() -> None:
    assert document("a.yaml", b"").read_as(Rules) == Rules()


def test_an_alias_repeats_what_its_anchor_marks() -> None:
    assert read("a: &x {k: [1, 2]}\nb: *x\nc: &key word\n*key : 3\n") == {
        "a": {"k": [1, 2]},
        "b": {"k": [1, 2]},
        "c": "word",
        "word": 3,
    }


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_end_in_any_of_three_ways(end: str) -> None:
    got = document("a.yaml", f"a: 1{end}b:{end}  - 2{end}  - x{end}".encode())
    assert got.data == {"a": 1, "b": [2, "x"]}
    assert str(got.place(("b", 1))) == "a.yaml:4:5"
    assert got.place(("b", 1)).shown_line == "  - x"


# --- places ----------------------------------------------------------------------------------------

PLACES = """\
# a comment
queues:
  "售后":
    groups: [service, 订购]
    overflow:
      - when: no agents signed in
        to: hangup
      - {when: waiting > 30, to: 售后}
"""


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ((), "2:1", "2:1"),
        (("queues",), "3:3", "2:1"),
        (("queues", "售后"), "4:5", "3:3"),
        (("queues", "售后", "groups"), "4:13", "4:5"),
        (("queues", "售后", "groups", 1), "4:23", "4:23"),
        (("queues", "售后", "overflow", 0), "6:9", "6:9"),
        (("queues", "售后", "overflow", 0, "to"), "7:13", "7:9"),
        (("queues", "售后", "overflow", 1, "to"), "8:34", "8:30"),
    ],
)
def test_everything_has_its_place(path: tuple[str | int, ...], value: str, key: str) -> None:
    got = document("q.yaml", PLACES.encode())
    assert str(got.place(path)) == f"q.yaml:{value}"
    assert str(got.place(path, of_key=True)) == f"q.yaml:{key}"


def test_a_missing_key_belongs_under_the_nearest_one_that_is_there() -> None:
    got = document("q.yaml", PLACES.encode())
    assert str(got.place(("queues", "售后", "name"), of_key=True)) == "q.yaml:3:3"
    assert str(got.place(("queues", "售后", "limits", "wait"), of_key=True)) == "q.yaml:3:3"
    assert str(got.place(("queues", "售后", "overflow", 7, "to"))) == "q.yaml:6:7"


def test_what_an_alias_repeats_stands_at_its_anchor() -> None:
    got = document("a.yaml", b"a: &x\n  k: 1\nb: *x\n")
    assert str(got.place(("b",))) == "a.yaml:3:4"
    assert str(got.place(("b", "k"))) == "a.yaml:2:6"


# --- what is bad -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [(path, text) for _, path, text in expected_cases(BAD / "yaml")],
    ids=lambda value: getattr(value, "stem", ""),
)
def test_a_bad_file_is_refused_in_these_words(path: Path, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(path, Routing)
    assert told(caught.value, path.parent) == expected


def refusal(content: bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        document("a.yaml", content)
    return str(caught.value)


def test_a_small_file_that_is_huge_in_memory_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    started = time.process_time()
    said = refusal("\n".join(lines).encode())
    assert time.process_time() - started < 1
    assert said.startswith("a.yaml:7:10  more than 1,000,000 values, those that * repeats counted each time\n")


def test_levels_that_aliases_put_into_one_another_are_counted() -> None:
    lines = [f"a{n}: &a{n} {'[' * 20}{f'*a{n - 1}' if n else 'x'}{']' * 20}" for n in range(6)]
    said = refusal("\n".join(lines).encode())
    assert said.startswith("a.yaml:4:29  more than 64 levels of mappings and lists in one another\n")


def test_a_hundred_megabytes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "queues.yaml"
    path.touch()
    os.truncate(path, 100_000_000)
    started = time.process_time()
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert time.process_time() - started < 0.1
    assert told(caught.value, tmp_path) == (
        "queues.yaml  is too large: 100,000,000 bytes\n    a file has at most 16 megabytes"
    )


def test_a_file_that_never_ends_is_refused() -> None:
    with pytest.raises(ConfigError, match="^/dev/zero  is not a file$"):
        load(Path("/dev/zero"))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="  is not a file$"):
        load(tmp_path)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.yaml")
    assert told(caught.value, tmp_path) == "none.yaml  cannot be read: No such file or directory"


def test_a_megabyte_of_values_in_one_line_is_refused_briefly() -> None:
    said = refusal(b"[" + b"a, " * 400_000 + b"\x07]")
    assert said == (
        "a.yaml:1:1200002  a character stands here that nobody sees (U+0007)\n"
        "     1 | ... a, a, a, a, a, a, a, a, a, a, a, a, \\x07]\n"
        f"       | {' ' * 40}^^^^ delete it"
    )


def test_a_thousand_mistakes_are_not_all_listed() -> None:
    with pytest.raises(ConfigError) as caught:
        document("a.yaml", b"- .nan\n" * 1000)
    assert len(caught.value.findings) == 100
    assert str(caught.value).endswith("\nand 50 more")


# --- whatever comes --------------------------------------------------------------------------------

PIECES = [
    *(
        ": ",
        ":",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        '"',
        "'",
        " #",
        "&a ",
        "*a",
        "!x ",
        "? ",
        "|\n",
    ),
    *("<<: ", "---\n", "...\n", "%YAML 1.1\n", ".nan", "~", "true", "0x1F", "1e999", "\\", "\t", "\r", "\0", "@", "`"),
    *("：", "，", "“", "”", "［", "］", "　", "－", "\ufeff", "\u2028", "\u200b", "售后", "queues", "service", "name"),
]


def survives(content: bytes) -> None:
    """Whatever the bytes are: a document or a ConfigError, every place within the file, and soon."""
    took = []
    for _ in range(2):  # the collector's pauses are not ours: only what is slow twice is slow
        started = time.process_time()
        _read_or_refuse(content)
        took.append(time.process_time() - started)
        if took[-1] < 0.2:
            return
    raise AssertionError(f"took {took} seconds")


def _read_or_refuse(content: bytes) -> None:
    try:
        document("a.yaml", content).read_as(Routing)
    except ConfigError as error:
        for finding in error.findings:
            line = finding.place.shown_line
            assert line is None or 0 < finding.place.column <= len(line) + 1
            assert "libyaml" not in finding.hint
            assert not {"should", "expected", "valid"} & set(finding.what.split())


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join))
def test_fuzz_any_text_is_read_or_refused(text: str) -> None:
    survives(text.encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=60))
@example(b"\xff\xfe\x00")
@example(b"\x00")
def test_fuzz_any_bytes_are_read_or_refused(content: bytes) -> None:
    survives(content)


@given(
    st.sampled_from(sorted((BAD / "yaml").glob("*.yaml"))),
    st.integers(0, 400),
    st.sampled_from(PIECES),
    st.integers(0, 3),
)
def test_fuzz_a_bad_file_made_worse_is_read_or_refused(path: Path, at: int, piece: str, cut: int) -> None:
    content = path.read_bytes()
    survives(content[:at] + piece.encode() + content[at + cut :])


def _same_in_both(text: str) -> bool:
    """YAML 1.1, which PyYAML writes, takes other texts for numbers: 1e5 and 0o17 are text to it."""
    return not set(text) <= set("0123456789abcdefABCDEFox+-.")


WORDS = st.text(max_size=12).filter(_same_in_both) | st.sampled_from(
    ["yes", "no", "on", "null", "~", "12:30", "2026-12-31", "<<"]
)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
) | WORDS
DATA = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4))


@given(DATA, st.booleans() | st.none(), st.sampled_from([20, 80, 10_000]))
def test_fuzz_what_pyyaml_writes_is_read_back_the_same(data: Any, flow: bool | None, width: int) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow, width=width, sort_keys=False)
    assert repr(read(text)) == repr(data)


NAMES = st.text("abcdefghij售后", min_size=3, max_size=8)
TREES = st.recursive(NAMES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))


@given(TREES, st.booleans() | st.none())
def test_fuzz_every_key_and_value_is_where_its_place_says(data: Any, flow: bool | None) -> None:
    got = document("a.yaml", yaml.safe_dump(data, default_flow_style=flow, allow_unicode=True).encode())
    for path, value in leaves(got.data, ()):
        assert stands_at(got.place(path), value)
        if path and isinstance(path[-1], str):
            assert stands_at(got.place(path, of_key=True), path[-1])


def leaves(data: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(data, str):
        yield path, data
    else:
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from leaves(value, (*path, key))


def stands_at(place: Place, word: str) -> bool:
    return (place.shown_line or "")[place.column - 1 :].lstrip("? ").startswith(word)


def test_ten_thousand_agents_are_read_soon() -> None:
    agent = '  "{0}":\n    name: 王芳\n    groups: [service]\n    skills: {{mandarin: 5, repair: 4, orders: 3}}\n'
    content = ("agents:\n" + "".join(agent.format(n) for n in range(10_000, 20_000))).encode()
    started = time.process_time()
    got: Document = document("agents.yaml", content)
    assert time.process_time() - started < 2  # a third of a second where nothing else runs
    assert str(got.place(("agents", "19999", "skills", "orders"))) == "agents.yaml:40001:46"
