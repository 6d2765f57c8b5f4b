"""What an exception raised while one delivery was made means: the isolation between deliveries.

An exception that a channel, an address or a letter causes is the result of that delivery alone. Only a request to
stop (Ctrl-C, cancellation) or an unusable database ends the whole run.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog

from notify import plain
from notify.parcels import Answer, Parcel, Unsendable
from store.errors import Unavailable

LONGEST_SAYING = 300
LONGEST_STATUS = 40
# Of a traceback what stands last tells most.
LONGEST_TRACEBACK = 20_000

T = TypeVar("T")

log = structlog.get_logger("yaodian.delivery")


@dataclass(frozen=True, slots=True)
class Contained:
    """What was raised instead of a result."""

    error: BaseException


async def contain(work: Coroutine[Any, Any, T]) -> T | Contained:
    """Return what some work returns, or raises.

    It runs in a task of its own. So a cancellation that shows up in it, of a library's own future, is told from one that
    is meant for us; and what a library leaves behind in its task harms nobody who comes after.
    """
    task = asyncio.create_task(_catch(work))
    try:
        await asyncio.wait({task})
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    return Contained(asyncio.CancelledError("cancelled by itself")) if task.cancelled() else task.result()


async def _catch(work: Coroutine[Any, Any, T]) -> T | Contained:
    try:
        return await work
    except BaseException as error:
        if not is_contained(error):
            raise
        return Contained(error)


def is_contained(error: BaseException) -> bool:
    """Return True if an exception concerns one delivery only.

    A library that exits the program is contained; so is a panic of a library in Rust, which is no Exception, of a
    class without a module.
    """
    if isinstance(error, BaseExceptionGroup):
        return all(is_contained(one) for one in error.exceptions)
    return isinstance(error, Exception | SystemExit) or type(error).__name__ == "PanicException"


def find_unavailable(error: BaseException) -> Unavailable | None:
    """Return the Unavailable among the exceptions of a group, as a channel with tasks of its own raises it."""
    if isinstance(error, Unavailable):
        return error
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(find_unavailable, error.exceptions)), None)
    return None


def judge(error: BaseException) -> Answer:
    """Return the answer that an exception stands for: refused where another attempt could only end the same, else later."""
    says, fault = describe(error), name_fault(error)
    if isinstance(error, Unsendable):
        return Answer("refused", plain.line(str(error), LONGEST_SAYING), is_bounce=True, fault=fault)
    # An address or a host name that can't be encoded, as IDNA has it. What can't be decoded is somebody's reply.
    if isinstance(error, UnicodeError) and not isinstance(error, UnicodeDecodeError):
        return Answer("refused", f"it can't be written to: {says}", is_bounce=True, fault=fault)
    return Answer("later", says, fault=fault)


def name_fault(error: BaseException) -> str:
    """Return the type of an exception, of a group that of its first, as it is counted."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return plain.line(type(error).__name__, LONGEST_STATUS)


def describe(error: BaseException) -> str:
    """Return type and message on one line, also of an exception that can't be printed."""
    says = " ".join(traceback.format_exception_only(error))
    if isinstance(error, BaseExceptionGroup):
        says = f"{says} {describe(error.exceptions[0])}"
    return plain.line(says, LONGEST_SAYING)


def clean(answer: Answer) -> Answer:
    """Return what a channel answered as it can be kept: its words are a stranger's. Raises TypeError for anything else."""
    if not isinstance(answer, Answer):
        raise TypeError(f"invalid answer of a channel: got {type(answer).__name__}; expected Answer")
    return Answer(
        answer.verdict,
        plain.line(answer.said, LONGEST_SAYING),
        plain.line(answer.status, LONGEST_STATUS),
        answer.is_bounce,
    )


@dataclass
class Report:
    """What is logged of one run: each fault as one event, its traceback where it is the first from that line of code."""

    seen: set[tuple[str, str, str]] = field(default_factory=set)

    def tell(self, event: str, error: BaseException, **about: object) -> None:
        name = name_fault(error)
        said = {"error": name, "says": describe(error), **about}
        key = (event, name, _place(error))
        if isinstance(error, Unsendable) or key in self.seen:
            log.error(event, **said)
            return
        self.seen.add(key)
        text = "".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:]
        log.error(event, **said, exception=text)

    def tell_of(self, parcel: Parcel, error: BaseException, event: str = "delivery failed") -> None:
        self.tell(event, error, channel=parcel.channel, delivery=parcel.id, letter=parcel.kind)


def _place(error: BaseException) -> str:
    """Return the file and line that raised the exception."""
    found = traceback.extract_tb(error.__traceback__, limit=-1)
    return f"{found[-1].filename}:{found[-1].lineno}" if found else ""
