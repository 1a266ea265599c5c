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

QueueId = NewType("QueueId", str)
"""A queue, by its key in routing/queues.yaml."""

SkillId = NewType("SkillId", str)
"""Something that an agent can do, by its key in routing/skills.yaml."""

GroupId = NewType("GroupId", str)
"""A skill group, by its key in routing/skills.yaml."""

OfferId = NewType("OfferId", int)
"""One agent reserved for one queued call; never given twice."""
