"""What went wrong, said to programs as problem+json (RFC 9457) and to people as a page."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from notify.request_limits import TooManyRequests
from store.errors import BadLink, OperatorError, UsageError, WrongUse, YaodianError
from web.hashing import Busy
from web.look import page
from web.sessions import NotSignedIn, TooManyAttempts
from web.tokens import NoToken

PROGRAMS = ("/api/", "/feeds/", "/timegate/", "/timemap/", "/memento/", "/healthz", "/metrics")
STATUS = {WrongUse: 400, UsageError: 404, BadLink: 410}


def install(app: FastAPI) -> None:
    app.add_exception_handler(YaodianError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


def answer(request: Request, status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """The problem in the form that the asker reads."""
    if request.url.path.startswith(PROGRAMS):
        problem = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
        }
        return JSONResponse(problem, status, headers, media_type="application/problem+json")
    return page(
        request,
        "problem.html.j2",
        status=status,
        headers=headers,
        code=status,
        detail=detail,
    )


def _ours(request: Request, error: Exception) -> Response:
    if isinstance(error, NotSignedIn):
        return RedirectResponse(error.address, 303)
    if isinstance(error, TooManyAttempts | TooManyRequests):
        return answer(request, 429, str(error), {"Retry-After": str(error.retry_after_s)})
    if isinstance(error, Busy):
        return answer(request, 503, str(error), {"Retry-After": "5"})
    if isinstance(error, NoToken):
        headers = {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}
        return answer(request, 401, str(error), headers)
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    if isinstance(error, OperatorError):
        # What the operator must mend is in the log; a reader learns only that it is not his doing.
        return answer(request, 503, "the service needs its operator; try again later", {"Retry-After": "120"})
    return answer(request, status, str(error))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return answer(request, error.status_code, error.detail, dict(error.headers or {}))


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:])
    return answer(request, 422, f"{place}: {first['msg']}")
