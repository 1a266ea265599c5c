"""The routing of the repository, as admins find it."""

from datetime import date
from functools import cache
from pathlib import Path

from cti.config.check import load_routing
from cti.config.routing import Routing

ROOT = Path(__file__).parents[2]


@cache
def example() -> Routing:
    """routing/ and ivr_flows/, checked."""
    return load_routing(ROOT / "routing", ROOT / "ivr_flows", date(2026, 11, 24))


def line_of(file: str, text: str, after: str = "") -> str:
    """FILE:LINE of the first line that begins with `text` (blanks aside) behind one that begins with `after`."""
    seen = not after
    for number, line in enumerate((ROOT / file).read_text("utf-8").splitlines(), 1):
        if seen and line.strip().startswith(text):
            return f"{ROOT / file}:{number}"
        seen = seen or line.strip().startswith(after)
    raise AssertionError(f"{file} has no line {text!r}")
