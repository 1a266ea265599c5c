"""Files that are wrong, beside the exact text that must be said of them."""

from collections.abc import Iterator
from pathlib import Path

from cti.config.findings import ConfigError

BAD = Path(__file__).parents[1] / "data" / "bad"


def expected_cases(folder: Path) -> Iterator[tuple[str, Path, str]]:
    """Each case's name, its input and the text expected.

    A case is a file NAME.yaml with NAME.expected beside it, or a folder NAME with expected.txt in it.
    """
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield path.name, path, (path / "expected.txt").read_text("utf-8").rstrip("\n")
        elif path.suffix == ".yaml":
            yield path.stem, path, path.with_suffix(".expected").read_text("utf-8").rstrip("\n")
        else:
            assert path.with_suffix(".yaml").exists(), f"{path} expects something of a file that is not there"


def told(error: ConfigError, folder: Path) -> str:
    """What an error says, with paths relative to a folder."""
    return str(error).replace(f"{folder}/", "")
