"""Watching a mailing while it goes: one look a second at most, shared by all who watch.

1. The first watcher of a mailing has it looked at, once a second; the last one to leave ends that.
2. Each watcher hears what is new. Where nothing is, a heartbeat keeps proxies from closing the
   line, and tells whether anybody still listens.
3. A line ends by itself after `LINE_S`, and the browser asks again: then session and role are
   looked at anew. Of more than `LINES` the oldest ends at once. When the pages end, `close` ends
   them all.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable
from typing import Any

from fastapi.concurrency import run_in_threadpool

EVERY_S = 1.0
HEARTBEAT_S = 15.0
LINE_S = 300.0
LINES = 500

Look = Callable[[], Any]


class Live:
    """Who watches what, in this process."""

    def __init__(
        self, *, heartbeat_s: float = HEARTBEAT_S, line_s: float = LINE_S, lines: int = LINES
    ) -> None:
        self._heartbeat_s = heartbeat_s
        self._line_s = line_s
        self._lines = lines
        self._open: deque[asyncio.Queue[Any]] = deque()
        self._watched: dict[Hashable, _Watched] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def watch(self, key: Hashable, look: Look) -> AsyncIterator[Any]:
        """What `look` sees of `key`, now and whenever it is something else; None is a heartbeat.

        `look` runs on another thread. Of several watchers the first one's is used for all.
        """
        if self._closed:
            return
        self._loop = asyncio.get_running_loop()
        watched = self._watched.get(key)
        if watched is None:
            watched = self._watched[key] = _Watched(look)
        if len(self._open) >= self._lines:
            self._open.popleft().put_nowait(_END)
        watcher = watched.join()
        self._open.append(watcher)
        ends_at = time.monotonic() + self._line_s
        try:
            while not self._closed and (left := ends_at - time.monotonic()) > 0:
                try:
                    seen = await asyncio.wait_for(watcher.get(), min(left, self._heartbeat_s))
                except TimeoutError:
                    yield None
                    continue
                if seen is _END:
                    return
                yield seen
        finally:
            if watcher in self._open:
                self._open.remove(watcher)
            if watched.leave(watcher) and self._watched.get(key) is watched:
                del self._watched[key]

    def close(self) -> None:
        """End all lines; called from any thread."""
        self._closed = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_all)

    def _end_all(self) -> None:
        for watched in list(self._watched.values()):
            watched.tell(_END)


_END = object()


class _Watched:
    """One mailing, and who listens."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._watchers: list[asyncio.Queue[Any]] = []
        self._latest: Any = None
        self._task: asyncio.Task[None] | None = None

    def join(self) -> "asyncio.Queue[Any]":
        watcher: asyncio.Queue[Any] = asyncio.Queue()
        self._watchers.append(watcher)
        if self._latest is not None:
            watcher.put_nowait(self._latest)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._keep_looking())
        return watcher

    def leave(self, watcher: "asyncio.Queue[Any]") -> bool:
        """True where it was the last one."""
        self._watchers.remove(watcher)
        if not self._watchers and self._task is not None:
            self._task.cancel()
            return True
        return False

    def tell(self, seen: Any) -> None:
        for watcher in self._watchers:
            # Somebody slow hears the newest, not all that was before it; and the end, if it came.
            before: Any = None
            while not watcher.empty():
                before = watcher.get_nowait()
            watcher.put_nowait(_END if before is _END else seen)

    async def _keep_looking(self) -> None:
        try:
            while True:
                began = time.monotonic()
                seen = await run_in_threadpool(self._look)
                if seen != self._latest:
                    self._latest = seen
                    self.tell(seen)
                took = time.monotonic() - began
                # What takes long is not done all the time.
                await asyncio.sleep(max(EVERY_S, 10 * took) - took)
        except Exception:
            # The lines end, and the browsers ask again; where it is a bug, the page says so.
            self.tell(_END)
            raise
