"""What people should hear of recordings: values, so that a page, a log line or a test can show them."""

from dataclasses import dataclass
from enum import StrEnum

import structlog


class AlarmKind(StrEnum):
    """What is wrong."""

    MISSING = "recording_missing"
    EMPTY = "recording_empty"
    SHORT = "recording_short"
    UNREADABLE = "recording_unreadable"
    ONE_VOICE = "recording_not_stereo"
    NOT_CONVERTED = "recording_not_converted"
    NOT_FINISHED = "recording_not_finished"
    """It could not be worked on and is tried again."""
    NOT_BEGUN = "recording_not_begun"
    DISK_LOW = "recordings_disk_low"
    DISK_FULL = "recordings_disk_full"
    """Nothing more is recorded."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something about recordings that somebody should look at. It never hurts a call."""

    kind: AlarmKind
    what: str
    remedy: str = ""
    recording: str = ""
    """``CALL-N``, where it is about one."""
    call: str = ""
    over: bool = False
    """It is well again (only of the disk)."""


def to_log(alarm: Alarm) -> None:
    """One line in the log."""
    logger = structlog.get_logger()
    of = {"call_id": alarm.call, "recording": alarm.recording} if alarm.recording else {}
    if alarm.over:
        logger.info("recordings well again", alarm=alarm.kind.value, what=alarm.what)
    else:
        logger.error("recordings alarm", alarm=alarm.kind.value, **of, what=alarm.what, remedy=alarm.remedy)
