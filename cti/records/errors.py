"""What can be wrong with the records."""

from typing import ClassVar

from cti.errors import Blame, CtiError


class RecordsError(CtiError):
    """Root of this room's errors."""

    blame: ClassVar[Blame] = Blame.ADMIN


class DatabaseAway(RecordsError):
    """The database does not answer, or refuses us."""

    remedy = "Check records.url in the settings, and that the database runs and has room"


class WrongDatabase(RecordsError):
    """The database answers but is not one that we can work with."""
