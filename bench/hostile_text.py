"""Endless generators of hostile texts and addresses, seeded.

Their characters have a special meaning in a mail, a header or a query.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator

BREAKS = (
    "\r\n",
    "\n",
    "\r",
    "\v",
    "\f",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x1f",
    "\x85",
    "\u2028",
    "\u2029",
    "\x00",
    "\r\n\r\n",
    "\n.\n",
)
INVISIBLE = (
    "\u200b",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\u00ad",
    "\x7f",
    "\x1b[31m",
    "\ufffe",
    "\uffff",
    "\ufdd0",
    "\ud800",
    "\udfff",
)
HEADERS = ("Bcc: x@v.example", "To: x@v.example", "Cc: x@v.example", "Content-Type: text/html", " x", "\tx", ".", "X-A: b",
           "RCPT TO:<x@v.example>", "DATA", "QUIT", "MAIL FROM:<x@v.example>")  # fmt: skip
CHARSETS = ("utf-8", "utf-16", "utf-7", "us-ascii", "iso-8859-1", "iso-2022-jp", "gb18030", "raw_unicode_escape", "unicode_escape",
            "idna", "punycode", "x", "", "utf-8*en", "rot13", "zlib")  # fmt: skip
MARKUP = (
    "<a@b.co>",
    '"',
    "'",
    "\\",
    "(c)",
    "[1]",
    ",",
    ";",
    ":",
    "%00",
    "%0d%0a",
    "{{7*7}}",
    "<script>",
    "$(id)",
    "`id`",
    "&#13;",
    "＜",
    "⒈",
    "\u0338",
)
WORDS = ("a", "reader", "教育", "é", "😀", "x" * 70, "a" * 300, "=", "?", "", " ", ".")


def _encoded_word(chance: random.Random) -> str:
    charset, hidden = chance.choice(CHARSETS), chance.choice(BREAKS) + chance.choice(HEADERS)
    text = chance.choice(("a", "x@v.example,", '">', "")) + hidden
    if chance.random() < 0.4:
        return f"=?{charset}?b?{base64.b64encode(text.encode(errors='surrogatepass')).decode()}?="
    quoted = "".join(f"={byte:02X}" for byte in text.encode(errors="surrogatepass"))
    return f"=?{charset}?{chance.choice('qQbBx')}?{quoted if chance.random() < 0.8 else chance.choice(WORDS)}{chance.choice(('?=', '', '?', '=='))}"


PARTS: tuple[Callable[[random.Random], str], ...] = (
    _encoded_word,
    lambda chance: chance.choice(BREAKS) + chance.choice(HEADERS),
    lambda chance: chance.choice(INVISIBLE),
    lambda chance: chance.choice(MARKUP),
    lambda chance: chance.choice(WORDS),
)


def texts(seed: int) -> Iterator[str]:
    """Yield hostile texts without end, the same for the same seed."""
    chance = random.Random(seed)
    while True:
        yield "".join(chance.choice(PARTS)(chance) for _ in range(chance.randint(1, 4)))


def addresses(seed: int) -> Iterator[str]:
    """Yield hostile mail addresses without end, the same for the same seed.

    The hostile part is before the @, after it, or the whole; some of the addresses are valid but odd.
    """
    chance = random.Random(seed)
    for text in texts(seed):
        # No white space that would end all further reading at once, for two in three of them.
        part = text if chance.random() < 0.3 else "".join(text.split())[:60]
        number = chance.randint(0, 10**9)
        yield chance.choice(
            (
                f"{part}@b.example",
                f"{part}{number}@b.example",
                f"a{number}@{part}.example",
                f"a{number}@b.{part}",
                f"a{number}@b.example{part}",
                f"a{number}+{part}@b.example.",
                f"{part} <a{number}@b.example>",
                f"a{number}@b.example,{part}@v.example",
                f"=?utf-8?q?{part}?=@b.example",
                f'"{part}"@b.example',
                part,
            )
        )
