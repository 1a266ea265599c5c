"""The routing in force: replaced as a whole by files without an error, and by nothing else."""

import os
from pathlib import Path

import pytest

from cti.config.check import check
from cti.config.findings import ConfigError, Finding, Place
from cti.config.in_force import InForce
from tests.config.bad import BAD, expected_cases
from tests.config.files import TODAY, overlay, small

CASES = list(expected_cases(BAD / "routing"))


def in_force(folder: Path) -> InForce:
    return InForce(folder / "routing", folder / "ivr_flows", TODAY)


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_files_that_were_edited_come_into_force(tmp_path: Path) -> None:
    held = in_force(small(tmp_path))
    first = held.current
    assert (first.number, first.routing.queues["service"].priority) == (1, 0)
    edit(tmp_path, "routing/queues.yaml", "strategy: longest_idle", "priority: 5")
    assert held.reload(TODAY).errors == ()
    assert (held.current.number, held.current.routing.queues["service"].priority) == (2, 5)
    assert held.current.content_hash != first.content_hash


def test_a_call_keeps_the_routing_that_it_began_with(tmp_path: Path) -> None:
    held = in_force(small(tmp_path))
    call = held.current.routing
    edit(tmp_path, "ivr_flows/service.yaml", "    otherwise: bye", "    otherwise: message")
    assert held.reload(TODAY).errors == ()
    assert held.current.routing.flows["service"].steps["after"].otherwise == "message"
    assert call.flows["service"].steps["after"].otherwise == "bye"


def test_the_same_files_are_no_new_version(tmp_path: Path) -> None:
    held = in_force(small(tmp_path))
    before = held.current
    held.reload(TODAY)
    assert held.current is before
    (tmp_path / "routing" / "queues.yaml").touch()
    held.reload(TODAY)
    assert held.current is before


def test_a_comment_is_a_new_version_because_places_move(tmp_path: Path) -> None:
    held = in_force(small(tmp_path))
    edit(tmp_path, "routing/queues.yaml", "queues:\n", "# our queues\nqueues:\n")
    held.reload(TODAY)
    assert held.current.number == 2
    assert held.current.routing.where("queues", "service", of_key=True).line == 3


@pytest.mark.parametrize("case", [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_a_bad_file_leaves_in_force_what_is_in_force(tmp_path: Path, case: Path) -> None:
    held = in_force(small(tmp_path))
    before = held.current
    overlay(tmp_path, case)
    found = held.reload(TODAY)
    if found.errors:
        assert held.current is before
        assert held.checked is found
    else:  # a warning keeps nobody from using the files; files that are not read are none of them
        assert (held.current is before) == (held.current.content_hash == before.content_hash)
        assert found.routing is not None


def test_a_file_of_100_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    held = in_force(small(tmp_path))
    before = held.current
    with (tmp_path / "routing" / "queues.yaml").open("ab") as file:
        os.truncate(file.fileno(), 100 * 1024 * 1024)
    (finding,) = held.reload(TODAY).errors
    assert finding.what == "is too large: 104,857,600 bytes"
    assert held.current is before


def test_a_mended_file_comes_into_force_after_a_bad_one(tmp_path: Path) -> None:
    held = in_force(small(tmp_path))
    edit(tmp_path, "routing/queues.yaml", "longest_idle", "longest_idel")
    assert held.reload(TODAY).errors
    edit(tmp_path, "routing/queues.yaml", "longest_idel", "ring_all")
    assert held.reload(TODAY).errors == ()
    assert (held.current.number, held.current.routing.queues["service"].strategy) == (2, "ring_all")


def test_whoever_looks_further_may_refuse_more(tmp_path: Path) -> None:
    unspoken: list[Finding] = []
    folders = small(tmp_path) / "routing", tmp_path / "ivr_flows"
    held = InForce(*folders, TODAY, look=lambda *where: check(*where).with_more(unspoken))
    edit(tmp_path, "routing/queues.yaml", "longest_idle", "ring_all")
    unspoken.append(Finding(Place("ivr_flows/service.yaml"), "cannot be spoken"))
    assert [error.what for error in held.reload(TODAY).errors] == ["cannot be spoken"]
    assert held.current.number == 1
    unspoken.clear()
    held.reload(TODAY)
    assert held.current.number == 2


def test_without_right_files_there_is_nothing_to_begin_with(tmp_path: Path) -> None:
    small(tmp_path, {"routing/queues.yaml": ("longest_idle", "longest_idel")})
    with pytest.raises(ConfigError, match="did you mean longest_idle"):
        in_force(tmp_path)
