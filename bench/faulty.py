"""Channels that raise the exception which their address names, while they are opened, send, answer or close.

An address is `faulty-STAGE://EXCEPTION/NUMBER`; with the exception `none` the delivery is accepted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from notify import channels
from notify.parcels import Answer, Letter, Parcel
from notify.post import Post
from store.errors import OperatorError, Unavailable, WrongUse

STAGES = ("send", "open", "close", "answer", "provider")
UNAVAILABLE = ("Unavailable", "UnavailableInGroup")
"""What closes a channel for the run; nothing is counted for a delivery."""
REFUSED = ("UnicodeError", "UnicodeEncodeError")
"""What another attempt could only end in again."""


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Custom(Exception):
    """With a message of everything that a row or a log line can't hold."""

    def __init__(self) -> None:
        super().__init__("a\x00b\ud800c\nd\r\ne\u2028f\x1b[31mg" + "x" * 100_000)


class PanicException(BaseException):
    """A panic of a library in Rust."""


def _recurse() -> None:
    _recurse()


async def _cancelled_elsewhere() -> None:
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


async def _fail_in_group(error: Exception) -> None:
    async def fail() -> None:
        raise error

    async with asyncio.TaskGroup() as group:
        group.create_task(fail())
        group.create_task(fail())


def _divide() -> None:
    1 / 0  # noqa: B018 (it is raised by Python itself)


def _raise(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def _chained() -> None:
    try:
        _divide()
    except ZeroDivisionError as error:
        raise LookupError("because of that") from error


FAULTS: dict[str, Callable[[], Any]] = {
    "ZeroDivisionError": _divide,
    "RecursionError": _recurse,
    "Chained": _chained,
    "Cancelled": _cancelled_elsewhere,
    "Group": lambda: _fail_in_group(ValueError("one of a group")),
    "UnavailableInGroup": lambda: _fail_in_group(Unavailable("the channel is away")),
    "Nested": _raise(ExceptionGroup("a", [ExceptionGroup("b", [KeyError("c"), ValueError("d")])])),
    "BaseGroup": _raise(BaseExceptionGroup("a", [PanicException("b"), ValueError("c")])),
    "UnicodeError": _raise(UnicodeError("label empty or too long")),
    "UnicodeEncodeError": lambda: "\ud800".encode(),
    "UnicodeDecodeError": lambda: b"\xff".decode(),
    "GeneratorRaises": lambda: next(iter(())),
    **{
        type(error).__name__: _raise(error)
        for error in (
            ValueError("x"), TypeError("x"), KeyError("x"), IndexError("x"), AttributeError("x"), AssertionError(),
            OSError(28, "No space left on device"), ConnectionResetError("x"), BrokenPipeError(32, "Broken pipe"),
            FileNotFoundError(2, "x", "/nowhere"), TimeoutError(), MemoryError(), NotImplementedError(),
            ImportError("x"), EOFError(), BufferError("x"), ArithmeticError(), StopAsyncIteration(), SyntaxError("x"),
            SystemError("x"), RuntimeError("x"), PanicException("x"), SystemExit(3), Unprintable(), Custom(),
            Unavailable("the channel is away"), OperatorError("x"), WrongUse("x"), Warning("x"), Exception(),
        )
    },
}  # fmt: skip


@dataclass
class Faulty:
    """A channel, and its outlet; `taken` are the deliveries that were handed over, in order."""

    stage: str
    taken: list[int] = field(default_factory=list)

    @property
    def __name__(self) -> str:
        return f"faulty-{self.stage}"

    def fits(self, address: str) -> bool:
        return address.startswith(f"{self.__name__}://")

    def checked(self, address: str, *, allow_private: bool) -> str:
        return address

    def provider(self, address: str) -> str:
        return "faulty"

    def shown(self, address: str) -> str:
        if self.stage == "provider":
            raise ValueError("Invalid IPv6 URL")
        return address

    @asynccontextmanager
    async def opened(self, post: Post) -> AsyncIterator[channels.Outlet]:
        if self.stage == "open":
            _divide()
        yield self
        if self.stage == "close":
            _divide()

    async def send(self, parcel: Parcel, letter: Letter) -> Answer:
        name = parcel.address.split("/")[2]
        if self.stage == "answer":
            return ANSWERS[name]  # type: ignore[return-value]
        if self.stage == "send" and name != "none":
            made = FAULTS[name]()
            if asyncio.iscoroutine(made):
                await made
        self.taken.append(parcel.id)
        return Answer("sent", "taken")


ANSWERS: dict[str, object] = {
    "nothing": None,
    "text": "sent",
    "words": Answer("later", "a\x00b\ud800c\nd" * 1000, "\x00"),
    "bytes": Answer("refused", b"no", "5"),  # type: ignore[arg-type]
    "number": Answer("later", "x", 5),  # type: ignore[arg-type]
}


@contextmanager
def installed() -> Iterator[dict[str, Faulty]]:
    """Install a faulty channel for every stage before the real channels; yield them by stage."""
    made = {stage: Faulty(stage) for stage in STAGES}
    real = channels.every()
    added: dict[str, channels.Channel] = {one.__name__: one for one in made.values()}
    with patch.object(channels, "every", lambda: added | real):
        yield made
