"""The charsets that a page may be in, by the labels that pages and source files use.

Python's other codecs are left out: some raise errors whatever error handler is set (idna, undefined), some take
time that grows with the square of the text (punycode), and some hide tags from code that looks at the bytes
(utf-7, cp037).
"""

from __future__ import annotations

import codecs
from functools import lru_cache

# The WHATWG reading of labels: what is labelled gb2312 is decoded as its superset GB18030, and so on.
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "big5": "big5hkscs",
    "ascii": "windows-1252",
    "us-ascii": "windows-1252",
    "iso-8859-1": "windows-1252",
    "latin1": "windows-1252",
    "unicode": "utf-16",
}
# The encodings of https://encoding.spec.whatwg.org/#names-and-labels, by Python's names.
_KNOWN = frozenset(
    [
        *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"),
        *("gb18030", "gbk", "gb2312", "big5", "big5hkscs", "cp950"),
        *("euc_jp", "shift_jis", "cp932", "iso2022_jp", "euc_kr", "cp949"),
        *(f"iso8859-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)),
        *("cp866", "cp874", *(f"cp{number}" for number in range(1250, 1259))),
        *("koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "ascii"),
    ]
)


@lru_cache(maxsize=256)
def find_charset(label: str) -> str | None:
    """Return the name by which Python decodes what is labelled so; None for what is no charset of pages."""
    lower = label.strip().lower()
    name = _SUPERSETS.get(lower, lower)
    codec = find_codec(name)
    return name if codec is not None and codec.name in _KNOWN else None


def find_codec(name: str) -> codecs.CodecInfo | None:
    """Return what Python encodes and decodes with under a name; None where it knows none."""
    try:
        return codecs.lookup(name)
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return None
