"""Findings: where, what, and what to do, as people and as programs read them."""

import time

import pytest

from cti.config.excerpt import WIDTH, cells, excerpt
from cti.config.findings import ConfigError, Finding, Place, SourceText, nearest, quoted, refuse

QUEUES = """\
# routing/queues.yaml
queues:
  service:
    name: 售后服务
    strategy: longest_idel
"""


def place(line: int, column: int, text: str = QUEUES) -> Place:
    return Place("routing/queues.yaml", line, column, SourceText("routing/queues.yaml", text))


STRATEGIES = ("longest_idle", "round_robin", "fewest_calls", "least_occupied", "most_skilled", "sequential", "ring_all")
MISSPELT = Finding(
    place(5, 15), 'strategy: "longest_idel" is not a strategy', "longest_idel", "did you mean longest_idle?", STRATEGIES
)


def test_a_finding_reads_as_the_admins_guide_shows_it() -> None:
    assert MISSPELT.render() == (
        'routing/queues.yaml:5:15  strategy: "longest_idel" is not a strategy\n'
        "     5 |     strategy: longest_idel\n"
        "       |               ^^^^^^^^^^^^ did you mean longest_idle?\n"
        "    allowed: longest_idle, round_robin, fewest_calls, least_occupied, most_skilled, sequential, ring_all"
    )


def test_a_finding_as_json_has_everything() -> None:
    assert MISSPELT.as_json() == {
        "file": "routing/queues.yaml",
        "line": 5,
        "column": 15,
        "severity": "error",
        "what": 'strategy: "longest_idel" is not a strategy',
        "value": "longest_idel",
        "hint": "did you mean longest_idle?",
        "allowed": list(STRATEGIES),
    }


def test_a_warning_says_that_it_is_one() -> None:
    warning = Finding(Place("routing/hours.yaml", 3, 7), "nothing is known of 2031", severity="warning")
    assert warning.render() == "routing/hours.yaml:3:7  warning: nothing is known of 2031"
    assert warning.as_json()["severity"] == "warning"


def test_a_source_without_lines_is_named_alone() -> None:
    finding = Finding(Place("environment variable CTI_X"), "x is not a section", hint="did you mean log?")
    assert finding.render() == "environment variable CTI_X  x is not a section\n    did you mean log?"
    assert (finding.as_json()["line"], finding.as_json()["column"]) == (0, 0)


def test_chinese_characters_take_two_cells() -> None:
    text = "售后: {name: 售后服务（一）, strategy: “售后”}\n"
    finding = Finding(place(1, 31, text), "x", "“售后”")
    assert finding.render().splitlines()[1:] == [
        "     1 | 售后: {name: 售后服务（一）, strategy: “售后”}",
        "       |                                        ^^^^^^",
    ]


def test_marks_that_take_no_cell_are_counted_as_none() -> None:
    assert excerpt("cafe\u0301: x", 8, 1) == ("cafe\u0301: x", "      ^")


def test_tabs_are_shown_as_spaces() -> None:
    assert excerpt("\ta:\tbad", 5, 3) == ("    a:    bad", "          ^^^")


def test_what_a_terminal_would_obey_is_spelled_out() -> None:
    shown, marks = excerpt("name: \x1b[31m\u202e王", 7, 1)
    assert (shown, marks) == ("name: \\x1b[31m\\u202e王", "      ^^^^")
    finding = Finding(Place("a.yaml", 1, 1), quoted("\x1b[31m\u202e\x9b"), hint="\x1b[0m")
    assert finding.render() == 'a.yaml:1:1  "\\u001b[31m\\u202e\\x9b"\n    \\x1b[0m'


def test_the_text_in_quotes_is_underlined_with_its_quotes() -> None:
    finding = Finding(place(1, 7, 'ring: "20"\n'), "x", "20")
    assert finding.render().splitlines()[2] == "       |       ^^^^"


def test_a_number_is_underlined_as_it_is_written() -> None:
    assert Finding(place(1, 7, "ring: 0x14, 3"), "x", "20").render().splitlines()[2] == "       |       ^^^^"


def test_of_a_value_of_several_lines_the_first_is_underlined() -> None:
    finding = Finding(place(1, 3, '- "one\n  two"\n'), "x", "one two")
    assert finding.render().splitlines()[1:] == ['     1 | - "one', "       |   ^^^^"]


