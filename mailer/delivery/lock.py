"""The sender's lock: on SQLite one process sends, and holds this file locked while it does.

The operating system lets go of the lock when its process ends, however that happens, so that a
successor takes over at once and needs not wait for leases.
"""

import fcntl
import os
from pathlib import Path


class SenderLock:
    """An exclusive lock on a file beside the database."""

    def __init__(self, database_file: Path) -> None:
        self.path = database_file.with_name(database_file.name + ".sender")
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Try once; True where it is ours now."""
        if self._descriptor is not None:
            return True
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
