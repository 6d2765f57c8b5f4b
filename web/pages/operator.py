"""The operator's desk: signing in and out, and what waits for him."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from web import sessions
from web.look import page
from web.sessions import SignedIn
from web.terms import Given

router = APIRouter()

Word = Annotated[str, Form(max_length=sessions.LONGEST)]


@router.get("/operator/login")
def login(request: Request, back: str = "/operator") -> Response:
    return page(request, "login.html.j2", back=sessions.local_back(back), failed=False)


@router.post("/operator/login")
def sign_in(request: Request, name: Word, password: Word, back: Word = "/operator") -> Response:
    if sessions.sign_in(request, name, password):
        return RedirectResponse(sessions.local_back(back), 303)
    return page(request, "login.html.j2", status=401, back=sessions.local_back(back), failed=True)


@router.post("/operator/logout")
def sign_out(request: Request) -> Response:
    sessions.sign_out(request)
    return RedirectResponse("/", 303)


@router.get("/operator")
def desk(request: Request, terms: Given, operator: SignedIn) -> Response:
    return page(request, "desk.html.j2", operator=operator)