@pytest.mark.parametrize(
    ("before", "value", "after", "shown"),
    [
        (10, 5, 300, "b" * 10 + "v" * 5 + "a" * (WIDTH - 18) + "..."),
        (300, 5, 10, "..." + "b" * 37 + "v" * 5 + "a" * 10),
        (300, 5, 300, "..." + "b" * 37 + "v" * 5 + "a" * (WIDTH - 48) + "..."),
        (10, 300, 10, "b" * 10 + "v" * (WIDTH - 13) + "..." + "..."),
    ],
)
def test_a_long_line_is_cut_around_the_value(before: int, value: int, after: int, shown: str) -> None:
    line, marks = excerpt("b" * before + "v" * value + "a" * after, before + 1, value)
    assert line == shown
    assert marks.index("^") == line.index("v")
    assert marks.count("^") in (value, WIDTH - 10)


def test_a_long_line_of_wide_characters_is_cut_to_the_same_width() -> None:
    line, marks = excerpt("很" * 200 + "坏" + "很" * 200, 201, 1)
    assert WIDTH - 1 <= cells(line) <= WIDTH
    assert cells(line[: line.index("坏")]) == marks.index("^")
    assert marks.endswith(" ^^")


def test_a_place_behind_the_end_of_the_line_is_marked_there() -> None:
    assert excerpt("name:", 6, 0) == ("name:", "     ^")


def test_a_long_hint_has_a_line_of_its_own() -> None:
    finding = Finding(place(1, 1, "v" * 90), "x", "v" * 90, hint="h" * 60)
    assert finding.render().splitlines()[2:] == ["       | " + "^" * 90, "    " + "h" * 60]


def test_many_allowed_words_are_not_all_shown() -> None:
    finding = Finding(Place("a.yaml"), "x", allowed=tuple(f"q{n}" for n in range(10_000)))
    assert finding.render().splitlines()[1].endswith(", q18, q19 and 9,980 more")


def test_ten_thousand_findings_of_one_large_file_are_rendered_soon() -> None:
    text = SourceText("agents.yaml", "  name: 王芳\n" * 100_000)
    found = [Finding(Place("agents.yaml", n, 9, text), "x", "王芳") for n in range(1, 100_000, 10)]
    started = time.process_time()
    rendered = [finding.render() for finding in found]
    assert time.process_time() - started < 2
    assert rendered[-1] == "agents.yaml:99991:9  x\n 99991 |   name: 王芳\n       |         ^^^^"


# --- errors and warnings ---------------------------------------------------------------------------

ERROR = Finding(Place("a.yaml", 2, 1), "two")
WARNING = Finding(Place("a.yaml", 1, 1), "one", severity="warning")


def test_warnings_alone_are_given_back() -> None:
    assert refuse([WARNING]) == (WARNING,)
    assert refuse([]) == ()


def test_an_error_is_raised_together_with_the_warnings() -> None:
    with pytest.raises(ConfigError) as caught:
        refuse([WARNING, ERROR])
    assert caught.value.findings == (WARNING, ERROR)
    assert str(caught.value) == "a.yaml:1:1  warning: one\na.yaml:2:1  two"


def test_an_error_shows_fifty_findings_and_has_them_all() -> None:
    error = ConfigError([ERROR] * 60)
    assert str(error).splitlines()[-2:] == ["a.yaml:2:1  two", "and 10 more"]
    assert len(error.findings) == 60


# --- did you mean ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("longest_idel", "did you mean longest_idle?"),
        ("Longest_Idle", "did you mean longest_idle?"),
        ("ring all", "did you mean ring_all?"),
        ("random", ""),
        ("", ""),
        ("x" * 5000, ""),
    ],
)
def test_the_nearest_word_is_found(word: str, hint: str) -> None:
    assert nearest(word, STRATEGIES) == hint


def test_among_ten_thousand_words_the_nearest_is_found_soon() -> None:
    words = [f"queue_{n:05}" for n in range(10_000)] + ["complaints"]
    started = time.process_time()
    hints = [nearest("complaint", words), nearest("queue_007070", words), nearest("qeue_00707", words)]
    assert time.process_time() - started < 0.5
    assert hints == ["did you mean complaints?", "did you mean queue_07070?", "did you mean queue_00707?"]


# --- values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("售后", '"售后"'),
        (5, "5"),
        (True, "true"),
        (None, "null"),
        (["a", 1], '["a", 1]'),
        ({"a": 1}, '{"a": 1}'),
        ("x" * 100, '"' + "x" * 56 + "..."),
        (list(range(1_000_000)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16..."),
    ],
)
def test_a_value_is_quoted_as_in_a_file_and_short(value: object, text: str) -> None:
    assert quoted(value) == text
