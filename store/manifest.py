"""The manifest of a backup (`backup.json`), and the check of a whole backup before anything of it is used.

A backup may have been copied, packed and sent by others: only names that `yaodian backup` writes are accepted,
only regular files, and only values of the right types.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from store.errors import OperatorError
from store.foreign_rows import check_rows
from store.safe_files import LONGEST_PATH, check_archive_name, read_small, shorten, write_private

MANIFEST = "backup.json"
ROWS = "yaodian.db"
TOML, SECRET = "yaodian.toml", "secret"
LARGEST_MANIFEST = 64 << 20
# As large as `crawler.sources.catalogue` reads, and far more than settings or a secret take.
LARGEST_SOURCE = 1 << 18
LARGEST_TOML = 1 << 20
LARGEST_SECRET = 4096
SHORTEST_SECRET = 32
LARGEST_WARC = 1 << 50
SOURCE_NAME = re.compile(r"(?=.{1,69}\Z)[a-z0-9]+(?:-[a-z0-9]+)*\.yaml", re.ASCII)
# Settings that name places of the machine that was backed up; the new one says for itself where its things are.
PLACES = frozenset({"data", "database_url", "archive_url"})
_PLACE = re.compile(r"""^(?=[ \t]*(["']?)(?:data|database_url|archive_url)\1[ \t]*=)""", re.M)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: when it was made (ISO 8601), rows by table, and WARC files by size in bytes."""

    made_at: str
    tables: dict[str, int]
    warc: dict[str, int]

    def write(self, folder: Path) -> None:
        """Write the manifest into a folder; raise OSError."""
        content = {"made_at": self.made_at, "tables": self.tables, "warc": self.warc}
        write_private(folder / MANIFEST, json.dumps(content, ensure_ascii=False, indent=1).encode())


class _ManifestFile(BaseModel):
    """The file as it has to be."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    made_at: AwareDatetime
    tables: dict[Annotated[str, Field(pattern=r"\A[a-z_]{1,60}\z")], Annotated[int, Field(ge=0, lt=1 << 62)]]
    warc: dict[
        Annotated[str, AfterValidator(check_archive_name)], Annotated[int, Field(ge=0, le=LARGEST_WARC)]
    ]


@dataclass(frozen=True, slots=True)
class CheckedBackup:
    """A backup that can be restored: where it is, what it holds, the small files by name. `settings` are without the places of
    the machine that was backed up."""

    folder: Path
    manifest: Manifest
    raw_manifest: bytes
    sources: dict[str, bytes]
    secret: bytes | None
    settings: bytes | None


def check_backup(folder: Path) -> CheckedBackup:
    """Read all of a backup but its WARC files, and see that these are there. Writes nothing. Raises OperatorError."""
    try:
        raw = read_small(folder / MANIFEST, LARGEST_MANIFEST)
        manifest = parse_manifest(raw, folder)
        _check_tree(folder)
        for name, size in manifest.warc.items():
            _check_warc(folder / "warc" / name, size)
        sources = {path.name: read_small(path, LARGEST_SOURCE) for path in _list_sources(folder)}
        secret = _read_optional(folder / SECRET, LARGEST_SECRET)
        toml = _read_optional(folder / TOML, LARGEST_TOML)
    except OSError as error:
        where = shorten(str(error.filename or MANIFEST), LONGEST_PATH)
        raise OperatorError(
            f"{folder} holds no whole backup ({where}: {error.strerror}); name another one"
        ) from error
    if secret is not None and not (secret.isascii() and len(secret.strip()) >= SHORTEST_SECRET):
        raise OperatorError(f"{folder / SECRET} holds no secret; remove it, and a new one is made")
    settings = None if toml is None else drop_places(toml, folder / TOML)
    check_rows(folder / ROWS, manifest.tables)
    return CheckedBackup(folder, manifest, raw, sources, secret, settings)


def parse_manifest(raw: bytes, folder: Path) -> Manifest:
    """Parse and validate a manifest; raise OperatorError that names the first fault."""
    try:
        found = _ManifestFile.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(shorten(part) if isinstance(part, str) else str(part) for part in first["loc"])
        raise _no_backup(
            folder, f"{where or 'the file'}: {first['msg'].removeprefix('Value error, ')}"
        ) from error
    except OperatorError as error:
        raise _no_backup(folder, str(error).rpartition(";")[0]) from error
    return Manifest(found.made_at.isoformat(), dict(found.tables), dict(found.warc))


def is_source_name(name: str) -> bool:
    return SOURCE_NAME.fullmatch(name) is not None


def drop_places(toml: bytes, path: Path) -> bytes:
    """Return the settings file with the settings that name places of another machine commented out.

    Raises OperatorError.
    """
    try:
        before = tomllib.loads(toml.decode("utf-8"))
        text = _PLACE.sub("# of the place it was backed up from: ", toml.decode("utf-8"))
        after = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise OperatorError(f"{path} can't be read: {shorten(str(error))}; mend it there") from error
    if after != {name: value for name, value in before.items() if name not in PLACES}:
        raise OperatorError(
            f"{path}: write data, database_url and archive_url in lines of their own, or remove them there"
        )
    return text.encode("utf-8")


def _check_tree(folder: Path) -> None:
    """Raise OperatorError if the backup holds anything but folders and regular files.

    Links, devices, FIFOs and sockets are refused. Raises OSError, too.
    """
    for parent, folders, files in os.walk(folder, onerror=_raise):
        for name in (*folders, *files):
            found = (Path(parent) / name).lstat()
            if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
                raise _strange(Path(parent) / name, "a link or a device")
    for name in (MANIFEST, ROWS, TOML, SECRET):
        if (folder / name).exists():
            _check_file(folder / name)
    for name in ("warc", "warc/loose", "sources"):
        if (folder / name).exists() and not (folder / name).is_dir():
            raise _strange(folder / name, "not a folder")


def _check_file(path: Path) -> os.stat_result:
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise _strange(path, "not a regular file")
    if found.st_nlink != 1:
        raise _strange(path, "a hard link")
    return found


def _check_warc(path: Path, size: int) -> None:
    """Raise OperatorError if a WARC file is missing or shorter than the manifest says."""
    try:
        found = _check_file(path)
    except FileNotFoundError:
        found = None
    if found is None or found.st_size < size:
        raise OperatorError(f"{path} is not there as it was backed up; restore from another backup")


def _list_sources(folder: Path) -> list[Path]:
    sources = folder / "sources"
    if not sources.exists():
        return []
    found = sorted(path for path in sources.iterdir() if path.name.endswith(".yaml"))
    for path in found:
        _check_file(path)
        if not is_source_name(path.name):
            raise OperatorError(
                f"invalid source file name in {sources}: got {shorten(path.name)}; expected ID.yaml with a-z, 0-9 and dashes; "
                "rename or remove it there"
            )
    return found


def _read_optional(path: Path, most_bytes: int) -> bytes | None:
    try:
        return read_small(path, most_bytes)
    except FileNotFoundError:
        return None


def _raise(error: OSError) -> None:
    raise error


def _strange(path: Path, what: str) -> OperatorError:
    return OperatorError(
        f"{shorten(str(path), LONGEST_PATH)} is {what}, which no backup contains; copy the backup without links, or name another one"
    )


def _no_backup(folder: Path, reason: str) -> OperatorError:
    return OperatorError(f"{folder} holds no whole backup ({MANIFEST}: {reason}); name another one")
