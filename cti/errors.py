"""The one error root. Every error says what went wrong, whose matter it is, and what to do."""

from enum import StrEnum
from typing import ClassVar


class Blame(StrEnum):
    """Whose matter an error is: who has to act for it to go away."""

    CALLER = "caller"
    ADMIN = "admin"
    SWITCH = "switch"
    OURS = "ours"


class CtiError(Exception):
    """Root of all errors that this project raises on purpose.

    `remedy` is what a person should do; a class gives the usual one, an instance may know better.
    """

    blame: ClassVar[Blame] = Blame.OURS
    remedy: str = ""

    def __init__(self, what: str, *, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        if remedy is not None:
            self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}. {self.remedy}" if self.remedy else self.what
