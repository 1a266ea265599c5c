"""The verbs of a flow, one small class each, and the flow that they make."""

from cti.ivr.steps.asking import Collect, Menu, Survey
from cti.ivr.steps.base import Edge, EdgeKind, Mention, Path, PromptUse, Read, Step, Thing
from cti.ivr.steps.branching import LANGUAGE, Check, Goto, Hours, Http, Request, Set
from cti.ivr.steps.flow import VERBS, AnyStep, Flow
from cti.ivr.steps.leaving import Callback, Cause, Hangup, Queue, Transfer, Voicemail
from cti.ivr.steps.telling import Notice, Play, Say, SayHours, Value

__all__ = [
    "LANGUAGE",
    "VERBS",
    "AnyStep",
    "Callback",
    "Cause",
    "Check",
    "Collect",
    "Edge",
    "EdgeKind",
    "Flow",
    "Goto",
    "Hangup",
    "Hours",
    "Http",
    "Mention",
    "Menu",
    "Notice",
    "Path",
    "Play",
    "PromptUse",
    "Queue",
    "Read",
    "Request",
    "Say",
    "SayHours",
    "Set",
    "Step",
    "Survey",
    "Thing",
    "Transfer",
    "Value",
    "Voicemail",
]
