"""Where everything of a configuration stands in its files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cti.config.findings import Place
from cti.config.yamlfile import Document, Key

SECTIONS: Final = {
    "hotlines": "hotlines.yaml",
    "hours": "hours.yaml",
    "skills": "skills.yaml",
    "groups": "skills.yaml",
    "agents": "agents.yaml",
    "defaults": "agents.yaml",
    "queues": "queues.yaml",
    "rules": "queues.yaml",
    "escalation": "escalation.yaml",
    "lists": "callers.yaml",
    "region": "callers.yaml",
}
"""The first keys of the files in routing/, and the file of each."""

FLOWS: Final = "flows"
"""In place of a section: the flows, by their names."""


@dataclass(frozen=True, slots=True)
class Places:
    """The documents that were read, to be asked for the place of a value."""

    routing: Path
    flows: Path
    files: Mapping[str, Document]
    """Of routing/, by the file's name."""
    flow_files: Mapping[str, Document]
    """Of ivr_flows/, by the flow's name."""

    def where(self, section: str, *path: Key, of_key: bool = False) -> Place:
        """The place of a value, or of its key: where("queues", "service", "strategy"), where("escalation", 0, "to").

        The first word is the first key of a file in routing/, or "flows", followed by the flow's name:
        where("flows", "service", "steps", "menu"). What is not in the file gets the place of what it belongs to.
        """
        if section == FLOWS:
            name, below = str(path[0]), path[1:]
            document = self.flow_files.get(name)
            return document.place(below, of_key=of_key) if document else Place(str(self.flows / f"{name}.yaml"))
        file = SECTIONS[section]
        document = self.files.get(file)
        return document.place((section, *path), of_key=of_key) if document else Place(str(self.routing / file))

    def text(self, section: str, *path: Key) -> str:
        """A value as it stands in its file, where it is text; else nothing."""
        document = self.flow_files.get(str(path[0])) if section == FLOWS else self.files.get(SECTIONS[section])
        value = document.data if document else None
        for step in path[1:] if section == FLOWS else (section, *path):
            if isinstance(value, dict):
                value = value.get(str(step))
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return ""
        return value if isinstance(value, str) else ""


def at_part(place: Place, part: str, text: str = "") -> Place:
    """The place of a part of the value that stands at `place`: of its last occurrence in `text`, where one is given.

    Unchanged where the part is not in that line, as it may be in a text of several lines.
    """
    line = place.shown_line or ""
    begin = line.find(text or part, place.column - 1)
    return place if begin < 0 else place.moved(begin + text.rfind(part) * bool(text) - place.column + 1)
