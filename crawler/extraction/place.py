"""Which division publishes: by the site's code, else by the place that a name begins with, else unknown."""

from __future__ import annotations

import re
from functools import cache

from store import regions

_TYPES = (
    "维吾尔自治区",
    "壮族自治区",
    "回族自治区",
    "自治区",
    "特别行政区",
    "自治州",
    "自治县",
    "地区",
    "省",
    "市",
    "盟",
    "县",
    "区",
    "旗",
)
_PEOPLES = re.compile(r"(.{2,5}?)(?:[\u4e00-\u9fff]{1,4}族)+自治([州县旗])")
_AUTONOMOUS = {"内蒙古": "150000", "广西": "450000", "西藏": "540000", "宁夏": "640000", "新疆": "650000"}
_NATION = re.compile(r"(?:中华人民共和国|国务院|国家|中共中央|中央|全国|教育部|财政部|人力资源社会保障部)")
_BEFORE = re.compile(
    r"(?:中共|中国共产党|关于|印发|共青团|[（(【\[《“\"\s]|(?:19|20)\d{2}(?:[-—–~～至](?:19|20)?\d{2})?(?:学年)?(?:年度|年)?)+"
)


@cache
def _index() -> dict[str, tuple[str, ...]]:
    """name, long or short → codes that bear it."""
    found: dict[str, tuple[str, ...]] = {}
    for code, name in regions.names().items():
        if code == regions.NATIONAL:
            continue
        forms = {name}
        short = next((name[: -len(t)] for t in _TYPES if name.endswith(t)), name)
        # a county's short name is a common word too often (“朝阳”, “新华”)
        if len(short) >= 2 and code.endswith("00"):
            forms.add(short)
        peoples = _PEOPLES.match(name)
        if peoples:
            forms.add(peoples[1] + peoples[2])  # 黄南州, 围场县
        for form in forms:
            found[form] = (*found.get(form, ()), code)
    return found


def of_site(site_code: str | None) -> str | None:
    """The GB/T 2260 code in a SiteIDCode: its first six digits; ministries have bm…"""
    code = (site_code or "").strip().lower()
    if code[:6] in regions.names() and code[:6] != regions.NATIONAL:
        return code[:6]
    return regions.NATIONAL if code.startswith("bm") else None


def spoken_of(text: str, *names: str | None) -> str | None:
    """Which of the five autonomous regions a text means that names itself “自治区”: the one that it speaks of."""
    if any("自治区" in (name or "")[:6] for name in names) or "自治区" in text[:40]:
        spoken = {code for word, code in _AUTONOMOUS.items() if text.count(word) >= 2}
        if len(spoken) == 1:
            return spoken.pop()
    return None


def named(name: str | None) -> str | None:
    """The division with whose name a title, or the name of an office, begins."""
    name = name or ""
    start = _BEFORE.match(name)
    rest = name[start.end() :] if start else name
    code = _longest(rest, "")
    if code is None:
        return regions.NATIONAL if _NATION.match(rest) else None
    return code


def _longest(text: str, within: str) -> str | None:
    """The innermost division of the chain that the text begins with (“辽宁省抚顺市…”); None where it is unclear."""
    best: str | None = None
    while True:
        step = _step(text, within)
        if step is None:
            return best
        best, length = step
        within = regions.prefix(best)
        text = text[length:]
        if len(within) == 6:
            return best


def _step(text: str, within: str) -> tuple[str, int] | None:
    index = _index()
    for length in range(min(len(text), 14), 1, -1):
        codes = [
            c for c in index.get(text[:length], ()) if c.startswith(within) and regions.prefix(c) != within
        ]
        if len(codes) == 1:
            return codes[0], length
        if len(codes) > 1:
            return None
    return None
