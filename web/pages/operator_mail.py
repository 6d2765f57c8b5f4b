"""The operator's mail: who is subscribed, what is on its way, and trying again what could not be delivered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from notify import outbox, subscriptions
from web.look import page
from web.sessions import SignedIn
from web.terms import Given

router = APIRouter()

Number = Annotated[int, Form(ge=1, lt=2**31)]
BY_OPERATOR = "paused by the operator"


@router.get("/operator/mail")
def mail(request: Request, terms: Given, operator: SignedIn) -> Response:
    with terms.database.read() as session:
        return page(
            request,
            "operator_mail.html.j2",
            operator=operator,
            subscriptions=subscriptions.every(terms.database),
            counts=outbox.counts(session),
            troubled=outbox.troubled(session),
        )


@router.post("/operator/mail/confirm")
def confirm(terms: Given, operator: SignedIn, id: Number) -> Response:
    subscriptions.confirm(terms.database, id, terms.clock())
    return RedirectResponse("/operator/mail", 303)


@router.post("/operator/mail/pause")
def pause(terms: Given, operator: SignedIn, id: Number) -> Response:
    subscriptions.pause(terms.database, id, BY_OPERATOR)
    return RedirectResponse("/operator/mail", 303)


@router.post("/operator/mail/resume")
def resume(terms: Given, operator: SignedIn, id: Number) -> Response:
    subscriptions.resume(terms.database, id, terms.clock())
    return RedirectResponse("/operator/mail", 303)


@router.post("/operator/mail/again")
def again(terms: Given, operator: SignedIn, id: Number) -> Response:
    with terms.database.write() as session:
        outbox.again(session, id, terms.clock())
    return RedirectResponse("/operator/mail", 303)
