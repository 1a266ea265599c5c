"""What the server itself says in queues, before messages and about calls back.

They are flows, so that one interpreter does it all. Their names begin with a colon, which no file's name may.
"""

from functools import cache
from typing import Any, Final

from cti.ivr.prompts import Prompt, Speech, static_pieces
from cti.ivr.steps import Flow
from cti.ivr.values import Language

MESSAGE: Final = ":message"
"""Asks for a message; recording begins when the flow is over."""

CALLBACK: Final = ":callback"
"""Asks for the number to call back: the variable `callback_number`, empty when the caller does not want it."""

CALLBACK_WITHHELD: Final = ":callback_withheld"
"""The same, of a caller without a number."""

NUMBER: Final = "callback_number"


def _both(mandarin: str, english: str) -> dict[str, str]:
    return {"zh-CN": mandarin, "en": english}


_OTHER: Final[dict[str, Any]] = {
    "collect": _both("请输入回电号码，以井号键结束。", "Please enter your number, then press the hash key."),
    "into": NUMBER,
    "digits": "5-15",
    "end": "#",
    "confirm": _both(
        "您输入的号码是{callback_number}。确认请按1，重新输入请按2。",
        "Your number is {callback_number}. Press 1 if it is right, 2 to enter it again.",
    ),
    "then": "thanks",
    "otherwise": "no",
}
_ENDS: Final[dict[str, Any]] = {
    "no": {"set": {NUMBER: ""}, "then": "hangup"},
    "thanks": {
        "play": _both("好的，我们会尽快给您回电。", "We will call you back as soon as we can."),
        "then": "hangup",
    },
}

_FLOWS: Final[dict[str, dict[str, Any]]] = {
    MESSAGE: {
        "start": "ask",
        "steps": {
            "ask": {
                "play": _both(
                    "请在提示音后留言，留言结束请按井号键或挂机。",
                    "Please leave a message after the tone. Press the hash key or hang up when you have finished.",
                ),
                "then": "hangup",
            }
        },
    },
    CALLBACK: {
        "start": "ask",
        "steps": {
            "ask": {
                "menu": _both(
                    "回电到您现在的号码请按1，其他号码请按2。",
                    "To be called back at the number that you are calling from, press 1; at another number, press 2.",
                ),
                "keys": {"1": "this", "2": "other"},
                "retries": 1,
                "otherwise": "no",
            },
            "this": {"set": {NUMBER: "{caller.number}"}, "then": "thanks"},
            "other": _OTHER,
            **_ENDS,
        },
    },
    CALLBACK_WITHHELD: {"start": "other", "steps": {"other": _OTHER, **_ENDS}},
}

POSITION: Final = Prompt.of("您当前排在第{position}位。")
POSITION_EN: Final = Prompt.of("You are number {position} in the queue.")
WAIT: Final = Prompt.of("预计等待{wait_minutes}。")
WAIT_EN: Final = Prompt.of("We expect to answer in about {wait_minutes}.")
OFFER: Final = Prompt.of("如果您不想继续等待，请按星号键预约回电，我们会按您的排队顺序给您回电。")
OFFER_EN: Final = Prompt.of("If you do not want to wait, press star, and we will call you back in your turn.")

CALLBACK_KEY: Final = "*"


@cache
def flows() -> dict[str, Flow]:
    """Every dialogue by its name."""
    return {name: Flow.model_validate({"flow": name.removeprefix(":"), **flow}) for name, flow in _FLOWS.items()}


def announcement(language: Language, *, wait: bool, callback: bool) -> tuple[Prompt, ...]:
    """What a waiting caller is told."""
    english = language == "en"
    if callback:
        return (OFFER_EN if english else OFFER,)
    position = POSITION_EN if english else POSITION
    return (position, WAIT_EN if english else WAIT) if wait else (position,)


def texts() -> list[Speech]:
    """Every static piece of these, to be rendered ahead."""
    prompts = [POSITION, POSITION_EN, WAIT, WAIT_EN, OFFER, OFFER_EN]
    prompts += [use.prompt for flow in flows().values() for step in flow.steps.values() for use in step.prompts()]
    return [piece for prompt in prompts for piece in static_pieces(prompt) if isinstance(piece, Speech)]
