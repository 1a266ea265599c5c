"""pydantic's errors in words for people who edit files, each at its place."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from cti.config.findings import Finding, Place, nearest, quoted
from cti.config.model import Noun
from cti.config.shape import Key as Key
from cti.config.shape import Spot, choices, follow, keys
from cti.config.slips import slip, slip_in_value

MOST: Final = 1_000
"""Errors that are put into words; whoever has more mends these first."""


class Locate(Protocol):
    """Finds the place of a value by its path."""

    def __call__(self, path: tuple[Key, ...], *, of_key: bool = False) -> Place: ...


def findings(error: ValidationError, model: type[BaseModel], locate: Locate) -> list[Finding]:
    """Everything that pydantic found, in our words and in the order of the file."""
    details = error.errors(include_url=False)
    faults = [_Fault(detail, follow(model, detail["loc"]), locate) for detail in details[:MOST]]
    found = [finding for group in _by_union(faults) for finding in _of_group(group)]
    found.sort(key=lambda finding: (finding.place.source, finding.place.line, finding.place.column))
    once = dict.fromkeys(found)
    if len(details) > MOST:
        once[Finding(locate(()), f"{len(details) - MOST:,} more errors are not shown")] = None
    return _without_consequences(once)


class _Fault:
    """One error of pydantic and where it is."""

    def __init__(self, detail: ErrorDetails, spot: Spot, locate: Locate) -> None:
        self.kind = detail["type"]
        self.value: Any = detail["input"]
        self.context: dict[str, Any] = detail.get("ctx", {})
        self.message = detail["msg"]
        self.loc = detail["loc"]
        self.spot = spot
        self._locate = locate

    @property
    def name(self) -> str:
        """The last key of the path; an item of a list is called like the list."""
        return next((_key(step) for step in reversed(self.spot.path) if isinstance(step, str)), "the file")

    @property
    def subject(self) -> str:
        """What a sentence begins with: the key and the value."""
        if self.spot.of_key:
            return quoted(self.value)
        return f"{self.name}: {self.shown}"

    @property
    def shown(self) -> str:
        """The value, a number as it is written; a secret is never shown."""
        if self.is_secret:
            return "the value"
        is_number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        return (is_number and self._locate(self.spot.path).written) or quoted(self.value)

    @property
    def is_secret(self) -> bool:
        kind = self.spot.type
        return isinstance(kind, type) and issubclass(kind, SecretStr | SecretBytes)

    @property
    def noun(self) -> str:
        """With its article, as in "is not a strategy"; nothing where only the admin's own key could give a name."""
        named = next((item.name for item in self.spot.metadata if isinstance(item, Noun)), "")
        named = named or next((item.title for item in self.spot.metadata if _titled(item)), "")
        if not named and self.spot.field:
            named = self.name.replace("_", " ")
        return f"{'an' if named[:1].lower() in tuple('aeio') else 'a'} {named}" if named else ""

    @property
    def form(self) -> str:
        return next((item.form for item in self.spot.metadata if isinstance(item, Noun)), "")

    def bounds(self, least: str, most: str) -> str:
        """A hint: what the type's constraints allow."""
        low = next((getattr(item, least) for item in self.spot.metadata if hasattr(item, least)), None)
        high = next((getattr(item, most) for item in self.spot.metadata if hasattr(item, most)), None)
        low, high = self.context.get(least, low), self.context.get(most, high)
        if low is not None and high is not None:
            return f"{low:g} to {high:g}"
        return f"at least {low:g}" if low is not None else f"at most {high:g}" if high is not None else ""

    def at_key(self, path: tuple[Key, ...] | None = None) -> tuple[Place, str]:
        """The place of the key, and the key as it stands there."""
        place = self._locate(self.spot.path if path is None else path, of_key=True)
        steps = self.spot.path if path is None else path
        return place, next((step for step in reversed(steps) if isinstance(step, str)), "")

    def at_value(self) -> tuple[Place, str]:
        """The place of the value and the value as it stands there; a mapping or list is found by its key."""
        if self.spot.of_key or isinstance(self.value, dict | list) or self.value is None:
            return self.at_key()
        place = self._locate(self.spot.path)
        return place, self.value if isinstance(self.value, str) else place.written or quoted(self.value)

    def finding(self, what: str, hint: str = "", allowed: Iterable[str] = ()) -> Finding:
        place, value = self.at_value()
        if self.is_secret:
            place, value = Place(place.source, place.line, place.column), ""
        return Finding(place, what, value=value, hint=hint, allowed=tuple(allowed))


