"""Signing in, sessions and tokens: what holds against guessing, storms, copied cookies and lock-outs."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from conftest import PROGRAM, Run, clean_environment
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from store import models as rows
from store import operators, retention, sessions
from store.database import Database
from web import sign_ins
from web.app import create
from web.hashing import hashed
from web.terms import Terms
from web.tokens import made

NAME, PASSWORD = "wang", "a long enough password"
WRONG = "not the right password"
NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
LIST = "/api/v1/subscriptions"

Browser = Callable[..., TestClient]


@pytest.fixture
def known(database: Database) -> None:
    with database.write() as session:
        operators.put(session, NAME, hashed(PASSWORD), NOW)


class Clock:
    """The time, which a test may move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(plain_application: FastAPI, clock: Clock) -> FastAPI:
    return create(replace(plain_application.state.terms, clock=clock))


@pytest.fixture
def browser_at(app: FastAPI) -> Browser:
    """Make a browser at an address, with no cookies."""

    def make(address: str = "192.0.2.1", scheme: str = "http") -> TestClient:
        return TestClient(app, f"{scheme}://testserver", client=(address, 40000), follow_redirects=False)

    return make


def sign_in(browser: TestClient, password: str = PASSWORD, name: str = NAME) -> int:
    return browser.post("/operator/login", data={"name": name, "password": password}).status_code


def is_in(browser: TestClient) -> bool:
    return browser.get("/operator").status_code == 200


def copied(browser: TestClient, to: TestClient) -> TestClient:
    to.cookies.update(dict(browser.cookies))
    return to


# ── sessions ──


def test_signing_out_ends_the_session_wherever_its_cookie_was_copied(
    known: None, browser_at: Browser
) -> None:
    browser, other = browser_at(), browser_at("192.0.2.7")
    assert sign_in(browser) == sign_in(other) == 303
    thief = copied(browser, browser_at("203.0.113.9"))
    assert is_in(thief)
    browser.post("/operator/logout")
    assert not is_in(thief)
    assert is_in(other), "only this session ends"


def test_a_new_password_and_a_removal_end_every_session(
    known: None, browser_at: Browser, database: Database
) -> None:
    first, second = browser_at(), browser_at()
    sign_in(first)
    with database.write() as session:
        operators.put(session, NAME, hashed("quite another password"), NOW)
    assert not is_in(first)
    assert sign_in(second, "quite another password") == 303
    with database.write() as session:
        operators.remove(session, NAME)
    assert not is_in(second)
    with database.write() as session:
        operators.put(session, NAME, hashed(PASSWORD), NOW)
    # Who comes back under a name has none of the old sessions.
    assert [is_in(first), is_in(second)] == [False, False]


def test_a_session_ends_after_twelve_hours_whatever_the_browser_keeps(
    known: None, browser_at: Browser, clock: Clock, database: Database, data: Path
) -> None:
    browser = browser_at()
    sign_in(browser)
    cookie = dict(browser.cookies)
    clock.now = NOW + dt.timedelta(hours=12) - dt.timedelta(seconds=1)
    assert is_in(browser)
    clock.now = NOW + dt.timedelta(hours=12)
    thief = browser_at()
    thief.cookies.update(cookie)
    assert not is_in(thief)
    clock.now = NOW - dt.timedelta(days=300)  # it was begun by a clock that was ahead
    assert not is_in(thief)
    retention.tidy(database, data, retention.Rules(), NOW + dt.timedelta(hours=13))
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(rows.OperatorSession)) == 0


def test_a_cookie_that_was_planted_before_signing_in_opens_nothing(known: None, browser_at: Browser) -> None:
    attacker = browser_at("203.0.113.9")
    sign_in(attacker, WRONG)
    attacker.cookies.set("yaodian_operator", "planted" * 7)
    victim = copied(attacker, browser_at())
    assert sign_in(victim) == 303
    assert is_in(victim)
    assert not is_in(attacker)


def test_signing_in_again_ends_the_session_that_the_browser_had(known: None, browser_at: Browser) -> None:
    browser = browser_at()
    sign_in(browser)
    thief = copied(browser, browser_at())
    sign_in(browser)
    assert is_in(browser)
    assert not is_in(thief)


