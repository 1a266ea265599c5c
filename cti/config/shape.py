"""Where in a model an error of pydantic is: where in the file, and which type stands there."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

from pydantic import BaseModel, RootModel, Tag
from pydantic.fields import FieldInfo
from typing_extensions import TypeAliasType

Key = str | int
"""A step into a document: the key of a mapping or the index of a list."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a model."""

    path: tuple[Key, ...]
    """As in the file: without the tags and branches of unions and without "[key]"."""
    of_key: bool
    """Whether the key is meant, not the value."""
    type: Any
    """What stands there; None where the model has nothing."""
    above: Any
    """What stands above it: the model or mapping that its key is in."""
    metadata: tuple[Any, ...]
    """What its Annotated and Field say of it."""
    field: bool
    """Whether the last step is a key that the model names, not one that the admin chose."""
    branch: tuple[int, str] | None
    """The first union on the way that has no tags: at which depth of `path`, and the branch that was tried."""


def follow(model: Any, loc: tuple[Key, ...]) -> Spot:
    """Goes into the model along an error's `loc`."""
    path: list[Key] = []
    of_key = field = False
    branch: tuple[int, str] | None = None
    above = None
    kind, metadata = _bare(model)
    for step in loc:
        if step == "[key]":
            of_key = True
            kind, metadata = _bare(next(iter(get_args(kind)), None))
        elif _members(kind):
            member = _member(kind, str(step))
            if branch is None and not _is_tag(step):
                branch = (len(path), str(step))
            kind, metadata = _bare(member)
        elif not _is_tag(step) or get_origin(kind) is dict:
            path.append(step)
            above = kind
            kind, metadata, field = _inside(kind, step)
    return Spot(tuple(path), of_key, kind, above, metadata, field, branch)


def keys(kind: Any) -> tuple[str, ...]:
    """The keys that a model has, as they are written in files."""
    if not _is_model(kind):
        return ()
    return tuple(_written(name, field) for name, field in kind.model_fields.items())


def choices(kind: Any) -> tuple[Any, ...]:
    """The values of a Literal or an Enum."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(member.value for member in kind)
    return get_args(kind) if get_origin(kind) is Literal else ()


def _bare(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """The type without Annotated, Optional, names for types and root models; and its metadata."""
    metadata: tuple[Any, ...] = ()
    while True:
        if isinstance(kind, FieldInfo):
            metadata += (kind, *kind.metadata)
            kind = kind.annotation
        elif get_origin(kind) is Annotated:
            kind, *more = get_args(kind)
            metadata += tuple(_spread(more))
        elif isinstance(kind, TypeAliasType):
            kind = kind.__value__
        elif isinstance(kind, NewType):
            kind = kind.__supertype__
        elif isinstance(kind, type) and issubclass(kind, RootModel):
            kind = kind.model_fields["root"]
        elif _is_union(kind) and len(rest := _not_none(kind)) == 1:
            kind = rest[0]
        else:
            return kind, metadata


def _spread(metadata: Iterable[Any]) -> Iterable[Any]:
    """A Field within Annotated holds constraints of its own."""
    for item in metadata:
        yield item
        if isinstance(item, FieldInfo):
            yield from item.metadata


def _inside(kind: Any, step: Key) -> tuple[Any, tuple[Any, ...], bool]:
    if _is_model(kind):
        for name, field in kind.model_fields.items():
            if step in (name, _written(name, field)):
                return *_bare(field), True
        return None, (), False
    arguments = get_args(kind)
    if get_origin(kind) is tuple and Ellipsis not in arguments and isinstance(step, int) and step < len(arguments):
        return *_bare(arguments[step]), False
    items = [argument for argument in arguments if argument is not Ellipsis]
    return *_bare(items[-1] if items else None), False


def _written(name: str, field: FieldInfo) -> str:
    return next((alias for alias in (field.validation_alias, field.alias) if isinstance(alias, str)), name)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType)


def _not_none(kind: Any) -> list[Any]:
    return [member for member in get_args(kind) if member is not NoneType]


def _members(kind: Any) -> list[Any]:
    return _not_none(kind) if _is_union(kind) else []


def _is_tag(step: Key) -> bool:
    """Tags of our unions are spelled <tag>, so that no key of a file is taken for one."""
    return isinstance(step, str) and step.startswith("<") and step.endswith(">")


def _member(union: Any, label: str) -> Any:
    """The member of a union that pydantic calls so in `loc`: by its tag, its class or its kind."""
    members = _members(union)
    for member in members:
        kind, metadata = _bare(member)
        tags = [item.tag for item in metadata if isinstance(item, Tag)]
        if label in tags or (not tags and _is_model(kind) and (kind.__name__ in label or _has_literal(kind, label))):
            return member
    names = [(member, _name(_bare(member)[0])) for member in members]
    begins = (member for member, name in names if name and label.startswith(name))
    return next(begins, next((member for member, name in names if name and name in label), None))


def _has_literal(model: type[BaseModel], value: str) -> bool:
    """Whether a key of the model takes only this value: the key by which a union is told apart."""
    return any(get_args(field.annotation) == (value,) for field in model.model_fields.values())


def _name(kind: Any) -> str:
    """As pydantic begins its name for a kind of value."""
    origin = get_origin(kind) or kind
    return "literal" if origin is Literal else str(getattr(origin, "__name__", ""))
