"""Sentences that the server says of its own where a flow gives none."""

from typing import Final

from cti.ivr.prompts import Prompt, Template, Variant


def _both(mandarin: str, english: str) -> Prompt:
    return Prompt(
        (
            Variant("zh-CN", Template(mandarin, (mandarin,))),
            Variant("en", Template(english, (english,))),
        )
    )


WRONG_KEY: Final = _both("没有这个选项，请重新选择。", "That is not one of the choices.")
"""After a key that a menu does not have."""

WRONG_ENTRY: Final = _both("输入有误，请重新输入。", "That entry is not valid.")
"""After too few digits, or a key that is none."""

NOT_CONNECTED: Final = _both(
    "抱歉，现在无法为您接通，请稍后再拨。再见。",
    "We are sorry that we cannot connect you now. Please call again later. Goodbye.",
)
"""Before hanging up, where a queue or an outside number did not take the call and the flow does not say what then."""

ENOUGH: Final = _both(
    "抱歉，本次操作次数过多，请稍后再拨。再见。",
    "We are sorry, this call has gone on for too long. Please call again later. Goodbye.",
)
"""Before hanging up, where a call has gone through more steps than any caller needs."""

ALL: Final = (WRONG_KEY, WRONG_ENTRY, NOT_CONNECTED, ENOUGH)
"""To be rendered ahead."""
