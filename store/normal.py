"""What two texts are compared by: the words and digits without the accidents of typing and of templates.
For comparison only; what is shown and stored stays as printed. View counters and clocks never come here:
they are no part of a page's text."""

from __future__ import annotations

import hashlib
import posixpath
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from store.flow import Attachment, Node, Page, walk

# Marks that one editor types so and another so. Each is folded to the first of its row; NFKC alone keeps them apart.
_ROWS = (
    "\"'“”„‟‘’‚‛「」『』〝〞〟`´′″‵",  # '四个意识“ and “四个意识” stand in two copies of one plan
    "-‐‑‒–—―−─━~～〜∼",  # 2021—2025, 2021-2025 and 2021～2025 are one period
    "·•・‧∙⋅",  # 铸魂·筑梦; a bullet and the dot between parts of a name
    ":∶︰",  # 1∶5, typed with the sign for ratios; NFKC makes two dots of the vertical colon
    "[〔【〖",  # 教政法[2016]6号 = 教政法〔2016〕6号
    "]〕】〗",
    "<〈",  # <民促法> within 《》
    ">〉",
    "〇○◯",  # 二○二二年, typed with a geometric circle
)
_FOLDED = {mark: row[0] for row in _ROWS for mark in row}

# NFKC also makes 10² out of the same characters as 102, and of a note mark 25① those of 251: a digit's change
# could hide there, so these stay as they are.
_TELLING = ("<super>", "<sub>", "<circle>", "<fraction>")

# Nothing to see: joiners, variation selectors, fillers that are letters to Unicode, and U+E5E5, which is what
# Python's gb18030 decodes the blank A3 A0 to (the WHATWG decoder: U+3000).
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\ue5e5\U000e0100-\U000e01ef]"
)

# "—" and "——", "…" and "……" and "......" differ in width alone. The look-ahead changes nothing but the time (a fifth).
_REPEATED = re.compile(r"(?=[-….·])(?:-{2,}|(?:…|\.{2,}|·{3,})+)")

_AFTER_NUMBER = ".、,:;。"


class _Folds(dict[int, str]):
    """Code point → what it is compared as, computed when first met: `str.translate` with the whole of Unicode
    behind it, at the cost of the few thousand characters that occur."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold(chr(code))
        return folded


def _fold(char: str) -> str:
    """One character's form; without context, so that a text's form is its characters' forms in a row."""
    if char in _FOLDED:
        return _FOLDED[char]
    if char.isspace() or unicodedata.category(char) in ("Cc", "Cf") or _INVISIBLE.match(char):
        return ""
    tag, *parts = unicodedata.decomposition(char).split() or [""]
    if not tag or tag in _TELLING:
        return char
    codes = parts if tag.startswith("<") else [tag, *parts]
    return "".join(_fold(chr(int(code, 16))) for code in codes)


_FOLDS = _Folds()


class _Evened(dict[int, str]):
    def __missing__(self, code: int) -> str:
        form = _FOLDS[code]
        self[code] = even = form if len(form) == 1 else chr(code)
        return even


_EVENED = _Evened()


def normalise(text: str) -> str:
    """The text by which two versions are compared: equal for texts that differ in line breaks, indents, blanks,
    zero-width characters, full and half width, and the form of quotes, dashes, dots and brackets; different as
    soon as a letter, a digit, a Chinese character or a mark that says something else (、 and ，) differs.

    The folding is that of NFKC (UAX #15) without its composition and but for raised, lowered and encircled
    characters and fractions. Idempotent.
    """
    return _REPEATED.sub(_once, text.translate(_FOLDS))


