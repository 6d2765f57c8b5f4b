"""Between Scrapy and the flow: responses as captures, failures as words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from scrapy import exceptions as net
from scrapy.http import Response
from twisted.python.failure import Failure

from store.flow import Capture
from store.said import said

TOO_LARGE = said("the answer is larger than what is fetched")
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (net.CannotResolveHostError, said("the name is not found, or stands for no public address")),
    (net.DownloadConnectionRefusedError, said("the connection is refused")),
    (net.DownloadTimeoutError, said("no answer in time")),
    (net.DownloadCancelledError, TOO_LARGE),
    (net.DownloadFailedError, said("the connection broke off")),
    (net.ResponseDataLossError, said("the connection broke off")),
)
# Scrapy's own words.
_REFUSALS = {
    "Forbidden by robots.txt": said("robots.txt forbids it"),
    "max redirections reached": said("it is redirected without end"),
}


def capture_of(response: Response, clock: Callable[[], dt.datetime]) -> Capture:
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values or ()
    )
    return Capture(response.url, response.status, headers, response.body, clock())


def plainly(failure: Failure) -> str:
    """A failure in a few words."""
    return in_words(failure.value)


def in_words(error: BaseException | None) -> str:
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    if isinstance(error, net.IgnoreRequest) and "DOWNLOAD_MAXSIZE" in str(error):
        return TOO_LARGE  # what unpacks to more is told by no class of its own
    if isinstance(error, net.IgnoreRequest) and str(error) in _REFUSALS:
        return _REFUSALS[str(error)]
    return " ".join(str(error).split()) or type(error).__name__
