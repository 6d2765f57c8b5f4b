"""docs/commands.md is what the program says; when it is not, it is written anew and the test fails once for review."""

from __future__ import annotations

from collections.abc import Iterator

from conftest import ROOT
from typer.main import get_command
from typer.testing import CliRunner

from crawler.sources import catalogue
from yaodian.commands import loaded

COMMANDS = ROOT / "docs" / "commands.md"
HEAD = "# Commands\n\nWhat each command says of itself with `--help`. Every list takes `--format table|json|jsonl|csv`.\n"


def names(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield from names(child, (*path, name))


def helped(words: tuple[str, ...]) -> str:
    said = CliRunner().invoke(
        loaded(),
        [*words, "--help"],
        prog_name="yaodian",
        env={"COLUMNS": "100", "TERM": "dumb"},
    )
    assert said.exit_code == 0, words
    return f"\n## yaodian {' '.join(words)}".rstrip() + f"\n\n```\n{said.stdout.strip()}\n```\n"


def test_every_commands_help_is_in_the_docs() -> None:
    written = HEAD + "".join(helped(words) for words in names(get_command(loaded())))
    if COMMANDS.exists() and COMMANDS.read_text(encoding="utf-8") == written:
        return
    COMMANDS.write_text(written, encoding="utf-8")
    raise AssertionError(
        "docs/commands.md was out of date and has been written anew; look at it and commit it"
    )


def test_the_example_source_of_the_docs_is_one() -> None:
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]
    assert catalogue.parse(example, "docs/sources.md", "fushun-zfxxgk").region == "210400"
