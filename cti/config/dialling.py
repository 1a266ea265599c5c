"""Whether numbers are numbers: those of hotlines, of caller lists, and those that calls are put through to."""

import re
from collections.abc import Iterator
from typing import Final

from cti.config.findings import Finding, Place, nearest, quoted
from cti.config.numbers import comparable_prefix, country_code, e164, regions
from cti.config.places import FLOWS, at_part
from cti.config.reading import Material
from cti.config.references import targets
from cti.config.slips import slip
from cti.config.targets import ToNumber
from cti.ivr.steps import Thing

_BEGINNING: Final = re.compile(r"\+?[0-9 -]*\*")
_SIGNS: Final = str.maketrans("", "", "* -")


def misdialled(material: Material) -> Iterator[Finding]:
    """Everything that is wrong with numbers."""
    region = material.callers.region
    if region not in regions():
        place = material.places.where("region")
        hint = nearest(region.upper(), regions()) or "an ISO country code: CN"
        yield Finding(place, f"region: {quoted(region)} is not a region", value=region, hint=hint)
        return  # numbers cannot be read without it
    yield from _hotlines(material, region)
    yield from _lists(material, region)
    for name, queue in material.queues.queues.items():
        for path, target in targets(name, queue):
            if isinstance(target, ToNumber) and e164(target.number, region) is None:
                place = material.places.where(str(path[0]), *path[1:])
                yield _no_number(str(path[-1]), at_part(place, target.number), target.number, region)
    for name, flow in material.flows.items():
        for step_name, step in flow.steps.items():
            for mention in step.mentions():
                if mention.thing is Thing.NUMBER and e164(mention.name, region) is None:
                    place = material.places.where(FLOWS, name, "steps", step_name, *mention.path)
                    yield _no_number(mention.path[-1], at_part(place, mention.name), mention.name, region)


def _no_number(key: str, place: Place, number: str, region: str) -> Finding:
    what = f"{key}: {quoted(number)} is not a telephone number"
    hint = slip(number) or f"with area code, as it is dialled in {region}, or from +"
    return Finding(place, what, value=number, hint=hint)


def _hotlines(material: Material, region: str) -> Iterator[Finding]:
    where = material.places.where
    owners: dict[str, tuple[str, int]] = {}
    for name, hotline in material.hotlines.hotlines.items():
        for index, number in enumerate(hotline.numbers):
            place = where("hotlines", name, "numbers", index)
            same = e164(number, region)
            if same is None:
                yield _no_number("numbers", place, number, region)
                continue
            other, at = owners.setdefault(same, (name, index))
            if (other, at) != (name, index):
                first = where("hotlines", other, "numbers", at)
                whose = "stands here twice" if other == name else f"is also a number of {quoted(other)}"
                yield Finding(place, f"numbers: {quoted(number)} {whose}", value=number, hint=f"see {first}")


def _lists(material: Material, region: str) -> Iterator[Finding]:
    for name, entries in material.callers.lists.items():
        seen: dict[str, Place] = {}
        for index, entry in enumerate(entries):
            place = material.places.where("lists", name, index)
            finding, same = (
                _pattern(place, name, entry, region) if "*" in entry else _number(place, name, entry, region)
            )
            if finding is not None:
                yield finding
            elif same in seen:
                what = f"{name}: {quoted(entry)} is on the list already"
                yield Finding(place, what, value=entry, hint=f"see {seen[same]}", severity="warning")
            seen.setdefault(same, place)


def _number(place: Place, name: str, entry: str, region: str) -> tuple[Finding | None, str]:
    same = e164(entry, region)
    return (_no_number(name, place, entry, region), entry) if same is None else (None, same)


def _pattern(place: Place, name: str, entry: str, region: str) -> tuple[Finding | None, str]:
    """A beginning of numbers. It must not be that of every number at home."""
    if not _BEGINNING.fullmatch(entry):
        what = f"{name}: {quoted(entry)} is not the beginning of a number"
        return Finding(place, what, value=entry, hint="digits and one * at the end: 021*, +8621*"), entry
    digits = entry.translate(_SIGNS)
    beginning = comparable_prefix(digits, region) if digits else "+"
    if f"+{country_code(region)}".startswith(beginning):
        what = f"{name}: {quoted(entry)} is too broad: it means every number of {region}"
        return Finding(place, what, value=entry, hint="begin with an area or a provider: 021*, +8621*, 138*"), entry
    return None, f"{beginning}*"