def normalise_with_map(text: str) -> tuple[str, list[int]]:
    """`normalise(text)`, and for each of its characters the index in `text` of the character that it comes from
    (the first, where a run such as …… became one), never decreasing."""
    folded: list[str] = []
    sources: list[int] = []
    for index, char in enumerate(text):
        form = _FOLDS[ord(char)]
        folded.append(form)
        sources.extend([index] * len(form))
    wide = "".join(folded)
    normal: list[str] = []
    kept: list[int] = []
    at = 0
    for match in _REPEATED.finditer(wide):
        normal += wide[at : match.start()], _once(match)
        kept += sources[at : match.start() + 1]
        at = match.end()
    normal.append(wide[at:])
    kept += sources[at:]
    return "".join(normal), kept


def evened(text: str) -> str:
    """The text with each character as it is compared, one for one: what becomes several there, or nothing (blanks),
    stays as it is. For patterns that have to name a place in the text as printed."""
    return text.translate(_EVENED)


def _once(match: re.Match[str]) -> str:
    return "-" if match[0][0] == "-" else "…"


def number(label: str | None) -> str | None:
    """What a label counts: "1．", "1.", "1、" and "1 ." are all "1", "（一)" is "(一)", "一、" is "一".

    The mark after a number is typing: templates that number by style sheet print another one. A bracket is kept,
    but for its width: （1） and 1. are different levels of an official document (GB/T 9704, 7.3.3).
    """
    if label is None:
        return None
    normal = normalise(label)
    return normal.rstrip(_AFTER_NUMBER) or normal


def attachment_key(attachment: Attachment) -> tuple[str, str]:
    """Name and file, by which an attachment is known again.

    Of the URL only the last part of the path: hosts, schemes and folders move with every relaunch, while the file's
    name (W020250729615142156867.xls) is made new with each upload. Where that part is a program
    (download.jsp?…wbfileid=8A2F), its query says which file. Where the link is dead there is the name alone.
    """
    url = urlsplit(attachment.url or "")
    name = unquote(posixpath.basename(url.path.rstrip("/")))
    suffix = posixpath.splitext(name)[1].lower()
    if suffix in ("", ".jsp", ".jspx", ".do", ".action", ".php", ".asp", ".aspx", ".ashx", ".cgi"):
        name += "?" + unquote(url.query)
    return normalise(attachment.name), name


def attachment_content(attachment: Attachment) -> str | None:
    """What tells the file's content: its normal text, of a file without text its bytes; None where it is not known."""
    if attachment.text:
        return hashlib.sha256(normalise(attachment.text).encode("utf-8", "surrogatepass")).hexdigest()
    return attachment.digest


def outline_of(page: Page) -> tuple[Node, ...]:
    """The page's outline; where it has none, its lines of text as unnumbered paragraphs."""
    return page.outline or tuple(Node(None, 1, None, line) for line in page.text.splitlines())


def wording(lines: Iterable[tuple[str | None, str]]) -> str:
    """Numbers and normal texts in reading order, as one string that tells whether two versions say the same.

    Unnumbered paragraphs flow into what precedes them, so where a paragraph ends is no part of it; nor is the
    nesting, which follows from the numbers. The separators can't occur in normal text."""
    return "".join(f"\x1e{count}\x1f{text}" if count is not None else text for count, text in lines)


def content_hash(page: Page) -> str:
    """A version's identity: SHA-256, in hex, of title, wording and attachments, all normalised.

    The metadata are left out: a date or a 来源 that is stamped anew with the same words makes no version. The
    title is in, since readers and searches know a document by it. Attachments count as a set: their order is
    the template's; each by its name and its content or, where that is not known, its file's name. Where the text is
    an attachment's, what the cover says is in too.
    """
    lines = ((number(node.label), normalise(node.text)) for _, node in walk(outline_of(page)))
    attachments = sorted({_identity(attachment) for attachment in page.attachments})
    parts = [normalise(page.title or ""), wording(lines), *("\x1f".join(key) for key in attachments)]
    if page.cover is not None:
        parts.append("\x1e" + normalise(page.cover))
    return hashlib.sha256("\x1d".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _identity(attachment: Attachment) -> tuple[str, str]:
    name, file = attachment_key(attachment)
    return name, attachment_content(attachment) or file
