"""What differs on a page from day to day without anything having happened: counters, clocks, weather, footers.

All of it follows from (site, path, day), so a page has the same bytes all day long.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

BEIJING = dt.timezone(dt.timedelta(hours=8))

_WEEKDAYS = "一二三四五六日"
_SKIES = ("晴", "多云", "晴转多云", "小雨", "阵雨", "阴", "多云转阴")


@dataclass(frozen=True, slots=True)
class Noise:
    """`views` of the page, `visitors` of the site, `clock` as 今天是…, `built` when the page was generated,
    `weather`, `footer` the wording of the copyright line."""

    views: int
    visitors: int
    clock: str
    built: dt.datetime
    weather: str
    footer: str

    @property
    def modified(self) -> dt.datetime:
        """`built` in UTC, for the header; the sites' own clocks run on Beijing time."""
        return self.built.astimezone(dt.UTC)


def noise(site: str, path: str, day: int, date: dt.date, footers: Sequence[str]) -> Noise:
    steady = random.Random(f"{site}{path}")
    today = random.Random(f"{site}{path}{day}")
    low = random.Random(f"{site}{day}").randint(11, 19)
    midnight = dt.datetime(date.year, date.month, date.day, tzinfo=BEIJING)
    return Noise(
        views=steady.randint(200, 5000) + day * 37 + today.randint(1, 30),
        visitors=1_208_800 + day * 913,
        clock=f"今天是{date.year}年{date.month}月{date.day}日 星期{_WEEKDAYS[date.weekday()]}",
        built=midnight + dt.timedelta(hours=18, seconds=today.randint(0, 7200)),
        weather=f"{random.Random(f'{site}-{day}').choice(_SKIES)} {low}～{low + 11}℃",
        footer=footers[(day - 1) % len(footers)],
    )


def pick(site: str, path: str, day: int, choices: Sequence[T], count: int) -> tuple[T, ...]:
    """A few of the choices, others on another day: the 相关 and 推荐 lists."""
    return tuple(random.Random(f"{site}{path}{day}pick").sample(choices, min(count, len(choices))))
