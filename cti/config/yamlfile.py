"""Reads YAML 1.2 and remembers where every value stands, so that an error can point at it."""

import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from cti.config.findings import ConfigError, Finding, Place, SourceText
from cti.config.wording import Key, Locate, findings
from cti.config.yamlbuild import Builder, Marks, unpacked

__all__ = ["Document", "Key", "Locate", "document", "findings", "load", "parse"]

Model = TypeVar("Model", bound=BaseModel)

LARGEST_FILE: Final = 16 * 1024 * 1024
"""Bytes. 10,000 agents take one of the sixteen megabytes."""

_UTF_8_MARK: Final = b"\xef\xbb\xbf"
_UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")

# What YAML forbids, and the three line ends of YAML 1.1 that no editor shows as such.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as plain data, with the places of its keys and values."""

    source: str
    data: Any
    """Mappings (whose keys are text), lists, text, numbers, truth values, None; None for an empty document."""
    text: SourceText = field(repr=False)
    marks: Marks = field(repr=False)
    begin: int = 0

    def place(self, path: tuple[Key, ...], *, of_key: bool = False) -> Place:
        """Where the value (or its key) at `path` stands.

        Where it is not in the file: the place of the nearest thing above it that is, so that with `of_key` a missing
        key is reported at the key that it belongs under.
        """
        marks = self.marks
        at = key_at = self.begin
        for step in path:
            if isinstance(marks, dict) and str(step) in marks:
                key_at, at, marks = marks[str(step)]
            elif isinstance(marks, list) and isinstance(step, int) and 0 <= step < len(marks):
                at, marks = marks[step]
                key_at = at
            else:
                break
        return self.text.at(*unpacked(key_at if of_key else at))

    def read_as(self, model: type[Model]) -> Model:
        """The data as a model; an empty document is an empty mapping. Raises ConfigError with all that is wrong."""
        try:
            return model.model_validate({} if self.data is None else self.data)
        except ValidationError as error:
            raise ConfigError(findings(error, model, self.place)) from error


def load(path: Path) -> Document:
    """The document in `path`. Raises ConfigError when it cannot be read or is not YAML as we read it."""
    source = str(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError([Finding(Place(source), "is not a file")])
        if status.st_size > LARGEST_FILE:
            raise ConfigError([_too_large(source, status.st_size)])
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError([Finding(Place(source), f"cannot be read: {error.strerror}")]) from error
    return document(source, content)


def document(source: str, content: bytes) -> Document:
    """The document that a file named `source` holds, or would hold. Raises ConfigError."""
    if len(content) > LARGEST_FILE:
        raise ConfigError([_too_large(source, len(content))])
    text = _decoded(source, content)
    if forbidden := _FORBIDDEN.search(text.text):
        code = f"U+{ord(forbidden[0]):04X}"
        name = f"a character stands here that nobody sees ({'NUL' if code == 'U+0000' else code})"
        raise ConfigError([Finding(text.place(forbidden.start()), name, value=forbidden[0], hint="delete it")])
    built = Builder(text).build()
    return Document(source, built.data, text, built.marks, built.begin)


def parse(path: Path, model: type[Model]) -> Model:
    """The file as a model. Raises ConfigError with everything that is wrong, each with its place."""
    return load(path).read_as(model)


def _too_large(source: str, size: int) -> Finding:
    megabytes = LARGEST_FILE // 1024**2
    return Finding(Place(source), f"is too large: {size:,} bytes", hint=f"a file has at most {megabytes} megabytes")


def _decoded(source: str, content: bytes) -> SourceText:
    if content.startswith(_UTF_8_MARK):
        hint = "save it as UTF-8 without BOM"
        raise ConfigError([Finding(Place(source, 1, 1), "begins with a byte order mark", hint=hint)])
    if content.startswith(_UTF_16_MARKS) or _is_utf_16(content[:4]):
        what = "is UTF-16 text (Windows calls it Unicode)"
        raise ConfigError([Finding(Place(source, 1, 1), what, hint="save it as UTF-8 without BOM")])
    try:
        return SourceText(source, _one_line_end(content.decode("utf-8")))
    except UnicodeDecodeError as error:
        encoding, what = "utf-8", "is not UTF-8 text"
        if _is_chinese(content):
            encoding, what = "gb18030", "is not UTF-8 text, but GBK as it seems (Chinese Windows calls it ANSI)"
        before = _one_line_end(content[: error.start].decode(encoding, "replace"))
        place = SourceText(source, _one_line_end(content.decode(encoding, "replace"))).place(len(before))
        raise ConfigError([Finding(place, what, hint="save the file as UTF-8")]) from error


def _is_utf_16(begin: bytes) -> bool:
    """Whether every other byte is a NUL: ASCII in UTF-16."""
    return len(begin) == 4 and any(begin[n::2] == b"\0\0" and 0 not in begin[1 - n :: 2] for n in (0, 1))


def _is_chinese(content: bytes) -> bool:
    try:
        return re.search("[\u4e00-\u9fff]", content.decode("gb18030")) is not None
    except UnicodeDecodeError:
        return False


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
