"""The sample web as a visitor sees it: what is answered, listed and printed."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from urllib.parse import urljoin, urlsplit

import yaml
from parsel import Selector

from demo.web import DemoWeb

CONTAINERS = {
    ("longyuan", 1): "div.TRS_Editor",
    ("longyuan", 4): "section.reader__body",
    ("guiling", 1): "td.zw",
    ("mirror", 1): "div.content",
}


class Got:
    """One answer, error statuses included."""

    def __init__(self, url: str, method: str = "GET", **headers: str) -> None:
        asked = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=asked, method=method)) as answer:
                self.status, self.headers, self.body = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            self.status, self.headers, self.body = error.code, error.headers, error.read()
            error.close()

    @property
    def tree(self) -> Selector:
        return Selector(self.body.decode("gb18030" if b"charset=gb2312" in self.body else "utf-8"))


def select(tree: Selector, rule: str) -> list[str]:
    found = tree.xpath(rule) if rule.startswith(("/", "./")) else tree.css(rule)
    return [text.strip() for text in found.getall()]


def listed(web: DemoWeb, site: str) -> list[tuple[str, str, str]]:
    """Every (path, title, date) that the site's source file finds, all pages of the list."""
    rules = yaml.safe_load(web.sources()[f"demo-{site}"])["listing"]
    url, found = rules["urls"][0], []
    while url:
        tree = Got(url).tree
        rows = tree.xpath(rules["item"]) if rules["item"].startswith("/") else tree.css(rules["item"])
        for row in rows:
            link, title, date = (select(row, rules[field])[0] for field in ("link", "title", "date"))
            found.append((urlsplit(urljoin(url, link)).path, title, date.strip("[]")))
        following = select(tree, rules["next"])
        url = urljoin(url, following[0]) if following else None
    return found


def printed(web: DemoWeb, site: str, path: str, day: int) -> str:
    """The text of the container as served, without white space."""
    container = CONTAINERS.get((site, day), CONTAINERS[site, 1])
    return squeezed("".join(Got(web.url(site, path)).tree.css(container).css("*::text").getall()))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
