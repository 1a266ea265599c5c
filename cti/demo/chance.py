"""Chance that comes out the same every time."""

from random import Random


def chance_of(*what: object) -> Random:
    """Numbers for one purpose: the same for the same, whatever else draws some."""
    return Random(" ".join(map(str, what)))  # noqa: S311 (no secret)
