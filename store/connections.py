"""Confine the connections that third-party code opens: to given hosts, and to addresses that may be connected to.

Libraries that connect by themselves (and follow redirects, and read proxies from the environment) are held where every
connection of Python passes: an audit hook (PEP 578) sees each name that is looked up and each address that is connected
to, before that happens. It judges only code within `confined`; all else is free.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from store.internet import may_connect

LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class RefusedConnection(OSError):
    """A connection that must not be opened."""


@dataclass(frozen=True, slots=True)
class Confines:
    """Which hosts may be looked up (None: any), and whether private addresses may be connected to. `refused` says
    what was tried beyond that."""

    hosts: Collection[str] | None
    allow_private: bool
    refused: list[str] = field(default_factory=list)

    def check_lookup(self, host: str) -> None:
        """Raise RefusedConnection if the host is not one of the allowed hosts."""
        if self.hosts is not None and host.lower() not in self.hosts:
            self._refuse(f"{host} is not one of {', '.join(sorted(self.hosts))}")

    def check_connect(self, address: object) -> None:
        """Raise RefusedConnection if the address is no IP address, or one that may not be connected to."""
        host = address[0] if isinstance(address, tuple) and address else address
        try:
            is_allowed = may_connect(str(host), allow_private=self.allow_private)
        except ValueError:
            is_allowed = False
        if not is_allowed:
            self._refuse(f"{host} is no public address")

    def _refuse(self, says: str) -> None:
        self.refused.append(says)
        raise RefusedConnection(says)


_confines: ContextVar[Confines | None] = ContextVar("confines", default=None)


@contextmanager
def confined(hosts: Collection[str] | None, *, allow_private: bool) -> Iterator[Confines]:
    """Hold what this thread does inside of the block to some hosts, and to allowed addresses."""
    _install()
    confines = Confines(hosts, allow_private)
    token = _confines.set(confines)
    try:
        yield confines
    finally:
        _confines.reset(token)


@cache
def _install() -> None:
    """Install the audit hook, once per process: a hook can't be removed."""
    sys.addaudithook(_judge)


def _judge(event: str, args: tuple[Any, ...]) -> None:
    if not event.startswith("socket.") or (confines := _confines.get()) is None:
        return
    if event in LOOKUPS:
        host = args[0]
        confines.check_lookup(host.decode("latin-1") if isinstance(host, bytes) else str(host))
    elif event in CONNECTS and args[-1] is not None:
        confines.check_connect(args[-1])
