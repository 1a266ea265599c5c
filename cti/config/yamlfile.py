"""Reads YAML 1.2 and remembers where every value stands, so that an error can point at it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cti.config.findings import ConfigError, Finding, Place, nearest, quoted

Model = TypeVar("Model", bound=BaseModel)

Key = str | int
"""A step into a document: the key of a mapping or the index of a list."""


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as plain data, with the places of its keys and values."""

    source: str
    data: Any
    root: Any

    def place(self, path: tuple[Key, ...], *, of_key: bool = False) -> Place:
        """Where the value (or its key) at `path` stands; the nearest place above it when it is not in the file."""
        node, found = self.root, Place(self.source, 1, 1)
        for depth, step in enumerate(path):
            last = depth == len(path) - 1
            try:
                if isinstance(node, CommentedMap):
                    line, column = node.lc.key(step) if last and of_key else node.lc.value(step)
                elif isinstance(node, CommentedSeq) and isinstance(step, int):
                    line, column = node.lc.item(step)
                else:
                    break
                found = Place(self.source, line + 1, column + 1)
                node = node[step]
            except (KeyError, IndexError, TypeError):
                break
        return found


def load(path: Path) -> Document:
    """The document in `path`. Raises ConfigError when it cannot be read or is not YAML."""
    source = str(path)
    try:
        root = YAML(typ="rt", pure=True).load(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError([Finding(Place(source), f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Finding(Place(source), "is not UTF-8 text", hint="save it as UTF-8")]) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(source, mark.line + 1, mark.column + 1) if mark else Place(source)
        raise ConfigError([Finding(place, f"is not YAML: {error.problem or error.context}")]) from error
    except YAMLError as error:
        raise ConfigError([Finding(Place(source), f"is not YAML: {error}")]) from error
    return Document(source, _plain(root), root)


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {key if isinstance(key, str) else str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    return node


def parse(path: Path, model: type[Model]) -> Model:
    """The file as a model. Raises ConfigError with everything that is wrong, each with its place."""
    document = load(path)
    try:
        return model.model_validate(document.data if document.data is not None else {})
    except ValidationError as error:
        raise ConfigError(findings(error, model, document.place)) from error


class Locate(Protocol):
    """Finds the place of a value by its path."""

    def __call__(self, path: tuple[Key, ...], *, of_key: bool = False) -> Place: ...


def findings(error: ValidationError, model: type[BaseModel], locate: Locate) -> list[Finding]:
    """pydantic's errors in our words, each at its place."""
    return [_finding(detail, model, locate) for detail in error.errors()]


def _finding(detail: ErrorDetails, model: type[BaseModel], locate: Locate) -> Finding:
    path = tuple(detail["loc"])
    kind, value = detail["type"], detail["input"]
    name = ".".join(map(str, path))
    if kind == "extra_forbidden":
        known = _known_keys(model, path[:-1])
        return Finding(
            locate(path, of_key=True),
            f"{quoted(path[-1])} is not a key here",
            value=str(path[-1]),
            hint=nearest(str(path[-1]), known),
            allowed=known,
        )
    if kind == "missing":
        return Finding(locate(path[:-1], of_key=True), f"{name} is missing")
    place = locate(path)
    shown = str(value) if isinstance(value, str | int | float) else ""
    if kind in ("literal_error", "enum"):
        allowed = tuple(
            part.strip().strip("'") for part in str(detail["ctx"]["expected"]).replace(" or ", ",").split(",")
        )
        what = f"{name}: {quoted(value)} is not allowed"
        return Finding(place, what, value=shown, hint=nearest(str(value), allowed), allowed=allowed)
    message = detail["msg"].removeprefix("Value error, ")
    return Finding(place, f"{name}: {message[:1].lower()}{message[1:]}", value=shown)


def _known_keys(model: type[BaseModel], path: tuple[Key, ...]) -> tuple[str, ...]:
    """The keys that the model at `path` has."""
    current: Any = model
    for step in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(str(step))
            current = field.annotation if field else None
        else:  # dict[str, Model] or list[Model]: one step in, the last argument
            current = (get_args(current) or (None,))[-1]
        current = next((a for a in get_args(current) if a is not type(None)), None) if _optional(current) else current
    return tuple(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else ()


def _optional(annotation: Any) -> bool:
    return type(None) in get_args(annotation)
