"""Errors by who has to act on them; each message names the thing and the remedy in one line."""


class YaodianError(Exception):
    """A failure that a person can act on; the command line prints it as one line and exits with 1."""


class OperatorError(YaodianError):
    """The operator has to change a setting, a file or the machine."""


class DamagedRecord(OperatorError):
    """One record of the archive that can't be read: the others may be whole, so whoever reads many goes on."""


class Unavailable(OperatorError):
    """A mail server or another way to readers can't be used now; nothing is wrong with what waits for it."""


class UsageError(YaodianError):
    """The command names something that is not there."""


class WrongUse(YaodianError):
    """The command can't be meant as it was given; exit status 2."""


class SourceError(OperatorError):
    """A source file that can't be used: names the file, the field and the remedy."""

    def __init__(self, file: str, field: str, remedy: str) -> None:
        super().__init__(f"{file}: {field}: {remedy}")
        self.file, self.field, self.remedy = file, field, remedy


class BadLink(YaodianError):
    """A link out of a mail that is torn, made up or too old: said to its reader."""


class SiteError(YaodianError):
    """The site's doing: kept as health of its source, together with the capture that shows it. `says` is what is wrong
    (`store.said`), `url` where."""

    def __init__(self, says: str, url: str = "") -> None:
        super().__init__(f"{url}: {says}" if url else says)
        self.says, self.url = says, url


class Unreachable(SiteError):
    """No answer: name not found, connection refused, time-out."""


class Blocked(SiteError):
    """A challenge, an error or a login page instead of the document; never stored as a version."""


class Unreadable(SiteError):
    """An answer out of which no document can be read."""


class Unfinished(Unreadable):
    """Reading was stopped at its limit of time or memory; another time it may come to an end."""
