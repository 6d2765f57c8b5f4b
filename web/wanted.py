"""Which changes a feed or a digest is asked for, read from the address as `notify.links.query` writes it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from pydantic import ValidationError

from notify.filters import Filter
from notify.links import PARAMETERS
from notify.subscriptions import told
from store import regions
from store.errors import WrongUse

Several = Annotated[list[str] | None, Query(max_length=50)]


def _wanted(
    region: Several = None,
    kind: Several = None,
    publisher: Several = None,
    source: Several = None,
    keyword: Several = None,
    type: Several = None,
    official: bool = False,
) -> Filter:
    given = {
        "region": [regions.find(name.strip()) or name for name in region or []],
        "kind": kind,
        "publisher": publisher,
        "source": source,
        "keyword": keyword,
        "type": type,
    }
    # A form sends what was left empty, too.
    wanted = {
        field: [value for value in given[name] or [] if value.strip()] for field, name in PARAMETERS.items()
    }
    try:
        return Filter.model_validate(wanted | {"official": official})
    except ValidationError as error:
        raise WrongUse(told(error)) from error


Wanted = Annotated[Filter, Depends(_wanted)]
