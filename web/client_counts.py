"""Count what each client does, in this process; a restart forgets it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class ClientCounts:
    """The moments at which each client did something: at most `most` times within `within_s` seconds are allowed.

    Not for threads: call it in the event loop. Memory is bounded: 1 KB for each of at most MOST_CLIENTS.
    """

    MOST_CLIENTS = 20_000

    def __init__(self, most: int, within_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.within_s = within_s
        self._clock = clock
        self._moments: dict[str, deque[float]] = {}

    def __len__(self) -> int:
        return len(self._moments)

    def wait_s(self, client: str) -> float:
        """Return the seconds until the client may go on; 0 when it may now."""
        moments = self._moments.get(client)
        if moments is None or len(moments) < self.most:
            return 0.0
        return max(0.0, moments[0] + self.within_s - self._clock())

    def add(self, client: str) -> None:
        """Count one more time, and forget the client that has done nothing for longest when there are too many."""
        moments = self._moments.pop(client, None) or deque(maxlen=self.most)
        moments.append(self._clock())
        self._moments[client] = moments
        if len(self._moments) > self.MOST_CLIENTS:
            self._moments.pop(next(iter(self._moments)))

    def forget(self, client: str) -> None:
        """Forget what a client has done."""
        self._moments.pop(client, None)
