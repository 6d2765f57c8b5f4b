"""Administrative divisions by their GB/T 2260 code (`regions.csv`; codes of former divisions are not in it)."""

import csv
from functools import cache
from importlib.resources import files

NATIONAL = "000000"


@cache
def names() -> dict[str, str]:
    """Code → name, for every division down to the county."""
    text = (files("store") / "regions.csv").read_text(encoding="utf-8")
    return {row["code"]: row["name"] for row in csv.DictReader(text.splitlines())}


def is_region(code: str) -> bool:
    """Six digits in a province that exists. Counties are not checked one by one: their codes come and go,
    and a source may rightly carry one that was abolished since."""
    return len(code) == 6 and code.isdigit() and province(code) in names()


def find(text: str) -> str | None:
    """The code of a division that a person names: by its code, its name, or the beginning of its name, as 内蒙古;
    of several the one that lies highest, then the first. None when nothing is called so."""
    if is_region(text):
        return text
    called = [
        code
        for code, name in names().items()
        if text and (name.startswith(text) or full_name(code).startswith(text))
    ]
    return min(called, key=lambda code: (len(code.rstrip("0")), code), default=None)


def provinces() -> dict[str, str]:
    """Code → name of the divisions right below the country."""
    return {code: name for code, name in names().items() if code.endswith("0000") and code != NATIONAL}


def province(code: str) -> str:
    """The code of the province that a division lies in; the country's own for the country."""
    return code[:2] + "0000"


def prefix(code: str) -> str:
    """The digits that every division within this one shares: "210000" → "21", "000000" → ""."""
    if code == NATIONAL:
        return ""
    if code.endswith("0000"):
        return code[:2]
    return code[:4] if code.endswith("00") else code


def within(code: str | None, region: str) -> bool:
    """Whether a division lies in a region, or is it; everything lies in the whole country."""
    return code is not None and code.startswith(prefix(region))


def full_name(code: str) -> str:
    """The name with the divisions around it: "210400" → "辽宁省抚顺市"; the code itself where it is unknown."""
    chain = dict.fromkeys([province(code), code[:4] + "00", code])
    return "".join(names()[c] for c in chain if c in names()) or code
