"""The operator's desk: signing in and out, and what waits for him."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from web import sessions
from web.look import page
from web.sessions import SignedIn
from web.sign_ins import LONGEST
from web.terms import Given

router = APIRouter()

Word = Annotated[str, Form(max_length=LONGEST)]


@router.get("/operator/login")
def login(request: Request, back: str = "/operator") -> Response:
    return page(request, "login.html.j2", back=sessions.local_back(back), failed=False)


@router.post("/operator/login")
async def sign_in(request: Request, name: Word, password: Word, back: Word = "/operator") -> Response:
    signed_in = RedirectResponse(sessions.local_back(back), 303)
    if await sessions.sign_in(request, signed_in, name, password):
        return signed_in
    return page(request, "login.html.j2", status=401, back=sessions.local_back(back), failed=True)


@router.post("/operator/logout")
def sign_out(request: Request) -> Response:
    signed_out = RedirectResponse("/", 303)
    sessions.sign_out(request, signed_out)
    return signed_out


@router.get("/operator")
def desk(request: Request, terms: Given, operator: SignedIn) -> Response:
    return page(request, "desk.html.j2", operator=operator)
