"""The room on the disk of the recordings, and whether somebody still writes a file there."""

import errno
import fcntl
import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MEGABYTE: Final = 1_000_000

SETTLED: Final = 0.3
"""Seconds without a write after which a file that nobody has open is complete."""
QUIET: Final = 5.0
"""The same where nobody can say whether it is open: switches write at least every two seconds."""
FORGOTTEN: Final = 60.0
"""The same where it is said to be open: NFS says so always."""


@dataclass(frozen=True, slots=True)
class Space:
    """Room on a disk, in bytes."""

    free: int
    """For us; what is reserved for root is not in it."""
    total: int


def space(folder: Path) -> Space:
    """The room on the disk of a folder, which need not be there yet. Raises OSError."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return Space(usage.free, usage.total)


def is_being_written(path: Path, now: float, settled: float = SETTLED) -> bool:
    """Whether a switch still writes the file; `now` is seconds since 1970, as files have it.

    On this machine the kernel knows who has it open for writing: it then refuses a lease (fcntl(2), F_SETLEASE).
    Elsewhere, and for files of other users, silence has to do. Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        quiet = now - os.fstat(descriptor).st_mtime
        if quiet < 0:
            return quiet > -FORGOTTEN  # a clock that was set; do not wait for next year
        try:
            # one who opens it this very moment is to wait for us, but not to kill us, as SIGIO would
            fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError as error:
            return quiet < (FORGOTTEN if error.errno == errno.EAGAIN else max(QUIET, settled))
        return quiet < settled
    finally:
        os.close(descriptor)
