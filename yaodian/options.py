"""Options that several commands take, checked before anything is done."""

from __future__ import annotations

from typing import Annotated

import typer

from store import regions

# What a database's integer holds.
MOST = 2**31 - 1


def _region(code: str | None) -> str | None:
    if code is not None and not regions.is_region(code):
        raise typer.BadParameter(
            f"{code!r} is no GB/T 2260 code; give six digits, such as 150000 for 内蒙古自治区"
        )
    return code


Region = Annotated[
    str | None, typer.Option(callback=_region, help="GB/T 2260 code; divisions within it too.")
]
