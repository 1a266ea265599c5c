"""Telephone numbers, made comparable: 400-800-8008 and +864008008008 are one.

Numbers are kept in E.164 (+8613800138000). Those without + are read as they are dialled in a region, an ISO country
code (CN). Numbers that exist only inside a country (95588) get its code too, so that they compare alike.
"""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat

DEFAULT_REGION = "CN"

_WRITTEN = re.compile(r"\+?[0-9](?:[ -]?[0-9])*")
"""How people write a number in a file. phonenumbers would take 1-800-FLOWERS too."""


@lru_cache(maxsize=65_536)
def e164(number: str, region: str = DEFAULT_REGION) -> str | None:
    """The number in E.164; None for text that is no number in use (letters, too short, too long, an unused range)."""
    parsed = _parsed(number, region) if _WRITTEN.fullmatch(number) else None
    if parsed is None:
        return None
    if not phonenumbers.is_valid_number(parsed) and not _is_short(parsed, number):
        return None
    return str(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))


@lru_cache(maxsize=65_536)
def comparable(number: str, region: str = DEFAULT_REGION) -> str:
    """What to compare a caller's number by: E.164 where it can be read, else as it came. Never fails."""
    parsed = _parsed(number, region)
    return number if parsed is None else str(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))


def comparable_prefix(digits: str, region: str = DEFAULT_REGION) -> str:
    """The beginning of a number (021, +8621), as the E.164 numbers begin that it means."""
    if digits.startswith("+"):
        return digits
    metadata = PhoneMetadata.metadata_for_region(region)
    trunk = (metadata.national_prefix if metadata else None) or ""
    return f"+{country_code(region)}{digits.removeprefix(trunk)}"


def country_code(region: str) -> int:
    """86 for CN; 0 for a region that does not exist."""
    return int(phonenumbers.country_code_for_region(region))


def regions() -> frozenset[str]:
    """Every region that numbers can be read for."""
    return frozenset(phonenumbers.SUPPORTED_REGIONS)


def _parsed(number: str, region: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(number, region)
    except NumberParseException:
        return None


def _is_short(parsed: PhoneNumber, number: str) -> bool:
    """Numbers like 95588 or 12345: service numbers of a country, dialled without any code before them."""
    return not number.startswith("+") and bool(phonenumbers.is_valid_short_number(parsed))
