"""The operator's source files: written whole, never over another, changed a line at a time so that comments stay."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from crawler.sources import catalogue
from crawler.sources.schema import Source
from store.errors import OperatorError, SourceError, UsageError


def write(folder: Path, text: str) -> tuple[Path, Source]:
    """A new file for a source, named for its id, with this text. Raises SourceError when it can't be one, OperatorError
    when there is a file already."""
    source = catalogue.parse(text, "the source file", None)
    path = folder / f"{source.id}.yaml"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise OperatorError(f"{path}: is there already; take another id, or remove it first") from error
    except OSError as error:
        path.unlink(missing_ok=True)
        raise OperatorError(f"{path}: {error.strerror}; make it a folder that can be written") from error
    return path, source


def as_text(source: dict[str, Any]) -> str:
    """A source as its file's YAML."""
    return yaml.safe_dump(source, allow_unicode=True, sort_keys=False, width=1000)


def change(folder: Path, source_id: str, **values: bool) -> Path:
    """Set keys such as `enabled` in the operator's file; one that ships with Yaodian is copied there first."""
    own, shipped = folder / f"{source_id}.yaml", catalogue.bundled() / f"{source_id}.yaml"
    try:
        text = (own if own.exists() else shipped).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"no source {source_id!r}; `yaodian sources list` names them all") from error
    for key, value in values.items():
        text = _with(text, key, value)
    catalogue.parse(text, str(own), source_id)
    new = own.with_suffix(".new")
    try:
        new.write_text(text, encoding="utf-8")
        new.replace(own)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise OperatorError(f"{own}: {error.strerror}; run `yaodian init` first, or mend that") from error
    return own


def _with(text: str, key: str, value: bool) -> str:
    line = f"{key}: {str(value).lower()}"
    found = re.compile(rf"^{key}\s*:[ \t]*\w+", re.M)
    if found.search(text):
        return found.sub(line, text, count=1)
    return text.rstrip("\n") + f"\n{line}\n"


def remove(folder: Path, source_id: str) -> Path:
    """Take the operator's file away, with its example; what was crawled stays in the archive."""
    path = folder / f"{source_id}.yaml"
    if not path.is_file():
        if (catalogue.bundled() / path.name).is_file():
            raise SourceError(
                path.name, "file", f"ships with Yaodian; switch it off: yaodian sources disable {source_id}"
            )
        raise UsageError(f"no source {source_id!r}; `yaodian sources list` names them all")
    try:
        path.unlink()
    except OSError as error:
        raise OperatorError(f"{path}: {error.strerror}; remove it by hand") from error
    shutil.rmtree(folder / f"{source_id}.example", ignore_errors=True)
    return path
