"""What pages and mails say, in the reader's language: gettext catalogues, compiled when they are loaded.

Chinese is the language of the source, so it needs no catalogue. `templates/locale/<language>/LC_MESSAGES/yaodian.po`
holds another one; a file there is all that a further language needs. `make messages` brings them up to date.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING

from babel import Locale, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    import jinja2

SOURCE = "zh"
TAGS = {"zh": "zh-CN"}
DOMAIN = "yaodian"


def N_(text: str) -> str:  # noqa: N802 (gettext's name for it)
    """Marks a text that is a message, and is put into the reader's language where it is shown."""
    return text


@cache
def languages() -> tuple[str, ...]:
    """The languages that there are, the source's first."""
    return (SOURCE, *sorted(path.parent.parent.name for path in _folder().glob(f"*/LC_MESSAGES/{DOMAIN}.po")))


@cache
def speech(language: str) -> NullTranslations:
    """The messages of a language; of one that there is not, those of the source."""
    if language == SOURCE or language not in languages():
        return NullTranslations()
    with (_folder() / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        catalogue = read_po(file, locale=Locale.parse(language), domain=DOMAIN)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def tag(language: str) -> str:
    """The language as HTML and feeds name it."""
    return TAGS.get(language, language)


def chosen(preferred: Iterable[str]) -> str:
    """The language for a reader who prefers these, the best first, as in Accept-Language ("en-GB", "zh")."""
    wanted = [preference.replace("-", "_") for preference in preferred]
    return negotiate_locale(wanted, languages()) or SOURCE


def environment(folders: Iterable[Path], language: str) -> jinja2.Environment:
    """Templates that speak a language: `_("…")`, `ngettext`, `{% trans %}`. Everything is escaped but in .txt."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(list(folders)),
        autoescape=jinja2.select_autoescape(
            disabled_extensions=("txt",), default=True, default_for_string=True
        ),
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    messages = speech(language)
    made.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        messages.gettext, messages.ngettext, newstyle=True
    )
    made.globals |= {"language": language, "lang": tag(language)}
    return made


def templates(name: str) -> Path:
    """A folder of templates: from the wheel, or beside the code in a checkout."""
    bundled = Path(__file__).parent / "_templates" / name
    return bundled if bundled.is_dir() else Path(__file__).parent.parent / "templates" / name


def _folder() -> Path:
    return templates("locale")
