"""What a reader fills in to be told of changes, turned into a filter and a rhythm; and both turned back into a form."""

from __future__ import annotations

import re
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from notify import subscriptions
from notify.filters import Filter
from notify.subscriptions import Rhythm
from store import regions
from store.errors import WrongUse

_SEPARATORS = re.compile(r"[,，;；、\n]+")
Model = TypeVar("Model", bound=BaseModel)


class Wish(BaseModel):
    """The form as it is sent; several names stand in one field, separated by commas."""

    address: str = ""
    region: str = ""
    keyword: str = ""
    kind: str = ""
    publisher: str = ""
    source: str = ""
    type: list[str] = []
    official: bool = False
    every: str = "weekly"
    weekday: str = "mon"
    monthday: str = "1"
    at: str = "08:00"
    timezone: str = "Asia/Shanghai"
    always: bool = False
    language: Literal["zh", "en"] = "zh"

    def filter(self) -> Filter:
        """Raises WrongUse."""
        return _checked(
            Filter,
            regions=tuple(_region(name) for name in _several(self.region)),
            keywords=(self.keyword.strip(),) if self.keyword.strip() else (),
            kinds=_several(self.kind),
            publishers=_several(self.publisher),
            sources=_several(self.source),
            types=tuple(self.type),
            official=self.official,
        )

    def rhythm(self) -> Rhythm:
        """Raises WrongUse."""
        on = {"weekly": self.weekday, "monthly": self.monthday}.get(self.every, "")
        given = {"every": self.every, "on": on, "at": self.at, "timezone": self.timezone}
        return _checked(Rhythm, **given, always=self.always)

    @classmethod
    def of(cls, wanted: Filter, rhythm: Rhythm, language: str) -> Self:
        """The form that somebody who changes his subscription begins with."""
        on = {"weekday": rhythm.on or "mon"} if rhythm.every == "weekly" else {}
        on |= {"monthday": rhythm.on or "1"} if rhythm.every == "monthly" else {}
        return cls(
            region="，".join(regions.full_name(code) for code in wanted.regions),
            keyword=" OR ".join(wanted.keywords),
            kind="，".join(wanted.kinds),
            publisher="，".join(wanted.publishers),
            source="，".join(wanted.sources),
            type=list(wanted.types),
            official=wanted.official,
            every=rhythm.every,
            at=rhythm.at,
            timezone=rhythm.timezone,
            always=rhythm.always,
            language="en" if language == "en" else "zh",
            **on,
        )


def door(wanted: Filter) -> str:
    """The address of the form, filled in with a filter."""
    given = Wish.of(wanted, Rhythm(), "zh").model_dump(exclude_defaults=True)
    return f"/subscribe?{urlencode(given, doseq=True)}" if given else "/subscribe"


def _checked(model: type[Model], **given: Any) -> Model:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise WrongUse(subscriptions.told(error)) from error


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _SEPARATORS.split(text) if part.strip())


def _region(name: str) -> str:
    code = regions.find(name)
    if code is None:
        raise WrongUse(
            f"region {name!r} is neither a division's name nor its GB/T 2260 code; give such as 内蒙古"
        )
    return code
