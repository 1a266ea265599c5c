"""routing/skills.yaml: what agents can do, and the groups that they sit in."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from cti.config.fields import Name, ShownName
from cti.config.model import Strict


def _form(value: Any) -> str:
    return "<list>" if isinstance(value, list | tuple) else "<mapping>"


Named = Annotated[
    Annotated[dict[Name, ShownName], Tag("<mapping>")] | Annotated[tuple[Name, ...], Tag("<list>")],
    Discriminator(_form),
]
"""Names with what people see in their place, or a plain list of names that are shown as they are."""


class Skills(Strict):
    """The whole file."""

    skills: Named = {}
    groups: Named = {}

    def shown_skills(self) -> Mapping[str, str]:
        """Every skill and what people see."""
        return _shown(self.skills)

    def shown_groups(self) -> Mapping[str, str]:
        """Every skill group and what people see."""
        return _shown(self.groups)


def _shown(named: dict[str, str] | tuple[str, ...]) -> Mapping[str, str]:
    return named if isinstance(named, dict) else {name: name for name in named}
