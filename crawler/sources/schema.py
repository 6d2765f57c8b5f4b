"""What a source file may say (design §5). Unknown keys, bad selectors, ids and region codes are refused here."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from importlib.util import find_spec
from typing import Annotated, Self
from urllib.parse import urlsplit

from apscheduler.triggers.cron import CronTrigger
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from crawler import listings, selectors
from crawler.charsets import find_charset, find_codec
from crawler.listings import _addresses
from store import regions
from store.flow import Origin, SourceKind
from store.identity import is_web_address
from store.zones import timezones

PLAN_WORDS = ("工作要点", "工作计划", "工作安排", "工作意见", "发展规划", "专项规划", "行动计划", "实施方案")
OTHER_WORDS = ("解读", "图解", "招标", "公示", "报道")

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _http_url(text: str) -> str:
    if not is_web_address(text) or urlsplit(text).username:
        raise ValueError(f"{text!r} is no web address; write it whole, as http://… or https://…")
    return text


def _region(code: str) -> str:
    if not regions.is_region(code):
        raise ValueError(
            f'{code!r} is no GB/T 2260 code; write six digits in quotes, "000000" for the whole country'
        )
    return code


def known_timezone(name: str) -> str:
    if name not in timezones():
        raise ValueError(f"{name!r} is no time zone; write such as Asia/Shanghai")
    return name


Selector = Annotated[str, Field(min_length=1), AfterValidator(selectors.check)]
Url = Annotated[str, AfterValidator(_http_url)]
Region = Annotated[str, AfterValidator(_region)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ListingRules(Part):
    """Where the lists are and how an entry is found in them; what the rules may be depends on the type."""

    type: str = "html"
    urls: Annotated[tuple[Url, ...], Field(min_length=1)]
    item: str | None = None
    link: str | None = None
    title: str | None = None
    date: str | None = None
    next: str | None = None
    pages: Annotated[str, Field(max_length=2000)] | None = None
    max_pages: Annotated[int, Field(ge=1, le=10_000)] = 3

    @model_validator(mode="after")
    def _suits_its_type(self) -> Self:
        if self.type not in listings.types():
            raise ValueError(f"type: {self.type!r} is unknown; known are {', '.join(listings.types())}")
        if self.pages is not None and self.next is not None:
            raise ValueError("give either `next` or `pages`")
        if self.pages is not None and not _addresses.counts(self.pages):
            raise ValueError(
                "pages: needs {n} where the page's number stands, such as index_{n}.html or index_{n-1}.html"
            )
        listings.reader(self.type).check(self)
        return self


class MatchRules(Part):
    """Which entries are education work plans: a title that has one of `any` and none of `none`; with `about`,
    the title or the text must also name one of these."""

    any: tuple[str, ...] = PLAN_WORDS
    none: tuple[str, ...] = OTHER_WORDS
    about: tuple[str, ...] = ()

    def takes(self, title: str) -> bool:
        plain = re.sub(r"\s", "", title)
        return (not self.any or any(word in plain for word in self.any)) and not any(
            word in plain for word in self.none
        )

    def is_about(self, *texts: str | None) -> bool:
        return not self.about or any(word in text for text in texts if text for word in self.about)


class DocumentRules(Part):
    """Where a document's parts are, for sites on which automatic extraction errs."""

    content: Selector | None = None
    title: Selector | None = None
    published: Selector | None = None
    remove: tuple[Selector, ...] = ()


