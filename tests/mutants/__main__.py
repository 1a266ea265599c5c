# ruff: noqa: T201
"""Puts each mistake of the table into a copy of the distributor and runs its tests: ``make mutants``.

Exits with 1 when a mistake is not caught, 2 when an old text is not found exactly once or the tests fail without one.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.table import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
ACD = ROOT / "cti" / "acd"

COPIED = (
    "pyproject.toml",
    "cti/__init__.py",
    "cti/ids.py",
    "cti/errors.py",
    "cti/acd",
    "tests/__init__.py",
    "tests/conftest.py",
    "tests/acd",
)

SECONDS = 60
"""A run that takes longer hangs: the mistake is caught."""


def copy(folder: Path) -> None:
    """The distributor and its tests, and nothing else."""
    for name in COPIED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def run(folder: Path) -> str | None:
    """The first test that fails, in the quick profile; None when all pass. The random histories come last."""
    files = sorted((folder / "tests" / "acd").glob("test_*.py"), key=lambda path: path.name == "test_histories.py")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=1"]
    command += ["--hypothesis-profile=quick", *(str(path.relative_to(folder)) for path in files)]
    # No byte code: a file that changes twice in a second would be taken for the one compiled before.
    surroundings = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)}
    try:
        done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"took more than {SECONDS} s"
    if done.returncode == 0:
        return None
    failed = re.search(r"^(?:FAILED|ERROR) (?:tests/acd/)?(\S+)", done.stdout, re.MULTILINE)
    return failed[1] if failed else (done.stdout + done.stderr)[-500:]


def check(folder: Path, mutant: Mutant) -> str | None:
    """Puts one mistake in, runs the tests, takes it out again."""
    path = folder / "cti" / "acd" / mutant.file
    source = path.read_text()
    if source.count(mutant.old) != 1:
        raise LookupError(f"{mutant.file} has {source.count(mutant.old)} times: {mutant.old.strip()}")
    path.write_text(source.replace(mutant.old, mutant.new))
    try:
        return run(folder)
    finally:
        path.write_text(source)


def main(argv: list[str]) -> int:
    """Runs all, or those whose file or mistake has one of the words."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("words", nargs="*", help="only mistakes with one of these words in file or description")
    words = parser.parse_args(argv).words
    chosen = [m for m in MUTANTS if not words or any(word in f"{m.file} {m.breaks}" for word in words)]
    survived = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy(folder)
        if failed := run(folder):
            print(f"the tests fail without a mistake: {failed}", file=sys.stderr)
            return 2
        for number, mutant in enumerate(chosen, 1):
            begin = time.monotonic()
            try:
                caught = check(folder, mutant)
            except LookupError as error:
                print(error, file=sys.stderr)
                return 2
            if caught is None:
                survived.append(mutant)
            verdict = f"caught by {caught}" if caught else "SURVIVED"
            seconds = time.monotonic() - begin
            print(f"{number:3}/{len(chosen)} {mutant.file}: {mutant.breaks}: {verdict} ({seconds:.1f} s)", flush=True)
    print(f"{len(chosen) - len(survived)} of {len(chosen)} caught")
    return int(bool(survived))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
