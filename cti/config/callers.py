"""routing/callers.yaml: lists of callers by their numbers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cti.config.fields import Name
from cti.config.hotlines import Dialled
from cti.config.model import Strict
from cti.config.numbers import DEFAULT_REGION, comparable, comparable_prefix, e164

VIP, BLACKLIST, DO_NOT_RECORD = WELL_KNOWN = ("vip", "blacklist", "do_not_record")
"""Lists that mean something to the server; they exist even where the file does not have them."""


class Callers(Strict):
    """The whole file."""

    region: str = DEFAULT_REGION
    """How numbers without + are read: an ISO country code."""
    lists: dict[Name, tuple[Dialled, ...]] = {}
    """Numbers, and beginnings of numbers: +8621*."""


@dataclass(frozen=True, slots=True)
class CallerList:
    """Numbers and beginnings of numbers, in E.164."""

    numbers: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()

    def contains(self, number: str) -> bool:
        """Whether a number in E.164 is on the list."""
        return number in self.numbers or number.startswith(self.prefixes)


@dataclass(frozen=True, slots=True)
class CallerLists:
    """Every list, ready to be asked."""

    region: str = DEFAULT_REGION
    lists: Mapping[str, CallerList] = field(default_factory=dict)

    def contains(self, name: str, caller: str) -> bool:
        """Whether a caller's number, as the network gave it, is on the list `name`; no list, no caller is not."""
        callers = self.lists.get(name)
        return callers is not None and bool(caller) and callers.contains(comparable(caller, self.region))

    def of(self, caller: str) -> frozenset[str]:
        """The lists that a caller's number is on."""
        number = comparable(caller, self.region)
        return frozenset(name for name, callers in self.lists.items() if caller and callers.contains(number))


def caller_lists(file: Callers) -> CallerLists:
    """The lists of a file that has been checked: its entries are numbers or beginnings of numbers."""
    return CallerLists(file.region, {name: _list(entries, file.region) for name, entries in file.lists.items()})


def _list(entries: tuple[str, ...], region: str) -> CallerList:
    numbers = (entry for entry in entries if not entry.endswith("*"))
    beginnings = (re.sub("[* -]", "", entry) for entry in entries if entry.endswith("*"))
    return CallerList(
        frozenset(e164(number, region) or number for number in numbers),
        tuple(sorted(comparable_prefix(digits, region) for digits in beginnings)),
    )
