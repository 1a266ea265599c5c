"""Who may import whom: the table of the design, enforced."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "cti"

# The longest prefix that fits a module decides. What it may import from cti; () is nothing.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "cti.ids": (),
    "cti.errors": (),
    "cti.acd": ("cti.ids", "cti.errors"),
    "cti.ivr": ("cti.ids", "cti.errors"),
    "cti.esl": ("cti.errors",),
    "cti.switch.port": ("cti.ids", "cti.errors"),
    "cti.switch.events": ("cti.switch.port", "cti.esl.events", "cti.ids"),
    "cti.switch.legs": ("cti.switch.port", "cti.esl.dialstring", "cti.ids"),
    "cti.switch.freeswitch": ("cti.switch", "cti.esl", "cti.errors", "cti.ids"),
    "cti.switch.configuration": ("cti.errors", "cti.ids"),
    "cti.softswitch": ("cti.esl.wire", "cti.errors"),
    "cti.config": (
        "cti.ids",
        "cti.errors",
        "cti.ivr.steps",
        "cti.ivr.prompts",
        "cti.ivr.conditions",
        "cti.ivr.placeholders",
        "cti.ivr.say",
    ),
    "cti.records": ("cti.ids", "cti.errors", "cti.acd.effects"),
    "cti.engine": ("cti.acd", "cti.ivr", "cti.switch.port", "cti.records", "cti.config", "cti.ids", "cti.errors"),
    "cti.voice": ("cti.ids", "cti.errors", "cti.ivr"),
    "cti.web": ("cti.engine", "cti.records", "cti.config", "cti.ids", "cti.errors"),
    "cti.demo": ("cti.softswitch.sip", "cti.softswitch.rtp", "cti.errors", "cti.ids"),
    "cti.log": ("cti.ids", "cti.errors"),
    "cti.console": ("cti.esl", "cti.errors", "cti.log"),
    "cti.app": ("cti",),
    "cti.cli": ("cti",),
}

# Rooms that do no I/O: standard library only, and not these.
PURE = (
    "cti.acd",
    "cti.ivr",
    "cti.esl.wire",
    "cti.esl.events",
    "cti.esl.commands",
    "cti.esl.protocol",
    "cti.esl.dialstring",
)
ALSO = {"cti.ivr": {"pydantic", "pydantic_core"}}  # steps are what a file says
IMPURE = {"asyncio", "socket", "threading", "time", "random", "logging", "structlog", "gevent"}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names if node.module == "cti")
    return found


MODULES = list(modules())
IMPORTS = {path: imports(path) for _, path in MODULES}  # read before any test has run a greenlet, which upsets ast


def within(module: str, room: str) -> bool:
    return module == room or module.startswith(room + ".")


def room_of(module: str) -> str | None:
    return max((room for room in MAY_IMPORT if within(module, room)), key=len, default=None)


@pytest.mark.parametrize(("module", "path"), MODULES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_module_imports_only_what_its_layer_may(module: str, path: Path) -> None:
    if path.name == "__init__.py" and path.stat().st_size < 1000 and not IMPORTS[path]:
        return
    room = room_of(module)
    assert room is not None, f"{module} has no line in the layer table"
    allowed = (room, *MAY_IMPORT[room])
    for imported in IMPORTS[path]:
        if within(imported, "cti") and imported != "cti":
            assert any(within(imported, other) for other in allowed), f"{module} may not import {imported}"
    assert module == "cti.cli" or "cti.cli" not in IMPORTS[path], f"{module} may not import cti.cli"


@pytest.mark.parametrize(("module", "path"), MODULES, ids=lambda value: value if isinstance(value, str) else "")
def test_pure_rooms_do_no_io(module: str, path: Path) -> None:
    for room in PURE:
        if within(module, room):
            packages = {name.split(".")[0] for name in IMPORTS[path]}
            assert not packages & IMPURE
            assert packages <= sys.stdlib_module_names | {"cti"} | ALSO.get(room, set())
