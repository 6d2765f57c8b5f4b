"""Opening, making and restricting files whose names or folders come from elsewhere: no links, owner only.

`check_archive_name` is the one rule for the name of a WARC file, wherever it comes from: a database row, a backup's
manifest, a folder's listing.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from store.errors import DamagedRecord, OperatorError

OWNER_ONLY_FILE = 0o600
OWNER_ONLY_FOLDER = 0o700
LONGEST_PATH = 4096
OTHERS = stat.S_IRWXG | stat.S_IRWXO
# `Archive` writes yaodian-STAMP-RANDOM.warc.gz, `Objects` the same and loose/STAMP-RANDOM-NUMBER.warc.gz.
ARCHIVE_NAME = re.compile(r"(?:loose/)?[A-Za-z0-9][A-Za-z0-9._-]{0,191}(?<!\.)\.warc\.gz", re.ASCII)
# What Yaodian makes in a data directory; a backup is one, too.
OWN_FOLDERS = frozenset({"warc", "sources", "outbox", "logs", "locks"})
_OWN_FILE = re.compile(
    r"\.?(yaodian\.db|secret|yaodian\.toml|backup\.json)(\.part)?(-wal|-shm|-journal)?|\.restoring"
)


def is_archive_name(name: object) -> bool:
    return isinstance(name, str) and ARCHIVE_NAME.fullmatch(name) is not None


def check_archive_name(name: object) -> str:
    """Return the name of a WARC file within the archive. Raises DamagedRecord when it could lead anywhere else."""
    if isinstance(name, str) and is_archive_name(name):
        return name
    raise DamagedRecord(
        f"invalid archive file name: got {shorten(name)}; expected NAME.warc.gz or loose/NAME.warc.gz; "
        "restore the rows from a backup"
    )


def shorten(value: object, most: int = 80) -> str:
    """Format a foreign value for one line: quoted, escaped, at most `most` characters."""
    text = ascii(value) if isinstance(value, str) else ascii(repr(value))
    return text if len(text) <= most else f"{text[: most - 3]}..."


def open_regular(path: Path, mode: Literal["rb", "r+b"] = "rb") -> BinaryIO:
    """Open an existing regular file for "rb" or "r+b". Never follows a link in its last part and never
    waits for a FIFO. Raises OSError, for anything but a regular file with the reason in its `strerror`."""
    flags = os.O_RDWR if mode == "r+b" else os.O_RDONLY
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise OSError(errno.ELOOP, "is a link, not a file", str(path)) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is not a regular file", str(path))
    return os.fdopen(descriptor, "r+b") if mode == "r+b" else os.fdopen(descriptor, "rb")


def create_private(path: Path, mode: int = OWNER_ONLY_FILE) -> BinaryIO:
    """Create a file that is its owner's alone from its first byte; what stands there under that name, a link too, is removed
    first. Raises OSError."""
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, mode), "wb")


def write_private(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by its owner alone; make its folder if it is missing. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with create_private(part) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_small(path: Path, most_bytes: int) -> bytes:
    """Read a regular file of at most so many bytes. Raises OSError."""
    with open_regular(path) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"is larger than {most_bytes} bytes", str(path))
    return content


def make_private_folder(path: Path) -> None:
    """Make a folder that is its owner's alone, or make one that is there so. Raises OSError."""
    path.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
    restrict(path)


def restrict(path: Path) -> None:
    """Take a file's or folder's rights from everybody but its owner. Leaves alone what is another user's, a link, and the folders
    that everybody shares (/tmp, /, the home folder)."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return  # a file of SQLite's, or of who writes now, that has just gone
    is_shared = bool(found.st_mode & stat.S_ISVTX) or path.resolve() in (Path("/"), Path.home())
    may_change = os.geteuid() in (0, found.st_uid)
    if stat.S_ISLNK(found.st_mode) or is_shared or not may_change or not found.st_mode & OTHERS:
        return
    os.chmod(path, stat.S_IMODE(found.st_mode) & ~OTHERS)


def restrict_all(data: Path) -> None:
    """Restrict a data directory and all that Yaodian creates in it to the owner; leave other files alone.

    Raises OSError.
    """
    restrict(data)
    for path in walk_own(data):
        restrict(path)


def walk_own(data: Path) -> Iterator[Path]:
    """Yield what Yaodian made in a data directory, files and folders, without following links."""
    for entry in sorted(os.scandir(data), key=lambda entry: entry.name):
        path = Path(entry.path)
        if entry.is_symlink():
            continue
        if entry.name in OWN_FOLDERS and entry.is_dir(follow_symlinks=False):
            yield path
            for folder, folders, files in os.walk(path, followlinks=False):
                yield from (Path(folder) / name for name in sorted([*folders, *files]))
        elif _OWN_FILE.fullmatch(entry.name):
            yield path


def refuse_links(path: Path, what: str) -> None:
    """Raise OperatorError if an existing path is neither a folder nor a regular file, such as a link."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OperatorError(
            f"{what} {shorten(str(path), LONGEST_PATH)} is a link or a device; put a real file or folder in its place"
        )
