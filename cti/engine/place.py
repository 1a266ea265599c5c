"""Where a telephone number belongs, as people say it."""

from functools import lru_cache

from phonenumbers import NumberParseException, geocoder, parse


@lru_cache(maxsize=65_536)
def place_of(number: str, region: str) -> str:
    """Province and city of a number (广东省广州市), a country for one abroad; empty when it cannot be told."""
    try:
        return str(geocoder.description_for_number(parse(number, region), "zh"))
    except NumberParseException:
        return ""
