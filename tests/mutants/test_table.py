"""The table of mistakes fits the source: what the runner puts in is put in."""

import ast
from pathlib import Path

import pytest

from tests.mutants.__main__ import ACD
from tests.mutants.table import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.breaks)
def test_the_old_text_is_there_once_and_the_new_text_is_python(mutant: Mutant) -> None:
    source = (ACD / mutant.file).read_text()
    assert source.count(mutant.old) == 1
    mutated = source.replace(mutant.old, mutant.new)
    assert ast.dump(ast.parse(mutated)) != ast.dump(ast.parse(source))


def test_every_mistake_is_another() -> None:
    assert len({(mutant.file, mutant.old, mutant.new) for mutant in MUTANTS}) == len(MUTANTS)
    assert len({mutant.breaks for mutant in MUTANTS}) == len(MUTANTS)


def test_every_room_of_the_distributor_has_mistakes() -> None:
    without = {"__init__.py", "commands.py", "effects.py", "explanation.py", "invariants.py"}  # values, and the checks
    assert {mutant.file for mutant in MUTANTS} == {path.name for path in Path(ACD).glob("*.py")} - without
