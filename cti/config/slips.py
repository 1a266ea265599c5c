"""Slips of the keyboard: what a Chinese input method, a web page or haste leaves in YAML, and how to mend it.

All of it is good text, so nothing here is wrong in itself: a slip is looked for where something is wrong already.
"""

import re
import unicodedata
from typing import Final, NamedTuple


class Slip(NamedTuple):
    """One slip in a text."""

    at: int
    text: str
    what: str
    """What is wrong, to YAML."""
    hint: str


_SIGNS: Final = {
    "colon": ("：﹕", ": and a space"),
    "comma": ("，、﹐", ", and a space"),
    "quote": ("“”＂„‟「」『』", '"'),
    "single quote": ("‘’＇", "'"),
    "bracket": ("［］【】", "[ or ]"),
    "brace": ("｛｝", "{ or }"),
    "dash": ("－—–", "- and a space"),
    "number sign": ("＃", "#"),
    "asterisk": ("＊", "*"),
    "greater-than sign": ("＞", ">"),
    "less-than sign": ("＜", "<"),
    "equals sign": ("＝", "="),
    "percent sign": ("％﹪", "%"),
}

_NAMED: Final = {
    sign: (
        name,
        f"{sign}{'' if unicodedata.east_asian_width(sign) in 'WF' else ' '}is a full-width {name}; write {instead}",
    )
    for name, (signs, instead) in _SIGNS.items()
    for sign in signs
} | {
    "\u3000": ("space", "a full-width space (U+3000) stands here; write ordinary spaces"),
    "\u00a0": ("space", "a no-break space (U+00A0) stands here; write an ordinary one"),
}

WIDE_SPACES: Final = "\u3000\u00a0"
"""Spaces that are letters to YAML."""

_SIGN: Final = re.compile("[" + re.escape("".join(_NAMED)) + "]")
_COMMA: Final = re.compile("[，、﹐]")
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_NO_SPACE: Final = re.compile(r"[\w.-]+(?P<colon>:)[^\s:/\\]")
_TIME: Final = re.compile(r"[0-9]{1,2}:[0-9]{2}\b")
_TEXT: Final = re.compile(r""" "(?:[^"\\]|\\.)*" | '[^']*' | (?:^|(?<=\s))\#.* """, re.VERBOSE)
_OPENING: Final = frozenset("“”＂‘’＇「『［【｛－" + WIDE_SPACES)


def slip(text: str) -> str:
    """How to mend a text where keys and values or a list should stand, or nothing."""
    found = _find(text[:1000])
    return found.hint if found else ""


def slip_in_value(text: str) -> str:
    """How to mend a text where a number or a known word should stand, or nothing.

    In a text that has Chinese words, Chinese punctuation is right.
    """
    text = text[:100]
    if text[:1] in _OPENING or _INVISIBLE.search(text):
        return slip(text)
    plain = unicodedata.normalize("NFKC", text)
    if not _SIGN.sub("", plain).isascii():
        return ""
    if _COMMA.search(text) or not plain.isascii():
        return slip(text)
    return f"these are full-width characters; write {plain}" if plain != text else ""


def slip_in_line(line: str, *, flow: bool) -> Slip | None:
    """The slip in a line of YAML that could not be read; `flow`: within [ ] or { }.

    Looks only where structure is meant: what stands in quotes, in comments and in the middle of values is text.
    """
    code = _TEXT.sub(lambda text: "_" * len(text[0]), line[:1000]).rstrip(" ")
    if flow:
        return _find(code)
    dashes = re.match(r"(\s*- )*[ ]*", code)
    start = dashes.end() if dashes else 0
    key, colon, value = code[start:].partition(": ")
    if not colon and not key.endswith(":"):
        found = _find(key)
    elif key[:1] in _OPENING:
        found = _find(key[:1])
    else:
        start += len(key) + len(colon)
        found = _find(value) if value.lstrip()[:1] in _OPENING else None
    return found and found._replace(at=found.at + start)


def _find(text: str) -> Slip | None:
    if invisible := _INVISIBLE.search(text):
        hint = f"an invisible character (U+{ord(invisible[0]):04X}) stands here; delete it"
        return Slip(invisible.start(), invisible[0], "a character that nobody sees", hint)
    if sign := _SIGN.search(text):
        name, hint = _NAMED[sign[0]]
        return Slip(sign.start(), sign[0], f"a {name} is missing", hint)
    if (no_space := _NO_SPACE.match(text)) and not _TIME.match(text):
        return Slip(no_space.start("colon"), ":", "a space is missing", "write a space after the colon")
    return None
