"""What the pages of one source have in common, as data: where the text sits, and which elements in it are the site's.
`learning` finds it, `locate` and `furniture` believe it as far as a page bears it out."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Layout:
    """One way in which a source lays out its pages. The paths are CSS selectors from the page's root.

    `slots` are elements in the content whose text is never the document's, `notices` digests of the lines that stand
    at an end of every text; `around` is the most prose seen beside the content, in characters."""

    content: str
    around: float
    pages: int
    title: str | None = None
    info: str | None = None
    slots: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """The layouts of one source, the most frequent first; `pages` is how many documents they were learned from."""

    layouts: tuple[Layout, ...]
    pages: int


_JSON = TypeAdapter(Template)


def to_json(template: Template) -> object:
    return _JSON.dump_python(template, mode="json")


def from_json(value: object) -> Template:
    """Raises ValueError for what is no template."""
    return _JSON.validate_python(value)
