"""The pages in a real browser: readable on a telephone, by keyboard and by a screen reader, with scripts switched off."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

PAGES = (
    "/",
    "/plans",
    "/regions",
    "/publishers",
    "/sources",
    "/calendar",
    "/digest",
    "/subscribe",
    "/search?q=教育",
    "/trends?q=教育",
    "/operator/login",
    "/nowhere",
)

pytestmark = pytest.mark.one_database


def of_interest(site: str, browser: Browser) -> list[str]:
    """The fixed pages, and one plan, document, difference and source that the front page leads to."""
    page = browser.new_page()
    page.goto(site)
    found = {
        kind: page.locator(f"main a[href*='{kind}']").first.get_attribute("href")
        for kind in ("/documents/", "/diff/")
    }
    page.goto(site + (found["/documents/"] or ""))
    found["item"] = page.locator("main a.door-to-item").first.get_attribute("href")
    page.goto(site + "/plans")
    found["plan"] = page.locator("main a[href^='/plans/p']").first.get_attribute("href")
    page.goto(site + "/sources")
    found["source"] = page.locator("main a[href^='/sources/']").first.get_attribute("href")
    page.close()
    return [*PAGES, *(href for href in found.values() if href)]


def test_pages_are_accessible_and_fit_a_telephone(site: str, browser: Browser) -> None:
    """WCAG 2.2 AA as far as axe can tell, light and dark; nothing is wider than 320 pixels."""
    axe = Axe()
    addresses = of_interest(site, browser)
    for scheme in ("light", "dark"):
        context = browser.new_context(
            viewport={"width": 320, "height": 640},
            color_scheme=scheme,
            bypass_csp=True,
            locale="zh-CN",
        )
        page = context.new_page()
        for address in addresses:
            page.goto(site + address)
            told = axe.run(
                page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
            )
            assert told.violations_count == 0, f"{address} {scheme}\n{told.generate_report()}"
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 320, f"{address} is {wide} pixels wide"
        context.close()


def test_a_reader_gets_from_the_news_to_the_changed_words_by_keyboard_without_scripts(
    site: str, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(site)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # 跳到正文
    page.wait_for_url(re.compile("#main$"))  # the press has returned before the browser has gone there
    link = page.locator("main a[href*='/diff/']").first
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/diff/**")
    page.get_by_role("link", name="看全文").click()
    assert page.locator("details.fold").count() > 0
    context.close()


def test_nothing_is_asked_of_another_host_and_no_page_complains(site: str, browser: Browser) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    asked, complaints = set(), []
    page.on("request", lambda request: asked.add(request.url.split("/")[2]))
    page.on(
        "console",
        lambda message: (
            complaints.append(f"{message.text} {message.location}") if message.type == "error" else None
        ),
    )
    for address in of_interest(site, browser):
        if address != "/nowhere":
            page.goto(site + address)
    assert asked == {site.removeprefix("http://")}
    assert complaints == []
    context.close()
