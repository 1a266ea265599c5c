"""What libyaml says, in words for people who never read the YAML specification."""

import re
from collections.abc import Callable
from typing import Any, Final

from yaml.error import MarkedYAMLError
from yaml.events import CollectionStartEvent, ScalarEvent

from cti.config.findings import Finding, SourceText
from cti.config.slips import slip_in_line

Mark = Any
"""libyaml's place: index, line and column, all from 0. PyYAML has two classes for it, one of them undeclared."""

DEEPEST: Final = 64
"""Levels of mappings and lists in one another that we read; libyaml has a limit of its own."""

TOO_DEEP: Final = f"more than {DEEPEST} levels of mappings and lists in one another"

_ALIGN = "lines of one level begin in the same column"
_QUOTE = "put the text in quotes"


class Trouble:
    """Where libyaml stopped, and what had been read before."""

    def __init__(
        self,
        error: MarkedYAMLError,
        text: SourceText,
        opened: list[CollectionStartEvent],
        last: ScalarEvent | None,
    ) -> None:
        self.text = text
        self.problem = error.problem or ""
        self.context = error.context or ""
        self.mark: Mark = error.problem_mark or error.context_mark
        self.start: Mark = error.context_mark or self.mark
        self.bracket = next((event.start_mark for event in reversed(opened) if event.flow_style), None)
        """Where the innermost [ or { begins that is open."""
        self.last = last

    @property
    def is_after_quote(self) -> bool:
        """Whether nothing but spaces stands between it and the end of a text in quotes."""
        if self.last is None or self.last.style not in ("'", '"'):
            return False
        end: Mark = self.last.end_mark
        return not self.text.text[end.index : self.mark.index].strip(" ")

    @property
    def character(self) -> str:
        """The one where it stopped; nothing at the end of a line."""
        return self.line(self.mark)[self.mark.column : self.mark.column + 1]

    def line(self, mark: Mark) -> str:
        return self.text.lines[mark.line] if mark.line < len(self.text.lines) else ""

    @property
    def has_no_key(self) -> bool:
        """Whether it stopped at a colon with nothing before it."""
        return self.character == ":" and self.before().rstrip().endswith(("{", "[", ","))

    def before(self) -> str:
        """The line where it stopped, as far as it was read."""
        return self.line(self.mark)[: self.mark.column]

    def finding(self, mark: Mark, what: str, hint: str, value: str = "") -> Finding:
        return Finding(self.text.at(mark.line, mark.column), f"is not YAML: {what}", value=value, hint=hint)

    @property
    def above(self) -> int:
        """The number of the line above that says something, from 0; -1 where there is none."""
        above: int = self.mark.line - 1
        while above >= 0 and not self.text.lines[above].split("#")[0].strip():
            above -= 1
        return above

    def slip(self) -> Finding | None:
        """A slip of the keyboard in the lines around: where it began, the one above, where it stopped."""
        began = self.mark.line if "block" in self.context else self.start.line
        for number in dict.fromkeys((began, self.above, self.mark.line)):
            if 0 <= number < len(self.text.lines):
                found = slip_in_line(self.text.lines[number], flow=self.bracket is not None)
                if found:
                    place = self.text.at(number, found.at)
                    return Finding(place, f"is not YAML: {found.what}", found.text, found.hint)
        return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def explained(trouble: Trouble) -> Finding:
    """libyaml's error as a finding."""
    tab = re.match(r"\s*\t", trouble.before() + trouble.character)
    if tab:
        line = trouble.line(trouble.mark)
        place = trouble.text.at(trouble.mark.line, line.index("\t"))
        return Finding(place, "is not YAML: a tab; indent with spaces", value="\t")
    if slip := trouble.slip():
        return slip
    said = f"{trouble.context}: {trouble.problem}"
    explain = next((explain for words, explain in _TABLE if words in said), None)
    if explain is not None:
        return explain(trouble)
    return trouble.finding(trouble.mark, "cannot be read from here on", f"libyaml says: {trouble.problem}")


def _no_colon(trouble: Trouble) -> Finding:
    """A line among keys that is no key."""
    rest = trouble.line(trouble.start)[trouble.start.column :].split(" #")[0].rstrip()
    return trouble.finding(trouble.start, "a colon is missing", "write key: value", rest)


def _colon(trouble: Trouble) -> Finding:
    """A colon after a value: twice in a line, or the line above was not finished."""
    before = trouble.before()
    if trouble.has_no_key or trouble.is_after_quote:
        return _unfit(trouble)
    if ": " in before or trouble.bracket is not None:
        return trouble.finding(trouble.mark, "a second colon after a key", "put a text with a colon in quotes", ":")
    above = trouble.text.lines[trouble.above] if trouble.above >= 0 else ": "
    if ": " not in above:
        key = above.strip(" -")
        place = trouble.text.at(trouble.above, above.index(key))
        return Finding(place, "is not YAML: a colon is missing", value=key, hint=f"write {key}:")
    first = len(before) - len(before.lstrip(" -"))
    place = trouble.text.at(trouble.mark.line, first)
    hint = f"line {trouble.above + 1} has a value already; indent this one like it"
    return Finding(place, "is not YAML: a key cannot stand below a value", value=before[first:], hint=hint)


def _item(trouble: Trouble) -> Finding:
    hint = "begin the list on a line of its own, or write [a, b]"
    return trouble.finding(trouble.mark, "a list cannot begin here", hint, "-")


