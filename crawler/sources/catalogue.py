"""Reading source files: those that ship with Yaodian, and the operator's, which come before them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError

from crawler.sources.schema import Source
from store.errors import SourceError, UsageError

LARGEST = 1 << 18
Stamp = tuple[int, int, int]
"""ctime in nanoseconds, which no program can set back, size, inode."""
LONGEST_MESSAGE = 300
MOST_LEVELS, LONGEST_NUMBER = 40, 40
"""Levels of lists and maps, and characters of a number, in YAML."""
MALFORMED = (yaml.YAMLError, ValueError, RecursionError, OverflowError)
"""What loading YAML raises; see `malformed`."""

# Pydantic's words for what a person who writes YAML meets most.
_REMEDIES = {
    "extra_forbidden": "unknown key; remove it, or see docs/sources.md for the names",
    "missing": "is missing; add it",
    "string_type": "must be text; write it in quotes",
    "string_pattern_mismatch": "use only a-z, 0-9 and single dashes",
    "literal_error": "must be {expected}",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All sources by id, and what is wrong with files that can't be used."""

    sources: dict[str, Source]
    errors: tuple[SourceError, ...]

    def find(self, source_id: str) -> Source:
        """Raises the file's own SourceError when it is there and unusable, UsageError when there is none."""
        for error in self.errors:
            if Path(error.file).stem == source_id:
                raise error
        if source_id not in self.sources:
            raise UsageError(f"no source {source_id!r}; `yaodian sources list` names them all")
        return self.sources[source_id]


def bundled() -> Path:
    return Path(str(files("crawler.sources"))) / "catalogue"


def load(*folders: Path) -> Catalogue:
    """Every *.yaml of the folders; a file in a later folder takes the place of one with the same id."""
    return combine(
        (path, read_file(Path(path), is_trusted=folder == bundled()))
        for folder in folders
        for path, _ in list_files(folder)
    )


def list_files(folder: Path) -> list[tuple[str, Stamp]]:
    """List the source files of a folder by name, each with a stamp that changes when the file does.

    The stamp of a symbolic link is that of its target.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted((entry.path, _stamp(entry)) for entry in entries if entry.name.endswith(".yaml"))
    except OSError:
        return []


def _stamp(entry: os.DirEntry[str]) -> Stamp:
    try:
        status = entry.stat()
    except OSError:
        return 0, 0, 0
    return status.st_ctime_ns, status.st_size, status.st_ino


def read_file(path: Path, *, is_trusted: bool) -> Source | SourceError:
    """Read one source file; return the source, or the error that makes it unusable."""
    try:
        return read(path, _QuickLoader if is_trusted else StrictLoader)
    except SourceError as error:
        return error


def combine(found: Iterable[tuple[str, Source | SourceError]]) -> Catalogue:
    """Build the catalogue from sources and errors by path; of two files with one id, the later counts."""
    sources: dict[str, Source] = {}
    errors: list[SourceError] = []
    for path, source in found:
        if isinstance(source, SourceError):
            errors.append(source)
            sources.pop(Path(path).stem, None)
        else:
            sources[Path(path).stem] = source
    return Catalogue(sources, tuple(errors))


def read(path: Path, loader: type[_Loader] | None = None) -> Source:
    """One source file. Raises SourceError: file, field, remedy."""
    try:
        if not path.is_file():
            raise SourceError(str(path), "file", "is not a file; remove it or give it another name")
        if path.stat().st_size > LARGEST:
            raise SourceError(
                str(path), "file", f"is larger than {LARGEST >> 10} KB; a source file is a page of YAML"
            )
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(str(path), f"byte {error.start}", "is not UTF-8; save the file as UTF-8") from error
    except OSError as error:
        raise SourceError(str(path), "file", f"{error.strerror}; make it a readable file") from error
    return parse(text, str(path), path.stem, loader)


def parse(text: str, name: str, expected_id: str | None, loader: type[_Loader] | None = None) -> Source:
    """A source out of YAML text; `name` stands for the file in errors. Without `expected_id` its id may be any."""
    try:
        data = yaml.load(text, Loader=loader or StrictLoader)  # noqa: S506 (a SafeLoader)
    except MALFORMED as error:
        raise malformed(error, name) from error
    if not isinstance(data, dict):
        raise SourceError(name, "file", "holds no keys; see docs/sources.md for an example")
    try:
        source = Source.model_validate(data)
    except ValidationError as error:
        raise _first_error(error, name) from error
    except RecursionError as error:
        raise SourceError(name, "file", "is nested too deeply; write it flat") from error
    if expected_id is not None and source.id != expected_id:
        raise SourceError(name, "id", f"{source.id!r} is not the file's name; call the file {source.id}.yaml")
    return source


def malformed(error: Exception, name: str) -> SourceError:
    """Where the YAML of a file is wrong, out of one of the errors that loading it raises."""
    if isinstance(error, yaml.MarkedYAMLError) and (mark := error.problem_mark) is not None:
        place = f"line {mark.line + 1}, column {mark.column + 1}"
        return SourceError(name, place, f"{_shortened(str(error.problem))}; mend the YAML there")
    return SourceError(name, "file", f"{_shortened(' '.join(str(error).split()))}; mend the YAML")


def _first_error(error: ValidationError, name: str) -> SourceError:
    first = error.errors()[0]
    remedy = _REMEDIES.get(first["type"])
    message = remedy.format(**first.get("ctx", {})) if remedy else first["msg"].removeprefix("Value error, ")
    more = len(error.errors()) - 1
    also = f" (and {more} more to mend in this file)" if more else ""
    field = ".".join(str(part) for part in first["loc"]) or "file"
    return SourceError(name, _shortened(field), _shortened(message) + also)


def _shortened(text: str) -> str:
    """Shorten a message that quotes a long value to its beginning and its end."""
    half = LONGEST_MESSAGE // 2
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:half]} … {text[-half:]}"


class _Strict(yaml.constructor.SafeConstructor):
    """YAML without its surprises: a key given twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        for key in self._twice(node):
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key.value!r} stands here twice", key.start_mark
            )
        return super().construct_mapping(node, deep)

    @staticmethod
    def _twice(node: yaml.MappingNode) -> Iterator[yaml.Node]:
        seen: set[Any] = set()
        for key, _ in node.value:
            if isinstance(key.value, str):
                if key.value in seen:
                    yield key
                seen.add(key.value)


