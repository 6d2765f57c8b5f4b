"""Count failed attempts by client, in this process; a restart forgets them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class Failures:
    """The moments of the last failures of each client: at most `most` within `within_s` seconds are allowed."""

    MOST_CLIENTS = 100_000

    def __init__(self, most: int, within_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.within_s = within_s
        self._clock = clock
        self._moments: dict[str, deque[float]] = {}

    def wait_s(self, client: str) -> float:
        """Return the seconds until the client may try again; 0 when it may now."""
        moments = self._moments.get(client)
        if moments is None or len(moments) < self.most:
            return 0.0
        return max(0.0, moments[0] + self.within_s - self._clock())

    def add(self, client: str) -> None:
        """Note a failure of the client."""
        moments = self._moments.pop(client, None) or deque(maxlen=self.most)
        moments.append(self._clock())
        # The client that failed last stands last, so that the one that is forgotten is the one that failed long ago.
        self._moments[client] = moments
        if len(self._moments) > self.MOST_CLIENTS:
            self._moments.pop(next(iter(self._moments)))

    def forget(self, client: str) -> None:
        """Forget the failures of a client that has succeeded."""
        self._moments.pop(client, None)
