"""A Chromium for sources whose pages are built by scripts (`fetch: {render: true}`); needs the optional part `render`."""

from __future__ import annotations

import asyncio
import os
import shutil
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.exceptions import DownloadCancelledError, DownloadFailedError, DownloadTimeoutError
from scrapy.http import Response
from scrapy.settings import Settings

if TYPE_CHECKING:
    from playwright.async_api import Page
    from playwright.async_api import Request as Asked

INSTALL = "pip install 'yaodian[render]', and on Debian: apt-get install chromium"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
NEEDLESS = frozenset(("image", "media", "font"))
SETTLES_S = 5.0
CLOSES_S = 5.0
CONTEXT: dict[str, Any] = {"service_workers": "block", "locale": "zh-CN"}
RENDERED = "playwright"
"""scrapy-playwright's own mark of a request that the browser makes."""


def lacks() -> str | None:
    """What is missing to render pages, with the remedy; None when nothing is."""
    if find_spec("scrapy_playwright") is None:
        return f"`render: true` needs a part of Yaodian that is not installed: {INSTALL}"
    if program() is None:
        return f"`render: true` needs a Chromium, and none of {', '.join(PROGRAMS)} is there: {INSTALL}"
    return None


def program() -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def equip(settings: Settings, gate: str) -> None:
    """Let a crawl's marked requests be made by a browser, which reaches nothing but the gate."""
    handler = f"{__name__}_handler.Rendering"
    handlers = {**settings.getdict("DOWNLOAD_HANDLERS"), "http": handler, "https": handler}
    settings.set("DOWNLOAD_HANDLERS", handlers, priority="cmdline")
    settings.set("CONCURRENT_REQUESTS_PER_DOMAIN", 1, priority="cmdline")
    settings.set("PLAYWRIGHT_MAX_PAGES_PER_CONTEXT", 1)
    settings.set("PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT", settings.getfloat("DOWNLOAD_TIMEOUT") * 1000)
    settings.set("PLAYWRIGHT_ABORT_REQUEST", f"{__name__}.is_needless")
    settings.set("PLAYWRIGHT_LAUNCH_OPTIONS", launch_options(gate))
    settings.set("PLAYWRIGHT_CONTEXTS", {"default": CONTEXT})


def launch_options(gate: str) -> dict[str, Any]:
    """Return how the browser is started so that it reaches nothing but the gate."""
    return {
        "executable_path": program(),
        # Chromium's sandbox refuses to work for root.
        "chromium_sandbox": os.geteuid() != 0,
        "proxy": {"server": gate, "bypass": "<-loopback>"},
        "args": [
            # What is not TCP would not go through a proxy. Of WebRTC's two names the older is for Chromium before 2023,
            # which newer ones pass over in silence.
            "--disable-quic",
            "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
            "--webrtc-ip-handling-policy=disable_non_proxied_udp",
            "--disable-dev-shm-usage",
            # It would call its makers at each start.
            "--disable-background-networking",
            "--disable-component-update",
        ],
    }


def marked() -> dict[str, Any]:
    """What a request carries that the browser shall make."""
    from scrapy_playwright.page import PageMethod

    return {RENDERED: True, "playwright_page_methods": [PageMethod(settled)]}


async def settled(page: Page) -> None:
    """Until the scripts ask for nothing more; a page that asks for ever is read as it stands."""
    from playwright.async_api import TimeoutError as TooLate

    try:
        await page.wait_for_load_state("networkidle", timeout=SETTLES_S * 1000)
    except TooLate:
        return


def is_needless(request: Asked) -> bool:
    """What no text is in is not asked for."""
    return request.resource_type in NEEDLESS


async def bounded(download: Any, timeout_s: float, max_bytes: int) -> Response:
    """The rendered page as a response. Raises Scrapy's exceptions for what the browser could not do."""
    from playwright.async_api import Error

    try:
        response: Response = await asyncio.wait_for(download, timeout_s)
    except TimeoutError as error:
        raise DownloadTimeoutError("no answer in time") from error
    except Error as error:
        if "Timeout" in type(error).__name__:
            raise DownloadTimeoutError("no answer in time") from error
        raise DownloadFailedError(" ".join(error.message.split())[:200]) from error
    if len(response.body) > max_bytes:
        raise DownloadCancelledError("the page is larger than what is fetched")
    headers = response.headers.copy()
    if "html" in (headers.get("Content-Type") or b"text/html").decode("latin-1"):
        # The bytes are the document as the scripts have left it, whatever charset it came in.
        headers["Content-Type"] = "text/html; charset=utf-8"
        headers["X-Rendered-By"] = "Chromium"
    return response.replace(headers=headers)


def is_rendered(request: Request) -> bool:
    return bool(request.meta.get(RENDERED))