def _titled(item: Any) -> bool:
    return isinstance(item, FieldInfo) and bool(item.title)


def _key(key: str) -> str:
    return key if len(key) <= 60 else key[:57] + "..."


# --- unions: one error for all branches ------------------------------------------------------------


def _by_union(faults: list[_Fault]) -> Iterable[dict[str, list[_Fault]]]:
    """Faults by the union that they come from, and in it by branch; a fault of no union is alone."""
    groups: dict[tuple[Any, ...], dict[str, list[_Fault]]] = {}
    for number, fault in enumerate(faults):
        branch = fault.spot.branch
        key: tuple[Any, ...] = (number,) if branch is None else ("union", *fault.spot.path[: branch[0]])
        groups.setdefault(key, {}).setdefault("" if branch is None else branch[1], []).append(fault)
    return groups.values()


def _of_group(branches: dict[str, list[_Fault]]) -> list[Finding]:
    """The errors of the branch that was meant, or one that no branch fits."""
    fitting = [faults for faults in branches.values() if not any(map(_is_other_kind, faults))]
    if fitting or len(branches) == 1:
        return [_finding(fault) for fault in min(fitting or branches.values(), key=len)]
    faults = [faults[0] for faults in branches.values()]
    first = faults[0]
    allowed = tuple(dict.fromkeys(word for fault in faults for word in _allowed(fault)))
    kinds = list(dict.fromkeys(_KINDS[fault.kind] for fault in faults if fault.kind in _KINDS))
    if first.value is None:
        return [_empty(first, allowed)]
    wanted = [*kinds, *([first.noun or "one of the words allowed"] if len(allowed) > 1 else allowed)]
    if isinstance(first.value, dict | list):
        what = f"{first.name} is {_described(first.value)}, not {' or '.join(wanted)}"
    elif len(wanted) == 2:
        what = f"{first.subject} is neither {wanted[0]} nor {wanted[1]}"
    else:
        what = f"{first.subject} is not {' or '.join(wanted)}"
    hints = (nearest(str(first.value), allowed), *map(_mend, faults))
    return [first.finding(what, next(filter(None, hints), ""), allowed)]


def _is_other_kind(fault: _Fault) -> bool:
    """Whether the fault says that something else was meant: at the union itself a value of another kind."""
    branch = fault.spot.branch
    here = branch is not None and len(fault.spot.path) == branch[0]
    return here and (fault.kind in _KINDS or fault.kind in ("literal_error", "enum"))


def _without_consequences(found: Iterable[Finding]) -> list[Finding]:
    """Of several findings with one remedy at one place, the first."""
    seen: set[tuple[Place, str]] = set()
    kept = []
    for finding in found:
        remedy = (finding.place, finding.hint)
        if not finding.hint or remedy not in seen:
            kept.append(finding)
        seen.add(remedy)
    return kept


# --- kinds of errors -------------------------------------------------------------------------------


def _finding(fault: _Fault) -> Finding:
    if fault.kind in _KINDS:
        return _other_kind(fault)
    word = _WORDING.get(fault.kind)
    return word(fault) if word else _said(fault)


