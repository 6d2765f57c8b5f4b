"""The operator's sources: how each of them is, switching one on and off, looking at one now, and adding one with what it
finds shown before it is saved."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from crawler.sources import catalogue, desk
from crawler.sources.caching import shared_cache
from crawler.sources.schema import MatchRules, Source
from store import agenda, places
from store import models as rows
from store.conditions import Condition, conditions
from store.errors import UsageError, YaodianError
from web.children import asked
from web.look import page
from web.sessions import SignedIn
from web.terms import Given, Terms

router = APIRouter()

Text = Annotated[str, Form(max_length=20_000)]
Id = Annotated[str, Form(pattern=r"^[a-z0-9-]{1,64}$")]
NOTHING: dict[str, Any] = {"entries": [], "documents": [], "notes": []}


@dataclass(frozen=True, slots=True)
class Line:
    """A source as its file has it, and how it fares; `run` is its last crawl."""

    source: Source
    condition: Condition | None
    run: rows.Run | None


@router.get("/operator/sources")
def sources(request: Request, terms: Given, operator: SignedIn) -> Response:
    found = _files(terms)
    with terms.database.read() as session:
        known, runs = conditions(session), places.last_runs(session)
        lines = [Line(s, known.get(s.id), runs.get(s.id)) for s in found.sources.values()]
        # What needs somebody comes first, then what is crawled, then the rest of the catalogue.
        lines.sort(
            key=lambda line: (not _is_ill(line), not line.source.enabled, line.source.region, line.source.id)
        )
        return page(request, "operator_sources.html.j2", operator=operator, lines=lines, errors=found.errors)


def _is_ill(line: Line) -> bool:
    return line.condition is not None and line.condition.state in ("degraded", "blocked", "broken")


@router.post("/operator/sources/switch")
def switch(terms: Given, operator: SignedIn, id: Id, enabled: Annotated[bool, Form()]) -> Response:
    desk.change(_own(terms), id, enabled=enabled)
    return RedirectResponse("/operator/sources", 303)


@router.post("/operator/sources/hurry")
def hurry(terms: Given, operator: SignedIn, id: Id) -> Response:
    with terms.database.write() as session:
        agenda.hurry(session, id, terms.clock())
    return RedirectResponse(f"/operator/sources/{id}", 303)


@router.get("/operator/sources/new")
def new(request: Request, operator: SignedIn, url: Annotated[str, Query(max_length=2000)] = "") -> Response:
    """Show the form, with an address filled in. Nothing is fetched: any site can lead an operator's browser here."""
    return _shown(request, operator, url, "", NOTHING)


@router.post("/operator/sources/new")
def detect(
    request: Request, terms: Given, operator: SignedIn, url: Annotated[str, Form(max_length=2000)]
) -> Response:
    """Show what is found at an address, as a file that can be changed."""
    if not url.strip().startswith(("http://", "https://")):
        return _shown(request, operator, url, "", NOTHING, "写出完整的地址，以 http:// 或 https:// 开头")
    try:
        found = asked(terms, "sources", "detect", url.strip())
    except UsageError as error:
        return _shown(request, operator, url, "", NOTHING, str(error))
    return _shown(request, operator, url, desk.as_text(found["source"]), found)


@router.post("/operator/sources/try")
def try_(request: Request, terms: Given, operator: SignedIn, text: Text, url: Text = "") -> Response:
    """What the changed file finds."""
    try:
        found = _tried(terms, text)
    except YaodianError as error:
        return _shown(request, operator, url, text, NOTHING, str(error))
    return _shown(request, operator, url, text, found)


@router.post("/operator/sources")
def save(request: Request, terms: Given, operator: SignedIn, text: Text, url: Text = "") -> Response:
    try:
        _, source = desk.write(_own(terms), text)
    except YaodianError as error:
        return _shown(request, operator, url, text, NOTHING, str(error))
    return RedirectResponse(f"/operator/sources/{source.id}", 303)


@router.get("/operator/sources/{id}")
def source(request: Request, terms: Given, operator: SignedIn, id: str) -> Response:
    """One source: its file, how it fares and why, and its crawl as it goes on."""
    found = _files(terms).sources.get(id)
    if found is None:
        raise UsageError(f"no source {id!r}; /operator/sources lists them all")
    with terms.database.read() as session:
        runs = places.runs(session, id)
        return page(
            request,
            "operator_source.html.j2",
            operator=operator,
            source=found,
            text=desk.as_text(found.model_dump(mode="json", exclude_defaults=True)),
            condition=conditions(session).get(id),
            runs=runs,
            is_running=bool(runs) and places.goes_on(runs[0], terms.clock()),
            signs=places.signs(session, id),
        )


def _own(terms: Terms) -> Path:
    return terms.data / "sources"


def _files(terms: Terms) -> catalogue.Catalogue:
    return shared_cache(catalogue.bundled(), _own(terms)).load()


def _tried(terms: Terms, text: str) -> dict[str, Any]:
    source = catalogue.parse(text, "this file", None)
    with tempfile.TemporaryDirectory(prefix="yaodian-source-") as folder:
        path = Path(folder) / f"{source.id}.yaml"
        path.write_text(text, encoding="utf-8")
        return asked(terms, "sources", "try", str(path))


def _rules(text: str) -> MatchRules:
    """Which entries the file takes for plans; the usual ones while it is none."""
    try:
        return catalogue.parse(text, "this file", None).match
    except YaodianError:
        return MatchRules()


def _shown(
    request: Request, operator: str, url: str, text: str, found: dict[str, Any], error: str = ""
) -> Response:
    rules = _rules(text)
    return page(
        request,
        "operator_new.html.j2",
        status=422 if error else 200,
        operator=operator,
        url=url,
        text=text,
        found=found,
        plans={entry["url"] for entry in found["entries"] if rules.takes(entry["title"])},
        error=error,
    )
