"""Typed identifiers: strings that are not interchangeable."""

from typing import NewType

CallId = NewType("CallId", str)
"""The customer's whole interaction, from the first leg to wrap-up."""

LegId = NewType("LegId", str)
"""One channel of the switch (FreeSWITCH ``Unique-ID``)."""

AgentId = NewType("AgentId", str)
"""A person who takes calls; the key in routing/agents.yaml."""

NodeName = NewType("NodeName", str)
"""One softswitch, by its key under ``esl.nodes`` in config/cti.yaml."""