class StrictLoader(_Strict, yaml.SafeLoader):
    """For files of which nobody knows who wrote them: an alias may stand for a thousand others, and each of these for as many."""

    most_values = 10_000
    """Values of a file, its aliases counted as what they stand for."""

    def __init__(self, stream: str | bytes) -> None:
        super().__init__(stream)
        self._nodes = self._levels = 0
        self._sizes: dict[str, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.NodeEvent = self.peek_event()  # type: ignore[no-untyped-call]
        mark = cast("yaml.error.Mark | None", event.start_mark)
        before, anchor = self._nodes, event.anchor or ""
        self._nodes += self._sizes.get(anchor, self.most_values) if isinstance(event, yaml.AliasEvent) else 1
        self._levels += 1
        if self._nodes > self.most_values:
            raise yaml.composer.ComposerError(None, None, "too many values or aliases", mark)
        if self._levels > MOST_LEVELS:
            raise yaml.composer.ComposerError(None, None, "nested too deeply", mark)
        # What is tagged as a number or a date and is none makes its constructor fail in many ways.
        tag = getattr(event, "tag", None) or "tag:yaml.org,2002:str"
        if tag in self.yaml_constructors and tag != "tag:yaml.org,2002:str":
            raise yaml.composer.ComposerError(
                None, None, f"{tag} is not read here; write text in quotes", mark
            )
        node = super().compose_node(parent, index)
        self._levels -= 1
        if anchor and not isinstance(event, yaml.AliasEvent):
            self._sizes[anchor] = self._nodes - before
        return node

    def construct_number(self, node: yaml.ScalarNode) -> float:
        if len(node.value) > LONGEST_NUMBER:
            raise yaml.constructor.ConstructorError(
                None, None, "a number of too many digits", node.start_mark
            )
        is_whole = node.tag == "tag:yaml.org,2002:int"
        number: float = self.construct_yaml_int(node) if is_whole else self.construct_yaml_float(node)
        return number


for _tag in ("int", "float"):
    StrictLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", StrictLoader.construct_number)


class _QuickLoader(_Strict, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Ten times as fast, but a file of a hundred thousand brackets ends the process: for our own files only."""


_Loader = StrictLoader | _QuickLoader
