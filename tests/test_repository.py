"""What the files of the repository promise."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_lock_names_no_host_and_pins_every_file() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    for entry in re.findall(r"^[a-z].*(?:\n    .*)*", lock, re.MULTILINE):
        assert "==" in entry
        assert "--hash=sha256:" in entry


def test_the_lock_has_what_the_project_needs() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    for name in (
        "greenswitch",
        "aiohttp",
        "sqlalchemy",
        "asyncpg",
        "aiosqlite",
        "alembic",
        "pydantic",
        "structlog",
        "uvloop",
    ):
        assert re.search(rf"^{name}==", lock, re.MULTILINE), name


def test_the_readme_has_both_commands_on_its_first_screen() -> None:
    first_screen = (ROOT / "README.md").read_text().splitlines()[:15]
    assert any(line.startswith("make run") for line in first_screen)
    assert any(line.startswith("make test") for line in first_screen)