_KINDS: Final = {
    **dict.fromkeys(("string_type", "string_unicode", "bytes_type"), "text"),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing"), "a number"),
    **dict.fromkeys(("fraction_type", "fraction_parsing", "complex_type", "complex_str_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type", "deque_type"), "a list"),
    **dict.fromkeys(("iterable_type", "named_tuple_type"), "a list"),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), "a mapping"),
    **dict.fromkeys(("dataclass_type", "frozen_dict_type", "ordered_dict_type", "counter_type"), "a mapping"),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing"), "a date"),
    "date_from_datetime_inexact": "a date",
    **dict.fromkeys(("time_type", "time_parsing"), "a time of day"),
    **dict.fromkeys(("datetime_type", "datetime_parsing", "datetime_from_date_parsing"), "a date and time"),
    **dict.fromkeys(("time_delta_type", "time_delta_parsing"), "a duration"),
    **dict.fromkeys(("url_type", "url_parsing", "url_syntax_violation", "url_scheme"), "a web address"),
    **dict.fromkeys(("uuid_type", "uuid_parsing", "uuid_version"), "a UUID"),
}
"""Kinds of errors that mean a value of another kind, and the kind that was expected."""

_FORMS: Final = {
    "a mapping": "write key: value",
    "a date": "written as 2026-12-31",
    "a time of day": "written as 09:00",
    "a date and time": "written as 2026-12-31 09:00",
}


_TRUTH: Final = dict.fromkeys(("yes", "on", "y", "true"), "true") | dict.fromkeys(("no", "off", "n", "false"), "false")


def _other_kind(fault: _Fault) -> Finding:
    kind = _KINDS[fault.kind]
    if fault.value is None:
        return _empty(fault)
    if isinstance(fault.value, dict | list):
        return fault.finding(f"{fault.name} is {_described(fault.value)}, not {kind}", _FORMS.get(kind, ""))
    if not fault.spot.path:
        return fault.finding(f"the file is not {kind}", _mend(fault) or _FORMS.get(kind, ""))
    what = f"{fault.subject} is {'neither true nor false' if kind == 'true or false' else f'not {kind}'}"
    return fault.finding(what, _mend(fault) or _FORMS.get(kind, ""))


def _mend(fault: _Fault) -> str:
    """How a value of another kind becomes one of the kind that is wanted."""
    kind, value = _KINDS.get(fault.kind, ""), fault.value
    if isinstance(value, str):
        if kind in ("a mapping", "a list"):
            hint = slip(value) or _goes_on(fault)
            return hint or (f"write [{fault.at_value()[0].written}]" if kind == "a list" and len(value) <= 40 else "")
        if kind == "true or false":
            meant = _TRUTH.get(value.lower())
            return slip_in_value(value) or (f"write {meant}, without quotes" if meant else "")
        is_number = re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", value)
        return slip_in_value(value) or _goes_on(fault) or (f"write it without quotes: {value}" if is_number else "")
    if kind == "text" and isinstance(value, bool | int | float):
        return "put it in quotes" if fault.is_secret else f'put it in quotes: "{fault.at_value()[1]}"'
    return ""


def _goes_on(fault: _Fault) -> str:
    """A value without quotes takes in the lines below it that are indented deeper."""
    place, _ = fault.at_value()
    rest = (place.shown_line or "")[place.column - 1 :]
    if rest[:1] in ("'", '"', "|", ">", "") or rest.startswith(fault.value) or not fault.value.startswith(rest[:1]):
        return ""
    return f"it goes on in line {place.line + 1}, which is indented deeper"


def _empty(fault: _Fault, allowed: Iterable[str] = ()) -> Finding:
    """Nothing stands after the colon or the dash."""
    kind = _KINDS.get(fault.kind, "")
    hint = {"a mapping": "write {} for none", "a list": "write [] for none"}.get(kind, "write it after the colon")
    if fault.kind == "model_type":
        hint = "write its keys below it, indented"
    if fault.spot.path and isinstance(fault.spot.path[-1], int):
        return fault.finding(f"{fault.name}: an item is empty", "write it after the dash", allowed)
    return fault.finding(f"{fault.name} has no value", slip(fault.name) or hint, allowed)