def _question_mark(trouble: Trouble) -> Finding:
    return trouble.finding(trouble.mark, "a value cannot begin with ?", _QUOTE, "?")


def _no_space(trouble: Trouble) -> Finding:
    return trouble.finding(trouble.mark, "a space is missing", "write a space after the colon", trouble.character)


def _open_quote(trouble: Trouble) -> Finding:
    quote = trouble.line(trouble.start)[trouble.start.column :][:1]
    return trouble.finding(trouble.start, f"the quote {quote} is never closed", "write it at the end too", quote)


def _escape(trouble: Trouble) -> Finding:
    value = trouble.line(trouble.mark)[trouble.mark.column :][:2]
    hint = "write \\\\ for a backslash, or single quotes around the text"
    return trouble.finding(trouble.mark, f"{value} means nothing within double quotes", hint, value)


def _first_character(trouble: Trouble) -> Finding:
    character = trouble.character
    return trouble.finding(trouble.mark, f"a value cannot begin with {character}", _QUOTE, character)


def _sign(trouble: Trouble) -> Finding:
    """* & ! % > | have a meaning of their own at the beginning of a value."""
    sign = trouble.line(trouble.start)[trouble.start.column :][:1]
    return trouble.finding(trouble.start, f"{sign} has a meaning of its own at the beginning", _QUOTE, sign)


def _unfit(trouble: Trouble) -> Finding:
    """Something stands where a key or an item should."""
    if trouble.is_after_quote:
        return _after_quote(trouble, trouble.last)
    character = trouble.character
    if character == ":":
        return trouble.finding(trouble.mark, "the key before the colon is missing", "write key: value", ":")
    if character and character in "]}":
        return trouble.finding(trouble.mark, f"{character} closes nothing", _QUOTE, character)
    if character == "-":
        above = trouble.text.lines[trouble.above]
        is_item = above.lstrip().startswith("- ")
        what = "this item is not in line with those above it" if is_item else "a list item stands among keys"
        return trouble.finding(trouble.mark, what, _ALIGN, "-")
    return trouble.finding(trouble.mark, "this line is not in line with those above it", _ALIGN)


def _after_quote(trouble: Trouble, last: Any) -> Finding:
    quote, start, end = last.style or "", last.start_mark, last.end_mark
    if start.line != end.line:
        hint = f"it ends only in line {end.line + 1}; write {quote} where it should end"
        return trouble.finding(start, f"the quote {quote} is not closed in its line", hint, quote)
    hint = "write '' for a quote within single quotes" if quote == "'" else 'write \\" for a quote within double quotes'
    return trouble.finding(trouble.mark, "there is more after the closing quote", hint, trouble.character)


def _open_bracket(trouble: Trouble) -> Finding:
    """No comma and no closing bracket: which of the two is missing, shows the line."""
    mark = trouble.bracket or trouble.start
    bracket = trouble.line(mark)[mark.column :][:1]
    if trouble.has_no_key:
        return _unfit(trouble)
    left = _indent(trouble.line(trouble.mark)) <= _indent(trouble.line(mark))
    if trouble.mark.line > mark.line and (left or trouble.character in ("", ":")):
        closing = "]" if bracket == "[" else "}"
        what = f"{bracket} is never closed"
        return trouble.finding(mark, what, f"write {closing} at the end, and commas between the items", bracket)
    if trouble.character == ":":
        hint = "a comma may be missing before the key; or put a text with a colon in quotes"
        return trouble.finding(trouble.mark, "a second colon after a key", hint, ":")
    hint = "write commas between the items"
    return trouble.finding(trouble.mark, "a comma is missing", hint, trouble.character)


def _no_content(trouble: Trouble) -> Finding:
    character = trouble.character
    if trouble.bracket is None:
        return _unfit(trouble)
    if character == ",":
        return trouble.finding(trouble.mark, "there is nothing before the comma", "take one comma away", ",")
    if character == "-":
        return trouble.finding(trouble.mark, "a dash within brackets", "write commas between the items, no dashes", "-")
    return _open_bracket(trouble)


def _too_deep(trouble: Trouble) -> Finding:
    return Finding(trouble.text.at(trouble.mark.line, trouble.mark.column), TOO_DEEP)


def _document_start(trouble: Trouble) -> Finding:
    if re.search(r"^\.\.\.", trouble.text.text[: trouble.mark.index], re.MULTILINE):
        what = "there is more after the end of the document (...)"
        return trouble.finding(trouble.mark, what, "take the line ... away")
    return _unfit(trouble)


_TABLE: Final[list[tuple[str, Callable[[Trouble], Finding]]]] = [
    ("could not find expected ':'", _no_colon),
    ("mapping values are not allowed", _colon),
    ("block sequence entries are not allowed", _item),
    ("mapping keys are not allowed", _question_mark),
    ("quoted scalar: found unexpected", _open_quote),
    ("quoted scalar: ", _escape),
    ("found unexpected ':'", _no_space),
    ("cannot start any token", _first_character),
    ("while scanning a block scalar", _sign),
    ("while scanning an a", _sign),  # an alias, an anchor
    ("tag", _sign),
    ("directive", _sign),
    ("did not find expected ',' or", _open_bracket),
    ("did not find expected node content", _no_content),
    ("did not find expected key", _unfit),
    ("did not find expected '-' indicator", _unfit),
    ("nesting depth", _too_deep),
    ("did not find expected <document start>", _document_start),
]
"""Words of libyaml (scanner.c, parser.c) and who explains them; the first that fits."""
