"""What each verb does when a flow comes to it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from cti.ids import QueueId
from cti.ivr import phrases, say
from cti.ivr.actions import (
    AskCallback,
    EnterQueue,
    RecordScore,
    RecordVoicemail,
    RequestHttp,
    SetLanguage,
    TransferTo,
)
from cti.ivr.asking import ask, miss
from cti.ivr.compose import clean, fill, read_out, words_to_pieces
from cti.ivr.conditions import Known
from cti.ivr.digits import OneKey, Row
from cti.ivr.http import MAX_ANSWER, body_of, taken, url_of
from cti.ivr.inputs import (
    CallbackDone,
    HttpDone,
    HttpFailed,
    Left,
    QueueLeft,
    TimedOut,
    TransferFailed,
    Transferred,
    VoicemailDone,
)
from cti.ivr.prompts import Prompt
from cti.ivr.run import Asked, Question, Run, Way, ends
from cti.ivr.steps import (
    LANGUAGE,
    Callback,
    Check,
    Collect,
    Goto,
    Hangup,
    Hours,
    Http,
    Menu,
    Notice,
    Play,
    Queue,
    Say,
    SayHours,
    Set,
    Step,
    Survey,
    Transfer,
    Voicemail,
)
from cti.ivr.transitions import State
from cti.ivr.values import read_language


def perform(run: Run, step: Step) -> Way | None:
    """Does what the step says; where it goes on, or None while it waits."""
    return _VERBS[type(step)](run, step)


def _play(run: Run, step: Play) -> Way | None:
    return run.tell(run.compose(step.play), Way(step.then, "the prompt has been played", ("then",)))


def _say(run: Run, step: Say) -> Way | None:
    call = run.seen()
    text = fill(step.say.template, call)
    pieces = read_out(step.say.how, text, run.language, call.now.date())
    return run.tell(pieces, Way(step.then, f"the {step.say.how} has been said", ("then",)))


def _say_hours(run: Run, step: SayHours) -> Way | None:
    hours, surroundings = step.say_hours, run.surroundings
    words = say.opening_hours(
        surroundings.hours_of_day(hours, run.now),
        surroundings.next_opening(hours, run.now),
        run.now,
        run.language,
        is_open=surroundings.is_open(hours, run.now),
    )
    told = Way(step.then, f"the hours of {hours} have been said", ("then",))
    return run.tell(words_to_pieces(words, run.language), told)


def _notice(run: Run, step: Notice) -> Way | None:
    notice = run.surroundings.notice(step.notice, run.now)
    if notice is None:
        return Way(step.then, "no notice is up", ("then",))
    return run.tell(run.compose(notice), Way(step.then, "the notice has been played", ("then",)))


def _menu(run: Run, step: Menu) -> Way | None:
    def accept(key: str) -> Way:
        return Way(step.keys[key], f"the caller pressed {key}", ("keys", key))

    return ask(
        run,
        Question(
            step.menu,
            OneKey("".join(step.keys)),
            step.wait,
            step.retries,
            step.invalid or phrases.WRONG_KEY,
            accept,
            lambda why: Way(step.otherwise, why, ("otherwise",)),
            barge_in=step.barge_in,
            ahead=step.barge_in,
        ),
    )


def _collect(run: Run, step: Collect) -> Way | None:
    def accept(digits: str) -> Way | None:
        run.variables[step.into] = digits
        keyed = Way(step.then, f"the caller keyed {len(digits)} digits", ("then",))
        if step.confirm is None:
            return keyed
        return ask(run, _confirmation(run, step, step.confirm, question, keyed), run.asked.misses)

    question = Question(
        step.collect,
        Row(step.digits.least, step.digits.most, step.end),
        step.wait,
        step.retries,
        step.invalid or phrases.WRONG_ENTRY,
        accept,
        lambda why: Way(step.otherwise, why, ("otherwise",)),
    )
    return ask(run, question)


def _confirmation(run: Run, step: Collect, confirm: Prompt, question: Question, confirmed: Way) -> Question:
    """Asks whether the digits are right: 1 is yes, 2 asks for them once more; failures count together."""

    def accept(key: str) -> Way | None:
        if key == "1":
            return confirmed
        run.variables.pop(step.into)
        again = run.ask(Asked(question, run.asked.misses))
        return miss(run, again, "the caller took it back", wrong=False)

    def give_up(why: str) -> Way:
        run.variables.pop(step.into)
        return question.give_up(why)

    reader = OneKey("12")
    return Question(confirm, reader, step.wait, step.retries, phrases.WRONG_KEY, accept, give_up, ahead=False)


def _survey(run: Run, step: Survey) -> Way | None:
    def on(why: str) -> Way:
        return _after(step.then, why, "survey")

    def accept(key: str) -> Way:
        run.variables[step.into] = key
        run.do(RecordScore(step.into, int(key)))
        return on(f"the caller gave {key}")

    return ask(
        run,
        Question(step.survey, OneKey(step.keys), step.wait, step.retries, phrases.WRONG_KEY, accept, on, ahead=False),
    )


def _hours(run: Run, step: Hours) -> Way:
    if run.surroundings.is_open(step.hours, run.now):
        return Way(step.open, f"{step.hours} is open", ("open",))
    return Way(step.closed, f"{step.hours} is closed", ("closed",))


def _check(run: Run, step: Check) -> Way:
    facts = run.facts
    known = Known(
        facts.calls_today,
        facts.calls_in_7_days,
        facts.place,
        run.language,
        run.variables,
        run.surroundings.in_list,
    )
    if step.check.holds(known):
        return Way(step.then, f"{step.check}: it is so", ("then",))
    return Way(step.else_, f"{step.check}: it is not so", ("else",))


def _set(run: Run, step: Set) -> Way:
    call = run.seen()
    for name, template in step.set.items():
        if name == LANGUAGE:
            run.language = read_language(template.source)
            run.do(SetLanguage(run.language))
        else:
            run.variables[name] = clean(fill(template, call))
    return Way(step.then, f"{', '.join(step.set)} has been set", ("then",))


def _http(run: Run, step: Http) -> Way | None:
    def otherwise(why: str) -> Way:
        return Way(step.otherwise, why, ("otherwise",))

    def answer(event: HttpDone | HttpFailed | TimedOut) -> Way:
        if isinstance(event, TimedOut):
            return otherwise("the web server did not answer in time")
        if isinstance(event, HttpFailed):
            return otherwise(f"the web server failed: {event.why}")
        found = taken(step.http, event.answer)
        if isinstance(found, str):
            return otherwise(f"the web server's answer has no {found}")
        run.variables.update(found)
        return Way(step.then, "the web server answered", ("then",))

    call = run.seen()
    url = url_of(step.http, call)
    if url is None:
        return otherwise("the URL would be too long")
    deadline = run.now + timedelta(seconds=step.http.within)
    wait = run.waits(State.FETCHING, answer, deadline)
    run.do(RequestHttp(wait, step.http.method, url, body_of(step.http, call), deadline, MAX_ANSWER))
    return None


def _goto(run: Run, step: Goto) -> Way:
    return Way(step.goto, "it goes on there", ("goto",))


def _queue(run: Run, step: Queue) -> None:
    def left(event: QueueLeft) -> Way | None:
        why = f"queue {step.queue}: {event.how}" + (f", {event.why}" if event.why else "")
        if event.how in (Left.ANSWERED, Left.MOVED):
            return Way("", why, ("queue",), handed_over=True)
        if step.then is None and event.how is Left.GIVEN_BACK:
            return _not_connected(run, why, "queue")
        return _after(step.then, why, "queue")

    run.ahead.forget()
    run.exits = {
        key: Way(target, f"the caller pressed {key} while waiting", ("keys", key)) for key, target in step.keys.items()
    }
    run.do(EnterQueue(run.waits(State.QUEUED, left), QueueId(step.queue), step.survey, "".join(step.keys)))


def _voicemail(run: Run, step: Voicemail) -> None:
    def recorded(event: VoicemailDone) -> Way:
        return _after(step.then, "a message was left" if event.left else "no message was left", "voicemail")

    run.ahead.forget()
    run.do(RecordVoicemail(run.waits(State.RECORDING, recorded), QueueId(step.voicemail)))


def _callback(run: Run, step: Callback) -> None:
    def promised(event: CallbackDone) -> Way:
        return _after(step.then, "a call back was promised" if event.agreed else "no call back was wanted", "callback")

    run.ahead.forget()
    run.do(AskCallback(run.waits(State.PROMISING, promised), QueueId(step.callback)))


def _transfer(run: Run, step: Transfer) -> None:
    def tried(event: Transferred | TransferFailed) -> Way | None:
        if isinstance(event, Transferred):
            return Way("", f"{step.transfer} has answered", ("transfer",), handed_over=True)
        why = f"{step.transfer} did not take the call: {event.why}"
        return _not_connected(run, why, "transfer") if step.then is None else Way(step.then, why, ("then",))

    run.ahead.forget()
    run.do(TransferTo(run.waits(State.TRANSFERRING, tried), step.transfer))


def _after(then: str | None, why: str, verb: str) -> Way:
    """To the next step, or to the end of the call where the file gives none."""
    return ends(why, verb) if then is None else Way(then, why, ("then",))


def _not_connected(run: Run, why: str, verb: str) -> Way | None:
    run.note(why, verb)
    return excuse(run, phrases.NOT_CONNECTED)


def excuse(run: Run, phrase: Prompt) -> Way | None:
    """Says why the call ends, and ends it."""
    return run.tell(run.compose(phrase), ends("an excuse has been said"))


def _hangup(run: Run, step: Hangup) -> Way:
    return ends("the flow ends here", "hangup", cause=step.hangup)


_VERBS: Final[dict[type[Step], Callable[[Run, Any], Way | None]]] = {
    Play: _play,
    Say: _say,
    Menu: _menu,
    Collect: _collect,
    Hours: _hours,
    SayHours: _say_hours,
    Notice: _notice,
    Queue: _queue,
    Voicemail: _voicemail,
    Callback: _callback,
    Transfer: _transfer,
    Survey: _survey,
    Set: _set,
    Check: _check,
    Http: _http,
    Goto: _goto,
    Hangup: _hangup,
}