def test_only_hashes_of_session_ids_are_stored_and_none_is_backed_up(
    known: None, browser_at: Browser, database: Database, yaodian: Run, tmp_path: Path
) -> None:
    browser = browser_at()
    sign_in(browser)
    with database.read() as session:
        (row,) = session.scalars(select(rows.OperatorSession)).all()
    assert row.id_hash not in browser.cookies.values()
    assert len(row.id_hash) == 64
    backup = tmp_path / "backup"
    assert yaodian("backup", str(backup)).returncode == 0
    held = Database(f"sqlite:///{backup / 'yaodian.db'}")
    with held.write() as session:
        assert operators.hash_of(session, NAME)
        assert session.scalars(select(rows.OperatorSession)).all() == []
        # Somebody puts one into the backup.
        assert sessions.begin(session, NAME, str(operators.hash_of(session, NAME)), NOW)
    held.close()
    assert "sessions" not in json.loads((backup / "backup.json").read_text())["tables"]
    restored = subprocess.run(
        [*PROGRAM, "--data", str(tmp_path / "new"), "restore", str(backup)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert restored.returncode == 0, restored.stderr
    new = Database(f"sqlite:///{tmp_path / 'new' / 'yaodian.db'}")
    with new.read() as session:
        assert operators.hash_of(session, NAME)
        assert session.scalars(select(rows.OperatorSession)).all() == []
    new.close()


def test_a_password_that_changes_while_it_is_checked_opens_no_session(
    known: None, database: Database
) -> None:
    with database.read() as session:
        checked = operators.hash_of(session, NAME)
    with database.write() as session:
        operators.put(session, NAME, hashed("quite another password"), NOW)
    assert checked is not None
    with database.write() as session:
        assert sessions.begin(session, NAME, checked, NOW) is None


@pytest.mark.one_database
def test_cookies_are_the_hosts_own_behind_https(known: None, app: FastAPI) -> None:
    terms: Terms = app.state.terms
    post = replace(terms.post, base_url="https://testserver")
    browser = TestClient(create(replace(terms, post=post)), "https://testserver", follow_redirects=False)
    answer = browser.post("/operator/login", data={"name": NAME, "password": PASSWORD})
    cookies = [cookie.lower() for cookie in answer.headers.get_list("Set-Cookie")]
    assert cookies[0].startswith("__host-yaodian_operator=")
    for cookie in cookies:
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= set(cookie.split("; "))
        assert "domain" not in cookie
    assert is_in(browser)
    assert browser.post("/operator/logout").status_code == 303
    assert not is_in(browser)


@pytest.mark.one_database
def test_what_belongs_to_one_person_is_not_cached(
    known: None, browser_at: Browser, database: Database
) -> None:
    with database.write() as session:
        token = made(session, "test", NOW)[1]
    stranger, operator = browser_at(), browser_at()
    sign_in(operator)
    bearer = {"Authorization": f"Bearer {token}"}
    private = [
        *(
            stranger.get(path)
            for path in ("/operator", "/operator/login", "/operator/sources", "/operator/nothing")
        ),
        *(
            operator.get(path)
            for path in ("/operator", "/", "/search?q=a", "/operator/mail", "/feeds/changes.atom")
        ),
        stranger.post("/operator/login", data={"name": NAME, "password": WRONG}),
        stranger.get("/?lang=en"),
        stranger.get(LIST),
        stranger.get(LIST, headers=bearer),
        stranger.get("/api/v1/plans", headers=bearer),
    ]
    for answer in private:
        assert answer.headers["Cache-Control"] == "no-store", answer.url
    assert "no-store" not in browser_at().get("/feeds/changes.atom").headers["Cache-Control"]
    assert "no-store" not in browser_at().get("/api/v1/plans").headers["Cache-Control"]
    assert "Cookie" in stranger.get("/").headers["Vary"]


# ── passwords ──


@pytest.mark.one_database
def test_only_failures_count_and_a_right_password_resets_them(known: None, browser_at: Browser) -> None:
    assert [sign_in(browser_at()) for _ in range(8)] == [303] * 8
    for _ in range(3):
        assert [sign_in(browser_at(), WRONG) for _ in range(4)] == [401] * 4
        assert sign_in(browser_at()) == 303


@pytest.mark.one_database
def test_nobody_locks_an_operator_out_from_elsewhere(known: None, browser_at: Browser) -> None:
    attacker = browser_at("203.0.113.9")
    answers = [sign_in(attacker, WRONG) for _ in range(40)]
    assert answers[:6] == [401] * 5 + [429]
    assert set(answers[6:]) == {429}
    assert sign_in(browser_at()) == 303


@pytest.mark.one_database
def test_a_browser_that_signed_in_before_is_not_locked_out_by_its_neighbours(
    known: None, browser_at: Browser
) -> None:
    browser = browser_at()
    sign_in(browser)
    browser.post("/operator/logout")
    for _ in range(6):
        sign_in(browser_at(), WRONG)
    assert sign_in(browser_at()) == 429
    assert sign_in(browser) == 303
    assert [sign_in(browser, WRONG) for _ in range(6)] == [401] * 5 + [429], "its cookie is no free pass"
    other = copied(browser, browser_at("192.0.2.77"))
    assert [sign_in(other, WRONG, "li") for _ in range(6)] == [401] * 5 + [429], "nor for other names"


@pytest.mark.one_database
def test_when_many_clients_fail_strangers_are_slowed_and_known_browsers_are_not(
    known: None, browser_at: Browser, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    browser = browser_at()
    sign_in(browser)
    monkeypatch.setattr(sign_ins.anyio, "sleep", sleep)
    for _ in range(100):
        app.state.sign_ins.of_all.add("")
    assert sign_in(browser) == 303
    assert slept == []
    assert sign_in(browser_at("192.0.2.99")) == 303, "slower, and still let in"
    assert slept == [sign_ins.SLOWED_S]


@pytest.mark.one_database
def test_a_storm_of_sign_ins_is_bounded_and_the_rest_is_told_to_come_back(
    known: None, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most, lock = 0, 0, threading.Lock()
    real = PasswordHasher.verify

    def verify(self: PasswordHasher, *given: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        try:
            return real(self, *given)
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    with TestClient(app) as opened:

        def attempt(number: int) -> tuple[int, str | None]:
            browser = TestClient(app, client=(f"198.51.100.{number}", 1), follow_redirects=False)
            browser.portal = opened.portal  # all in one event loop, as a server has it
            answer = browser.post("/operator/login", data={"name": NAME, "password": WRONG})
            return answer.status_code, answer.headers.get("Retry-After")

        with ThreadPoolExecutor(60) as pool:
            answers = list(pool.map(attempt, range(60)))
    assert most == 2
    assert {status for status, _ in answers} <= {401, 503}
    assert sum(status == 401 for status, _ in answers) >= 34
    assert all(wait for status, wait in answers if status == 503)


# ── tokens ──


def of_version_0_1(database: Database) -> str:
    """A token as version 0.1 stored it."""
    with database.write() as session:
        row, token = made(session, "given out", NOW)
        row.token_hash = PasswordHasher().hash(token)
    return token


def stored(database: Database) -> str:
    with database.read() as session:
        return session.scalars(select(rows.Token.token_hash)).one()


def ask(browser: TestClient, token: str) -> int:
    return browser.get(LIST, headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_that_was_given_out_before_works_on_and_its_hash_is_replaced(
    browser_at: Browser, database: Database
) -> None:
    token = of_version_0_1(database)
    assert ask(browser_at(), token[:-1] + ("A" if token[-1] != "A" else "B")) == 401
    assert stored(database).startswith("$argon2")
    assert ask(browser_at(), token) == 200
    assert len(stored(database)) == 64
    assert ask(browser_at(), token) == 200
    assert ask(browser_at(), token[:-1] + ("A" if token[-1] != "A" else "B")) == 401


@pytest.mark.one_database
def test_a_new_token_is_never_checked_by_argon2(
    browser_at: Browser, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:
        _, token = made(session, "new", NOW)
    monkeypatch.setattr(PasswordHasher, "verify", lambda *_: pytest.fail("argon2 was asked"))
    assert ask(browser_at(), token) == 200
    for forged in (f"yaodian_1_{'A' * 43}", f"yaodian_2_{'A' * 43}", "yaodian_999999999_" + "_" * 43):
        assert [ask(browser_at(), forged) for _ in range(20)] == [401] * 20


@pytest.mark.one_database
def test_made_up_tokens_for_an_old_hash_are_bounded_and_its_holder_gets_in(
    browser_at: Browser, database: Database
) -> None:
    token = of_version_0_1(database)
    forger = browser_at("203.0.113.9")
    answers = [ask(forger, f"yaodian_1_{number:043}") for number in range(30)]
    assert answers == [401] * 5 + [429] * 25
    assert ask(browser_at(), token) == 200
    assert ask(forger, f"yaodian_1_{'B' * 43}") == 401, "its hash is SHA-256 now, and costs nothing"


@pytest.mark.one_database
@pytest.mark.parametrize("spoiled", ["", "$argon2id$v=19$nonsense", "é" * 64, "0" * 63])
def test_a_stored_hash_that_is_none_lets_nobody_in(
    browser_at: Browser, database: Database, spoiled: str
) -> None:
    with database.write() as session:
        row, token = made(session, "spoiled", NOW)
        row.token_hash = spoiled
    assert ask(browser_at(), token) == 401
