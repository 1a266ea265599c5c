"""Everything that a routing can have said: what is rendered before anybody calls."""

from collections.abc import Iterator

from cti.config.findings import Place
from cti.config.routing import Routing, static_prompts
from cti.ivr import phrases, say
from cti.ivr.prompts import Piece, Speech, language_of, static_pieces
from cti.ivr.values import LANGUAGES, Language

OURS = Place("the server's own words")


def repertoire(routing: Routing) -> dict[Piece, Place]:
    """Each piece once, with the first place that it comes from."""
    pieces: dict[Piece, Place] = {}
    for piece, place in [*static_prompts(routing), *_names(routing), *_own_words(routing)]:
        pieces.setdefault(piece, place)
    return pieces


def _names(routing: Routing) -> Iterator[tuple[Piece, Place]]:
    """Values of placeholders that are known already."""
    for name in routing.hotlines:
        yield _speech(name), routing.where("hotlines", name, of_key=True)
    for id_, queue in routing.queues.items():
        yield _speech(queue.name), routing.where("queues", id_, "name")
    for agent in routing.agents.ids():
        yield _speech(routing.agents.agents[agent].name), routing.where("agents", agent, "name")


def _speech(name: str) -> Speech:
    return Speech(name, language_of(name, "zh-CN"))


def _own_words(routing: Routing) -> Iterator[tuple[Piece, Place]]:
    for phrase in phrases.ALL:
        for piece in static_pieces(phrase):
            yield piece, OURS
    for language in _spoken(routing):
        for word in say.vocabulary(language):
            yield Speech(word, language), OURS


def _spoken(routing: Routing) -> list[Language]:
    """The languages that callers can come to hear."""
    found = {hotline.language for hotline in routing.hotlines.values()}
    found |= {piece.language for piece, _ in static_prompts(routing) if isinstance(piece, Speech)}
    return [language for language in LANGUAGES if language in found]
