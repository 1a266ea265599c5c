"""What the calls of one user agent share, and the way to the switch core."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cti.softswitch.sip.address import Address
from cti.softswitch.sip.handler import Handler
from cti.softswitch.sip.transaction import Transactions

if TYPE_CHECKING:
    from cti.softswitch.sip.call import Call

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Line:
    """One user agent, seen by its calls."""

    name: str
    transactions: Transactions
    handler: Handler
    local: Address
    product: str
    calls: dict[tuple[str, str], "Call"] = field(default_factory=dict)
    """By Call-ID and our tag."""
    empty: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever the last call goes."""

    @property
    def contact(self) -> str:
        return f"<sip:mod_sofia@{self.local[0]}:{self.local[1]}>"

    def ask(self, what: Callable[..., Any], *args: object) -> Any:
        """Calls the switch core. Its errors end here: with a line in the log, a count, and None."""
        try:
            return what(*args)
        except Exception:
            self.transactions.counts.failed += 1
            log.exception("%s: the switch core failed in %s", self.name, getattr(what, "__name__", what))
            return None

    def tell(self, what: Callable[..., None], *args: object) -> bool:
        """The same for what gives nothing back; False when it failed."""
        failed = self.transactions.counts.failed
        self.ask(what, *args)
        return self.transactions.counts.failed == failed