class Schedule(Part):
    """When the listings are looked at: `every` so long after the last time, or at the hours of `cron`, up to `jitter`
    later, and never in the `quiet` hours. Hours are those of `timezone`, or of the setting of that name."""

    every: str | None = None
    cron: str | None = None
    jitter: str | None = None
    timezone: Annotated[str, AfterValidator(known_timezone)] | None = None
    quiet: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.every is None) == (self.cron is None):
            raise ValueError("give either `every`, such as 6h, or `cron`, such as 0 7 * * mon-fri")
        if self.every is not None:
            _duration("every", self.every)
        if self.cron is not None:
            cron_trigger(self.cron, "Asia/Shanghai")
        if self.jitter is not None:
            _duration("jitter", self.jitter)
        if self.quiet is not None and len(set(self.quiet.split("-"))) == 1:
            raise ValueError(f"`quiet: {self.quiet}` is the whole day; write such as 22:00-06:30")
        return self

    def interval(self) -> dt.timedelta:
        return _duration("every", self.every or "")

    def spread(self) -> dt.timedelta:
        """How much later than wanted a crawl may begin."""
        return _duration("jitter", self.jitter) if self.jitter else dt.timedelta()

    def quiet_hours(self) -> tuple[dt.time, dt.time] | None:
        if self.quiet is None:
            return None
        begin, end = map(dt.time.fromisoformat, self.quiet.split("-"))
        return begin, end


def _duration(key: str, text: str) -> dt.timedelta:
    match = re.fullmatch(r"([1-9]\d{0,3})([mhdw])", text)
    if match is None:
        raise ValueError(f"`{key}: {text}` is no interval; write such as 30m, 6h, 1d or 1w")
    return dt.timedelta(**{UNITS[match[2]]: int(match[1])})


def cron_trigger(expression: str, timezone: str) -> CronTrigger:
    """A trigger in which weekdays mean what crontab(5) says: APScheduler counts them from Monday = 0, cron from
    Sunday = 0, so digits are turned into names."""
    fields = expression.split()
    if len(fields) != 5:
        raise ValueError(
            f"`cron: {expression}` has {len(fields)} fields; write five: minute hour day month weekday"
        )
    names = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
    fields[4] = re.sub(r"(?<![/\d])[0-7](?!\d)", lambda m: names[int(m[0])], fields[4])
    try:
        return CronTrigger.from_crontab(" ".join(fields), timezone=timezone)
    except ValueError as error:
        raise ValueError(f"`cron: {expression}`: {error}; write such as 0 7 * * mon-fri") from error


class FetchRules(Part):
    """How to ask the site: `delay` in seconds between two requests to a host."""

    delay: Annotated[float, Field(ge=0, le=3600)] = 2.0
    concurrency: Annotated[int, Field(ge=1, le=4)] = 1
    charset: str | None = None
    render: bool = False

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.charset is not None and find_charset(self.charset) is None:
            is_codec = find_codec(self.charset) is not None
            told = "is no page's" if is_codec else "is unknown"
            raise ValueError(f"`charset: {self.charset}` {told}; utf-8 and gb18030 are usual")
        if self.render and self.charset is not None:
            raise ValueError("leave `charset` out where `render` is true: a rendered page is always UTF-8")
        if self.render and find_spec("scrapy_playwright") is None:
            raise ValueError(
                "`render: true` needs a part of Yaodian that is not installed: pip install 'yaodian[render]', and "
                "on Debian: apt-get install chromium"
            )
        return self


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class Source(Part):
    """A column of a site that is watched. `verified` is false until `sources check` has passed against the live site;
    `facts` say where the rules come from."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
    name: Annotated[str, Field(min_length=1)]
    publisher: Annotated[str, Field(min_length=1)]
    region: Region
    kind: SourceKind
    listing: ListingRules
    match: MatchRules = MatchRules()
    document: DocumentRules = DocumentRules()
    schedule: Schedule = Schedule(every="6h")
    fetch: FetchRules = FetchRules()
    enabled: bool = True
    verified: bool = True
    facts: Annotated[tuple[str, ...], BeforeValidator(_one_or_more)] = ()

    @property
    def origin(self) -> Origin:
        rules = self.model_dump_json(include={"listing", "match", "document", "fetch"})
        digest = hashlib.sha256(rules.encode()).hexdigest()[:16]
        return Origin(self.id, self.name, self.publisher, self.region, self.kind, digest)
