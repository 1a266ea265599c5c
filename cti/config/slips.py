"""Slips of the keyboard: what a Chinese input method, a web page or haste leaves in YAML, and how to mend it.

All of it is good text, so nothing here is wrong in itself: a hint is asked for where something is wrong already.
"""

import re
import unicodedata
from typing import Final

_SIGNS: Final = {
    "colon": ("：﹕", ": and a space"),
    "comma": ("，、﹐", ", and a space"),
    "quote": ("“”＂„‟「」『』", '"'),
    "single quote": ("‘’＇", "'"),
    "bracket": ("［【", "["),
    "closing bracket": ("］】", "]"),
    "brace": ("｛", "{"),
    "closing brace": ("｝", "}"),
    "dash": ("－—–", "- and a space"),
    "number sign": ("＃", "#"),
    "asterisk": ("＊", "*"),
    "greater-than sign": ("＞", ">"),
    "less-than sign": ("＜", "<"),
    "equals sign": ("＝", "="),
    "percent sign": ("％﹪", "%"),
}

_HINTS: Final = {
    sign: f"{sign} is a full-width {name}; write {instead}"
    for name, (signs, instead) in _SIGNS.items()
    for sign in signs
} | {
    "\u3000": "a full-width space (U+3000) stands here; write ordinary spaces",
    "\u00a0": "a no-break space (U+00A0) stands here; write an ordinary one",
}

_SIGN: Final = re.compile("[" + re.escape("".join(_HINTS)) + "]")
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_NO_SPACE: Final = re.compile(r"[\w.-]+:[^\s:/\\]")
_TIME: Final = re.compile(r"[0-9]{1,2}:[0-9]{2}\b")
_QUOTED_OR_COMMENT: Final = re.compile(r""" "(?:[^"\\]|\\.)*" | '[^']*' | (?:^|(?<=\s))\#.* """, re.VERBOSE)
_OPENING: Final = frozenset("“”＂‘’＇「『［【｛－")


def slip(text: str) -> str:
    """How to mend a text where keys and values or a list should stand, or nothing."""
    text = text[:1000]
    if invisible := _INVISIBLE.search(text):
        return f"an invisible character (U+{ord(invisible[0]):04X}) stands in it; delete it"
    if sign := _SIGN.search(text):
        return _HINTS[sign[0]]
    if _NO_SPACE.match(text) and not _TIME.match(text):
        return "a space is missing after the colon"
    return ""


def slip_in_value(text: str) -> str:
    """How to mend a text where a number or a known word should stand, or nothing."""
    plain = unicodedata.normalize("NFKC", text[:100])
    if plain != text and plain.isascii():
        return f"these are full-width characters; write {plain}"
    return slip(text) if text[:1] in _OPENING or _INVISIBLE.search(text[:100]) else ""


def slip_in_line(line: str, *, flow: bool) -> str:
    """How to mend a line of YAML that could not be read, or nothing; `flow`: within [ ] or { }.

    Looks only where structure is meant: what stands in quotes, in comments and in the middle of values is text.
    """
    code = _QUOTED_OR_COMMENT.sub('""', line[:1000]).rstrip()
    if flow:
        return slip(code)
    code = re.sub(r"^(\s*- )+", "", code)
    key, colon, value = code.partition(": ")
    if not colon:
        key = code.removesuffix(":")
    value = value.strip()
    return slip(key if key[:1] in "\u3000\u00a0" else key.strip(" ")) or (slip(value) if value[:1] in _OPENING else "")
