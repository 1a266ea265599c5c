"""The verbs that tell the caller something and go on: play, say, say_hours, notice."""

from collections.abc import Iterable

from pydantic import model_validator

from cti.ivr.prompts import Prompt, Template, TemplateText, WrittenText
from cti.ivr.steps.base import Edge, EdgeKind, Mention, PromptUse, Read, Step, Thing, edge, prompt_use, template_reads
from cti.ivr.values import Reference, Refused, Strict, Target


class Play(Step):
    """Plays a prompt to its end; keys that are pressed meanwhile count for the next menu."""

    verb = "play"
    play: Prompt
    then: Target

    def edges(self) -> tuple[Edge, ...]:
        return edge(EdgeKind.ALWAYS, self.then, "then")

    def prompts(self) -> tuple[PromptUse, ...]:
        return prompt_use(self.play, "play")


class Value(Strict):
    """A value and how it is read out; exactly one of the keys."""

    number: WrittenText | None = None
    digits: TemplateText | None = None
    date: TemplateText | None = None
    """Written 2026-12-31."""
    time: TemplateText | None = None
    """Written 13:30."""
    money: WrittenText | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "Value":
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            problem = f"two ways to say it: {', '.join(given)}" if given else "nothing to say"
            raise Refused(problem, allowed=tuple(type(self).model_fields))
        return self

    @property
    def how(self) -> str:
        """The key that is given: number, digits, date, time or money."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def template(self) -> Template:
        """The value as it is written."""
        template: Template = getattr(self, self.how)
        return template


class Say(Step):
    """Reads a value out."""

    verb = "say"
    say: Value
    then: Target

    def edges(self) -> tuple[Edge, ...]:
        return edge(EdgeKind.ALWAYS, self.then, "then")

    def _reads_besides(self) -> Iterable[Read]:
        return template_reads(self.say.template, "say", self.say.how)


class SayHours(Step):
    """Says today's hours of a calendar, and when it opens next."""

    verb = "say_hours"
    say_hours: Reference
    then: Target

    def edges(self) -> tuple[Edge, ...]:
        return edge(EdgeKind.ALWAYS, self.then, "then")

    def mentions(self) -> tuple[Mention, ...]:
        return (Mention(Thing.HOURS, self.say_hours, ("say_hours",)),)


class Notice(Step):
    """Plays what supervisors have put up, if anything."""

    verb = "notice"
    notice: Reference
    then: Target

    def edges(self) -> tuple[Edge, ...]:
        return edge(EdgeKind.ALWAYS, self.then, "then")

    def mentions(self) -> tuple[Mention, ...]:
        return (Mention(Thing.NOTICE, self.notice, ("notice",)),)