def _described(value: Any) -> str:
    return "a mapping" if isinstance(value, dict) else "a list"


def _allowed(fault: _Fault) -> tuple[str, ...]:
    """The words that a Literal or Enum takes."""
    if fault.kind not in ("literal_error", "enum"):
        return ()
    known = choices(fault.spot.type)
    if known:
        return tuple(word if isinstance(word, str) else quoted(word) for word in known)
    return tuple(re.findall(r"'((?:[^'\\]|\\.)*)'", str(fault.context.get("expected", ""))))


def _choice(fault: _Fault) -> Finding:
    allowed = _allowed(fault)
    if fault.value is None:
        return _empty(fault, allowed)
    if isinstance(fault.value, dict | list):
        what = f"{fault.name} is {_described(fault.value)}, not {fault.noun or 'a word'}"
        return fault.finding(what, allowed=allowed)
    what = f"{fault.subject} is {f'not {fault.noun}' if fault.noun else 'not allowed'}"
    text = str(fault.value)
    hint = nearest(text, allowed) or slip_in_value(text)
    if isinstance(fault.value, str):
        hint = slip_in_value(text) or _goes_on(fault) or nearest(text, allowed)
    return fault.finding(what, hint, allowed)


def _extra(fault: _Fault) -> Finding:
    key, known = str(fault.loc[-1]), keys(fault.spot.above)
    hint = slip(key) or nearest(key, known)
    return Finding(fault.at_key()[0], f"{quoted(key)} is not a key here", value=key, hint=hint, allowed=known)


def _missing(fault: _Fault) -> Finding:
    above = fault.spot.path[:-1]
    place, key = fault.at_key(above)
    if not above:  # the first line of a file says nothing about what is missing in it
        place = Place(place.source, place.line, place.column)
    return Finding(place, f"{fault.name} is missing", value=key)


def _too_large(fault: _Fault) -> Finding:
    return fault.finding(f"{fault.subject} is too large", _limits(fault))


def _too_small(fault: _Fault) -> Finding:
    return fault.finding(f"{fault.subject} is too small", _limits(fault))


def _limits(fault: _Fault) -> str:
    if "gt" in fault.context:
        return f"more than {fault.context['gt']:g}"
    return f"less than {fault.context['lt']:g}" if "lt" in fault.context else fault.bounds("ge", "le")


def _short(fault: _Fault) -> Finding:
    hint, unit = _length(fault)
    if not len(fault.value):
        return fault.finding(f"{fault.name} is empty", hint.partition(",")[0])
    return fault.finding(f"{fault.name}: too few" if unit == "entries" else f"{fault.name} is too short", hint)


def _long(fault: _Fault) -> Finding:
    hint, unit = _length(fault)
    return fault.finding(f"{fault.name}: too many" if unit == "entries" else f"{fault.name} is too long", hint)


def _length(fault: _Fault) -> tuple[str, str]:
    """A hint, and what is counted."""
    unit = "characters" if isinstance(fault.value, str | bytes) else "entries"
    return f"{fault.bounds('min_length', 'max_length')} {unit}, these are {len(fault.value):,}", unit


def _pattern(fault: _Fault) -> Finding:
    said = f"is not {fault.noun}" if fault.noun else "is not written as it must be here"
    hint = slip_in_value(fault.value) or fault.form or f"written as {fault.context.get('pattern', '')}"
    return fault.finding(f"{fault.subject} {said}", hint)


def _not_finite(fault: _Fault) -> Finding:
    return fault.finding(f"{fault.subject} is not a number to work with")


def _multiple(fault: _Fault) -> Finding:
    return fault.finding(f"{fault.subject} is not a multiple of {fault.context['multiple_of']:g}")


