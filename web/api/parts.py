"""What the parts of the API share: cursors, validators of answers (ETag, 304), problems as they are documented."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.routing import APIRoute

from web import tokens
from web.api.shapes import Problem
from web.rates import Limited

Cursor = Annotated[
    str | None, Query(max_length=200, description="`next` of the page before; without it the first page.")
]
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Identity = Annotated[str, Query(max_length=40)]


class Validated(APIRoute):
    """Answers GET with an ETag of its bytes, and with 304 to who has them already."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def validated(request: Request) -> Response:
            response = await handler(request)
            if request.method != "GET" or response.status_code != 200:
                return response
            tag = f'W/"{hashlib.sha256(bytes(response.body)).hexdigest()[:24]}"'
            known = [one.strip() for one in request.headers.get("If-None-Match", "").split(",")]
            headers = {"ETag": tag, "Cache-Control": "no-cache"}
            if tag in known or "*" in known:
                return Response(status_code=304, headers=headers)
            response.headers.update(headers)
            return response

        return validated


def part(name: str, *, needs_token: bool = False) -> APIRouter:
    """A router of the API; what each of its endpoints may answer beside its own is documented here."""
    may = (400, 401, 404, 422, 429, 503) if needs_token else (400, 404, 422, 429, 503)
    return APIRouter(
        prefix=f"/api/v1/{name}",
        tags=[name],
        route_class=Validated,
        dependencies=[Limited, *([tokens.Needed] if needs_token else [])],
        responses={304: {"description": UNCHANGED}, **problems(*may)},
    )


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problems as OpenAPI wants them said."""
    schema = Problem.model_json_schema()
    return {
        status: {
            "description": SAYS[status],
            "content": {"application/problem+json": {"schema": schema}},
        }
        for status in statuses
    }


UNCHANGED = "What you have is what there is (If-None-Match)."
SAYS = {
    400: "The request can't be meant as it is.",
    401: "A token is needed (Authorization: Bearer …).",
    404: "There is nothing of this name.",
    422: "A parameter is not what it has to be.",
    429: "Too many requests; Retry-After says when.",
    503: "The service needs its operator.",
}
