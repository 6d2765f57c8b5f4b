"""The addresses of our own pages, as mails and feeds name them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from notify.filters import Filter


@dataclass(frozen=True, slots=True)
class Pages:
    """`base` is the public address of the web pages without a slash at its end; "" where there are none, and then no
    link leads to us."""

    base: str = ""

    def plan(self, plan: str | None) -> str | None:
        return f"{self.base}/plans/{plan}" if self.base and plan else None

    def document(self, document: str) -> str | None:
        return f"{self.base}/documents/{document}" if self.base else None

    def difference(self, document: str, old: int | None, new: int | None) -> str | None:
        """The whole difference between two versions, by their numbers."""
        if not self.base or old is None or new is None:
            return None
        return f"{self.base}/documents/{document}/diff/{old}..{new}"

    def original(self, document: str, version: int | None) -> str | None:
        """Our archived copy of what the site sent for a version, by its number."""
        return f"{self.base}/documents/{document}/original/{version}" if self.base and version else None

    def changes(self, wanted: Filter) -> str:
        """The list of all changes that a filter wants."""
        return f"{self.base}/{'?' if (asked := query(wanted)) else ''}{asked}"

    def feed(self, wanted: Filter, form: str) -> str:
        """The feed of a filter: `form` is atom, rss or json."""
        return f"{self.base}/feeds/changes.{form}{'?' if (asked := query(wanted)) else ''}{asked}"


# A filter's fields as they stand in an address, where each value is one `name=value`.
PARAMETERS = {
    "regions": "region",
    "kinds": "kind",
    "publishers": "publisher",
    "sources": "source",
    "keywords": "keyword",
    "types": "type",
}


def query(wanted: Filter) -> str:
    """A filter as the query of an address; equal filters have the same."""
    one = wanted.canonical()
    pairs = [(name, value) for field, name in PARAMETERS.items() for value in getattr(one, field)]
    return urlencode(pairs + ([("official", "true")] if one.official else []))
