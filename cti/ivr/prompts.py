"""What is played to a caller: text with {placeholders}, a recorded file, or one of them for each language."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar, Final

from pydantic import BeforeValidator, Discriminator, GetCoreSchemaHandler, PlainValidator, Tag
from pydantic_core import CoreSchema, core_schema

from cti.ivr.placeholders import check_placeholder
from cti.ivr.values import LANGUAGES, Language, Refused, Strict, nearest, quoted, read_language

MAX_TEXT: Final = 2000
"""Characters of a prompt: five minutes of speech, longer than anybody listens."""

RECORDED: Final = (".wav", ".mp3", ".flac", ".ogg")

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Speech:
    """Words that are spoken."""

    text: str
    language: Language


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded file, relative to the folder of the flows."""

    path: str


Piece = Speech | Recording
"""What is rendered, cached and played in one go."""


def spoken(pieces: Iterable[Piece]) -> str:
    """Pieces as people read them: “您好，这里是 售后服务热线 。”"""
    return f"“{' '.join(piece.text if isinstance(piece, Speech) else f'[{piece.path}]' for piece in pieces)}”"


@dataclass(frozen=True, slots=True)
class Blank:
    """A value that is only known while the flow runs."""

    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """A text, cut at its placeholders."""

    source: str
    """As it stands in the file."""
    parts: tuple[str | Blank, ...]

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names in braces, in order, each once."""
        return tuple(dict.fromkeys(part.name for part in self.parts if isinstance(part, Blank)))

    @property
    def static(self) -> tuple[str, ...]:
        """The stretches between placeholders that can be spoken."""
        return tuple(part for part in self.parts if isinstance(part, str) and is_spoken(part))

    def language(self, wanted: Language) -> Language:
        """The language it is written in, whatever is wanted: Chinese where there is a Chinese character."""
        return language_of("".join(self.static), wanted)


def language_of(text: str, otherwise: Language) -> Language:
    """The language of a text by its letters; `otherwise` when it has none."""
    if _HAN.search(text):
        return "zh-CN"
    return "en" if _LATIN.search(text) else otherwise


def is_spoken(text: str) -> bool:
    """Whether there is anything in it to speak: not only punctuation."""
    return any(character.isalnum() for character in text)


def parse(text: Any) -> Template:
    """The template that a text is. `{{` and `}}` are braces that are meant as such. Raises Refused."""
    if not isinstance(text, str):
        raise Refused(f"{quoted(text)} is not a text", hint="put it in quotes")
    if len(text) > MAX_TEXT:
        raise Refused(f"the text has {len(text)} characters; {MAX_TEXT} are the most")
    for character in text:
        if unicodedata.category(character) == "Cc" and character not in "\n\t":
            raise Refused(f"the text contains a control character (U+{ord(character):04X})")
    if found := re.search(r"[｛｝]", text):
        raise Refused(f"full-width brace {found[0]} in the text", hint="placeholders stand in { and }")
    return Template(text, tuple(_parts(text)))


def _parts(text: str) -> Iterator[str | Blank]:
    static, end = "", 0
    for token in _TOKEN.finditer(text):
        static += text[end : token.start()]
        end = token.end()
        if token[0] in ("{{", "}}"):
            static += token[0][0]
        elif token[1] is None:
            raise _unmatched(token[0], text, token.start())
        else:
            if static:
                yield static
            static = ""
            yield Blank(check_placeholder(token[1].strip()))
    if static + text[end:]:
        yield static + text[end:]


def _unmatched(brace: str, text: str, at: int) -> Refused:
    rest = text[at : at + 20]
    if brace == "{":
        hint = "close it with }, or write {{ for a brace itself"
        return Refused(f"a brace is not closed: {quoted(rest)}", hint=hint, part=rest)
    return Refused(f"a brace is closed that was not opened, at character {at + 1}", hint="write }} for a brace itself")


def _spoken(text: Any) -> Template:
    template = parse(text)
    if not template.static and not template.placeholders:
        raise Refused("there is nothing to say in the text")
    return template


def _recording(path: Any) -> Recording:
    if not isinstance(path, str):
        raise Refused(f"{quoted(path)} is not a path")
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\\" in path or re.search(r"[{}\x00-\x1f]", path):
        raise Refused(f"{quoted(path)} is not a path inside the folder of prompts", hint="such as prompts/welcome.wav")
    if pure.suffix.lower() not in RECORDED:
        raise Refused(f"{quoted(path)} is not a recording", allowed=RECORDED)
    return Recording(path)


TemplateText = Annotated[Template, PlainValidator(parse)]
"""A text with placeholders that need not be spoken, as a field of a model."""


def _written(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


WrittenText = Annotated[TemplateText, BeforeValidator(_written)]
"""The same, where a number or a truth value may stand instead of a text."""

_Spoken = Annotated[Template, PlainValidator(_spoken)]


class _File(Strict):
    file: Annotated[Recording, PlainValidator(_recording)]


def _kind(value: Any) -> str:
    """The tag of what a prompt is written as."""
    if not isinstance(value, dict):
        return "<text>"
    return "<file>" if _means_file(value) else "<languages>"


def _kind_of_one(value: Any) -> str:
    return "<file>" if isinstance(value, dict) else "<text>"


def _means_file(value: dict[Any, Any]) -> bool:
    """Whether the mapping gives a file, were the key misspelt."""
    return not any(key in LANGUAGES for key in value) and any(nearest(str(key), ["file"]) for key in value)


def _something(value: Any) -> Any:
    if not isinstance(value, str | dict):
        raise Refused(f"{quoted(value)} is not a prompt", allowed=Prompt.FORMS)
    if not value:
        raise Refused("the prompt is empty", allowed=Prompt.FORMS)
    return value


_One = Annotated[Annotated[_Spoken, Tag("<text>")] | Annotated[_File, Tag("<file>")], Discriminator(_kind_of_one)]
_Each = dict[Annotated[Language, PlainValidator(read_language)], _One]
_Written = Annotated[
    Annotated[_Spoken, Tag("<text>")] | Annotated[_File, Tag("<file>")] | Annotated[_Each, Tag("<languages>")],
    Discriminator(_kind),
]


@dataclass(frozen=True, slots=True)
class Variant:
    """A prompt in one language; `language` is None when the file does not say which."""

    language: Language | None
    body: Template | Recording


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is played: in a file a text, `{file: path.wav}`, or one of them for each language."""

    variants: tuple[Variant, ...]

    FORMS: ClassVar[tuple[str, ...]] = ("text with {placeholders}", "{file: path.wav}", "{zh-CN: text, en: text}")

    @classmethod
    def of(cls, text: str) -> "Prompt":
        """The prompt that a plain text is. Raises Refused."""
        return cls((Variant(None, _spoken(text)),))

    @classmethod
    def plain(cls, text: str) -> "Prompt":
        """The prompt that says a text as it stands, braces included: for what people type into a page."""
        return cls((Variant(None, Template(text, (text,))),))

    def variant(self, wanted: Language) -> tuple[Language, Template | Recording]:
        """What is played to somebody who wants that language, and the language it is in: the first when there is none.

        A text without a language is spoken in the language that it is written in.
        """
        chosen = next((v for v in self.variants if v.language == wanted), self.variants[0])
        if chosen.language is not None or isinstance(chosen.body, Recording):
            return chosen.language or wanted, chosen.body
        return chosen.body.language(wanted), chosen.body

    def placeholders(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Every name in braces, with the key path inside the prompt where it stands."""
        for variant in self.variants:
            if isinstance(variant.body, Template):
                for name in variant.body.placeholders:
                    yield name, (variant.language,) if variant.language else ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.no_info_after_validator_function(cls._written, handler.generate_schema(_Written))
        return core_schema.no_info_before_validator_function(_something, written)

    @classmethod
    def _written(cls, value: "Template | _File | dict[Language, Template | _File]") -> "Prompt":
        if isinstance(value, dict):
            return cls(tuple(Variant(language, _body(one)) for language, one in value.items()))
        return cls((Variant(None, _body(value)),))


def _body(value: Template | _File) -> Template | Recording:
    return value.file if isinstance(value, _File) else value


def static_pieces(prompt: Prompt) -> tuple[Piece, ...]:
    """Everything of a prompt that can be rendered before anybody calls."""
    pieces: dict[Piece, None] = {}
    for variant in prompt.variants:
        if isinstance(variant.body, Recording):
            pieces[variant.body] = None
            continue
        spoken_in = {variant.language or variant.body.language(language) for language in LANGUAGES}
        for language in LANGUAGES:
            if language in spoken_in:
                pieces |= {Speech(text.strip(), language): None for text in variant.body.static}
    return tuple(pieces)
