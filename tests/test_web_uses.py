"""The three uses in a real browser, each as a person goes through it, and the operator's pages as axe sees them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import Run
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from demo.web import DemoWeb
from notify import making, sending
from notify.post import Post
from store import models as rows
from store import operators
from store.database import Database
from web import sessions

pytestmark = pytest.mark.one_database

NAME, PASSWORD = "wang", "a long enough password"
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN")
    yield context.new_page()
    context.close()


@pytest.fixture
def signed_in(page: Page, site: str, archive: Database) -> Page:
    with archive.write() as session:
        operators.put(session, NAME, sessions.hashed(PASSWORD), now())
    page.goto(f"{site}/operator")
    page.get_by_label("用户名").fill(NAME)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    return page


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages' own children may fetch what the tests serve."""
    monkeypatch.setenv("YAODIAN_ALLOW_PRIVATE_ADDRESSES", "1")


def deliver(archive: Database, post: Post) -> None:
    """In a thread of its own: the browser's driver has a loop of events in this one."""
    with ThreadPoolExecutor(1) as apart:
        apart.submit(sending.deliver, archive, post, now).result()


def mails(outbox: Path) -> dict[str, str]:
    """The HTML of each letter by its subject."""
    found = {}
    for path in sorted(outbox.rglob("*.eml")):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        body = mail.get_body(("html",))
        assert body is not None
        found[str(mail["Subject"])] = str(body.get_content())
    return found


def test_a_reader_subscribes_to_what_he_searched_for_and_reads_the_digest(
    page: Page, site: str, application: FastAPI, archive: Database, data: Path
) -> None:
    post: Post = application.state.terms.post
    page.goto(f"{site}/search?q=幼儿园&region=甘肃")
    page.get_by_role("link", name="订阅此结果").click()
    expect(page.get_by_label("关键词（写法同检索；空着就是全部）")).to_have_value("幼儿园")
    page.get_by_label("邮箱").fill("reader@example.org")
    page.get_by_role("button", name="订阅", exact=True).click()
    deliver(archive, post)
    letter = mails(data / "outbox")["请确认订阅教育要点摘要"]
    (link,) = re.findall(r'href="http://testserver(/subscriptions/confirm/[^"]+)"', letter)
    page.goto(site + link)
    page.get_by_role("button", name="确认").click()
    # Confirmed before the plans came: what was found since is told.
    with archive.write() as session:
        session.execute(update(rows.Subscription).values(confirmed_at=LONG_AGO))
    making.make(archive, [1], post, now())
    deliver(archive, post)
    subject, digest = next((s, html) for s, html in mails(data / "outbox").items() if "摘要 2" in s)
    assert "新发布" in subject
    page.set_content(digest)
    expect(page.locator("h1")).to_contain_text("陇原市教育局")
    assert page.locator("ins").count() > 0
    assert "桂岭市" not in page.locator("body").inner_text()
    leaving = page.get_by_role("link", name="退订").get_attribute("href") or ""
    page.goto(leaving.replace("http://testserver", site))
    page.get_by_role("button", name="退订").click()
    with archive.read() as session:
        assert session.get_one(rows.Subscription, 1).state == "ended"


def test_an_operator_adds_a_source_and_sees_its_plans(
    signed_in: Page, site: str, web: DemoWeb, data: Path, yaodian: Run, loopback: None
) -> None:
    page = signed_in
    (data / "sources" / "demo-guiling.yaml").unlink(missing_ok=True)
    address = next(url for url in re.findall(r"http://[^\s\]'\"]+", web.sources()["demo-longyuan"]))
    page.get_by_role("link", name="添加来源").click()
    page.get_by_label(re.compile("栏目的网址")).fill(address)
    page.get_by_role("button", name="识别").click()
    expect(page.get_by_role("heading", name="读到的文件")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("列表条目"))).to_be_visible()
    written = page.locator("textarea").input_value()
    page.locator("textarea").fill(re.sub(r"(?m)^id: .*$", "id: added-by-hand", written))
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    crawled = yaodian("crawl", "added-by-hand")
    assert crawled.returncode == 0, crawled.stderr
    page.goto(f"{site}/sources/added-by-hand")
    expect(page.get_by_role("link", name=re.compile("2026年.*要点")).first).to_be_visible()


def test_a_reader_searches_opens_the_plan_and_sees_what_changed(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_role("searchbox", name="检索").first.fill("县域高中 甘肃 2026")
    page.keyboard.press("Enter")
    expect(page.locator("mark").first).to_have_text("县域高中")
    page.locator(".hit .words a").first.click()
    item = page.locator(":target")
    expect(item).to_contain_text("1.28亿元")
    item.locator("a.door-to-item").click()
    expect(page.locator("main ins").first).to_have_text("8")
    page.get_by_role("link", name=re.compile("第 1 版 → 第 2 版")).click()
    expect(page.locator("main del").first).to_have_text("6")
    page.get_by_role("link", name="并排").click()
    assert page.locator(".beside").count() > 0


def test_the_operators_pages_are_accessible_and_fit_a_telephone(signed_in: Page, site: str) -> None:
    axe = Axe()
    page = signed_in
    page.set_viewport_size({"width": 320, "height": 640})
    listed = page.locator("main nav a, nav[aria-label] a[href^='/operator']").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    page.goto(f"{site}/operator/sources")
    one = page.locator("main a[href^='/operator/sources/']").first.get_attribute("href")
    for address in {*listed, one} - {None}:
        page.goto(f"{site}{address}")
        told = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
        assert told.violations_count == 0, f"{address}\n{told.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
