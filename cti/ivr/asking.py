"""How a question is asked and answered: keys ahead, pauses, wrong keys, once more, and the end of patience."""

from cti.ivr.digits import Verdict
from cti.ivr.run import Asked, Question, Run, Way


def ask(run: Run, question: Question, misses: int = 0) -> Way | None:
    """Asks, unless keys pressed ahead have answered already."""
    asked = run.ask(Asked(question, misses))
    if not question.ahead:
        run.ahead.forget()
    while key := run.ahead.take():
        asked.typed += key
        verdict = question.reader.read(asked.typed)
        if verdict is not Verdict.MORE:
            return _settle(run, asked, verdict)
    if asked.typed:
        run.listen(question)
    else:
        run.put(run.compose(question.prompt), question)
    return None


def press(run: Run, asked: Asked, key: str) -> Way | None:
    """The caller pressed a key."""
    asked.typed += key
    verdict = asked.question.reader.read(asked.typed)
    if verdict is not Verdict.MORE:
        return _settle(run, asked, verdict)
    run.listen(asked.question)
    return None


def silence(run: Run, asked: Asked) -> Way | None:
    """No key came in time."""
    return _settle(run, asked, asked.question.reader.wait_over(asked.typed))


def miss(run: Run, asked: Asked, why: str, *, wrong: bool) -> Way | None:
    """An attempt has failed: asks again, or gives up."""
    question = asked.question
    asked.misses += 1
    asked.typed = ""
    run.ahead.forget()
    if asked.misses > question.retries:
        return question.give_up(why)
    run.note(f"{why}: asked again, {asked.misses} of {question.retries}")
    excuse = run.compose(question.wrong) if wrong else ()
    run.put(excuse + run.compose(question.prompt), question)
    return None


def _settle(run: Run, asked: Asked, verdict: Verdict) -> Way | None:
    reader = asked.question.reader
    if verdict is Verdict.DONE:
        run.expect_habit(reader.tail(asked.typed))
        return asked.question.accept(reader.value(asked.typed))
    if verdict is Verdict.SILENT:
        return miss(run, asked, "no key was pressed", wrong=False)
    return miss(run, asked, _wrong(asked.typed), wrong=True)


def _wrong(typed: str) -> str:
    """What was wrong, for the call's story. A row of digits may be a secret: it is only counted."""
    return f"{typed} is not among the answers" if len(typed) == 1 else f"{len(typed)} keys are not an answer"
