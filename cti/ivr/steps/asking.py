"""The verbs that ask the caller for keys: menu, collect, survey."""

from typing import Annotated, Literal

from pydantic import Field

from cti.ivr.placeholders import Variable
from cti.ivr.prompts import Prompt
from cti.ivr.steps.base import Edge, EdgeKind, PromptUse, Step, edge, key_edges, prompt_use
from cti.ivr.values import Count, Digits, Key, KeyRange, Retries, Target, Truth, Wait


class Menu(Step):
    """Asks for one key. Keys pressed ahead count; with `barge_in: false` they do not, and the prompt is heard out."""

    verb = "menu"
    menu: Prompt
    keys: Annotated[dict[Key, Target], Field(min_length=1)]
    otherwise: Target
    """After `retries` more times of silence or wrong keys."""
    wait: Wait = 5.0
    retries: Retries = 2
    invalid: Prompt | None = None
    """Said after a wrong key, before the menu again; without it a stock sentence."""
    barge_in: Truth = True

    def edges(self) -> tuple[Edge, ...]:
        return (*key_edges(self.keys), *edge(EdgeKind.OTHERWISE, self.otherwise, "otherwise"))

    def prompts(self) -> tuple[PromptUse, ...]:
        return (*prompt_use(self.menu, "menu"), *prompt_use(self.invalid, "invalid"))


class Collect(Step):
    """Asks for digits; so many, or fewer and the end key, or fewer and a wait."""

    verb = "collect"
    collect: Prompt
    into: Variable
    then: Target
    otherwise: Target
    """After `retries` more times of silence, too few digits, or a "no" to `confirm`."""
    digits: Digits = Count((1, 20))
    end: Literal["#", "*"] = "#"
    wait: Wait = 5.0
    """For the first key and for each after it."""
    retries: Retries = 2
    invalid: Prompt | None = None
    confirm: Prompt | None = None
    """Played with what was keyed: 1 is yes, 2 is once more."""

    def edges(self) -> tuple[Edge, ...]:
        return (
            *edge(EdgeKind.ENTERED, self.then, "then", needs_caller=True),
            *edge(EdgeKind.OTHERWISE, self.otherwise, "otherwise"),
        )

    def prompts(self) -> tuple[PromptUse, ...]:
        return (
            *prompt_use(self.collect, "collect"),
            *prompt_use(self.invalid, "invalid"),
            *prompt_use(self.confirm, "confirm"),
        )

    def writes(self) -> tuple[str, ...]:
        return (self.into,)


class Survey(Step):
    """Asks for a score; whoever gives none goes on all the same. Keys pressed before the question do not count."""

    verb = "survey"
    survey: Prompt
    keys: KeyRange
    into: Variable = "score"
    then: Target | None = None
    """Without it the call ends."""
    wait: Wait = 5.0
    retries: Retries = 1

    def edges(self) -> tuple[Edge, ...]:
        return edge(EdgeKind.THEN, self.then, "then")

    def prompts(self) -> tuple[PromptUse, ...]:
        return prompt_use(self.survey, "survey")

    def writes(self) -> tuple[str, ...]:
        return (self.into,)