def _no_tag(fault: _Fault) -> Finding:
    key = re.fullmatch(r"'(.*)'", str(fault.context.get("discriminator", "")))
    if isinstance(fault.value, dict) and key:
        place, above = fault.at_key()
        return Finding(place, f"{key[1]} is missing", value=above)
    if isinstance(fault.value, dict | list):
        return fault.finding(f"{fault.name}: what is meant is not clear")
    if fault.value is None:
        return _empty(fault)
    return fault.finding(f"{fault.subject} is not a mapping", _mend(fault) or _FORMS["a mapping"])


def _wrong_tag(fault: _Fault) -> Finding:
    tag = str(fault.context.get("tag", ""))
    allowed = [word.strip("<>") for word in re.findall(r"'([^']*)'", str(fault.context.get("expected_tags", "")))]
    key = re.fullmatch(r"'(.*)'", str(fault.context.get("discriminator", "")))
    what = f"{key[1] if key else fault.name}: {quoted(tag.strip('<>'))} is not allowed"
    return fault.finding(what, nearest(tag.strip("<>"), allowed), allowed)


def _refused(fault: _Fault) -> Finding:
    """What a validator of ours said."""
    error = fault.context.get("error")
    message = str(error) if isinstance(error, Exception) else fault.message
    hint, allowed, part = getattr(error, "hint", ""), getattr(error, "allowed", ()), getattr(error, "part", "")
    if isinstance(fault.value, str) and len(fault.value) <= 60 and not part:  # the rest may be text for people
        hint = slip_in_value(fault.value) or hint
    if message.startswith(("is ", "has ")):
        long = fault.value == "" or (isinstance(fault.value, str) and len(fault.value) > 60)
        what = f"{fault.name if long and not fault.spot.of_key else fault.subject} {message}"
    elif fault.spot.of_key:
        what = message if message.startswith('"') else f"{quoted(fault.value)}: {message}"
    else:
        what = f"{fault.name}: {message}"
    return _at_part(fault.finding(what, hint, allowed), fault.value, part or _named(message))


def _named(message: str) -> str:
    """What stands in quotes at the beginning of a message."""
    named = re.match(r'"(?:[^"\\]|\\.)*"', message)
    try:
        return str(json.loads(named[0])) if named else ""
    except ValueError:  # shortened, or words of somebody else
        return ""


def _at_part(finding: Finding, value: Any, part: str) -> Finding:
    """The finding at a part of the value, where that is in the line."""
    if not isinstance(value, str) or not part or part == value or part not in value:
        return finding
    at = (finding.place.shown_line or "").find(part, finding.place.column - 1) - finding.place.column + 1
    if at < 0:
        return finding
    return Finding(finding.place.moved(at), finding.what, part, finding.hint, finding.allowed)


def _said(fault: _Fault) -> Finding:
    """What pydantic said, for the rare kinds."""
    said = re.sub(r"^\w+ should (be|have) ", r"must \1 ", fault.message)
    return fault.finding(f"{fault.name}: {said[:1].lower()}{said[1:]}")


_WORDING: Final[dict[str, Callable[[_Fault], Finding]]] = {
    "extra_forbidden": _extra,
    "missing": _missing,
    "literal_error": _choice,
    "enum": _choice,
    **dict.fromkeys(("greater_than", "greater_than_equal"), _too_small),
    **dict.fromkeys(("less_than", "less_than_equal"), _too_large),
    "multiple_of": _multiple,
    "finite_number": _not_finite,
    **dict.fromkeys(("string_too_short", "bytes_too_short", "too_short"), _short),
    **dict.fromkeys(("string_too_long", "bytes_too_long", "url_too_long", "too_long"), _long),
    "string_pattern_mismatch": _pattern,
    "union_tag_not_found": _no_tag,
    "union_tag_invalid": _wrong_tag,
    "value_error": _refused,
    "assertion_error": _refused,
}
