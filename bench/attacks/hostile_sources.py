"""Source files made to be slow, large or to run something: each is refused by one short error, or accepted, in bounded time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from bench.attacks import Attempt, Ground
from bench.reading_costs import measure_reading
from crawler.sources import catalogue

TITLE = "source files that are hostile"
BOTH_DATABASES = False

LIMIT_S = 3.0
"""CPU seconds of one file; the slowest, 64 KB of keys, takes 1.3 s of a core of 2020."""
MEMORY = 100 << 20
LONGEST = 800
"""Characters of an error."""
GOOD = (
    "id: a\nname: a\npublisher: a\nregion: '000000'\nkind: official\n"
    "listing: {type: %s, urls: ['http://a.example/'], item: %s}\n"
)


def _bomb(first: str, level: str, times: int, levels: int) -> str:
    """Build YAML anchors, each of which expands to several times the one before."""
    return f"a0: &a0 {first}\n" + "".join(
        f"a{n}: &a{n} {level.replace('_', ','.join([f'*a{n - 1}'] * times))}\n" for n in range(1, levels)
    )


# What YAML can do beside saying something.
YAML: Mapping[str, str] = {
    "lists of lists": _bomb("[x, x]", "[_]", 9, 20),
    "lists of two": _bomb("[x]", "[_]", 2, 60),
    "merged maps": _bomb("{a: 1}", "{<<: [_]}", 9, 12),
    "merged maps of two": _bomb("{a: 1}", "{<<: [_]}", 2, 40),
    "facts of a bomb": _bomb("[x, x]", "[_]", 9, 9) + GOOD % ("html", "li") + "facts: *a8\n",
    "a list of itself": "a: &a [*a]\n",
    "a map of itself": "a: &a {b: *a}\n",
    "a map merged with itself": "a: &a {<<: *a}\n",
    "anchors": "".join(f"a{n}: &a{n} b\n" for n in range(4000)),
    "aliases": "a: &a b\nb: [" + "*a, " * 15_000 + "*a]\n",
    "keys": "".join(f"a{n}: b\n" for n in range(7000)),
    "a key twice": "id: a\nid: b\n",
    "a list as a key": "[a]: b\n",
    "a map as a key": "? {a: b}\n: c\n",
    "documents": "---\n" * 15_000,
    "directives": "%TAG ! a\n" * 6000,
    "an unknown version": "%YAML 9.9\n---\na: b\n",
    "tabs": "\t" * 60_000,
    "a comment": "#" * 60_000,
    "a block": "a: |\n" + " a\n" * 20_000,
    "quotes": "a: '" + "''" * 30_000,
    "escapes": 'a: "' + "\\x41" * 15_000,
    "a surrogate": 'id: "\\ud800"\n',
    "beyond Unicode": 'id: "\\U00110000"\n',
    "NUL": "id: a\0b\n",
    "escape codes": 'name: "\\u001b[31m"\n',
    "flow keys": "a: {" + "b," * 30_000,
    "questions": "? " * 30_000,
    **{f"deep {sign}": "a: " + sign * 30_000 for sign in ("[", "{a: ", "- ", "? ", "!a ")},
    "deep and closed": "a: " + "[" * 900 + "]" * 900,
    **{
        f"tag {tag}": f"id: {tag}\n"
        for tag in (
            "!!python/object/apply:os.system ['touch /tmp/x']", "!!python/name:os.system", "!!python/module:os",
            "!!python/object/new:os.system [id]", "!!binary '____'", "!!set {a, b}", "!!omap [a]", "!!pairs [a]",
            "!!map [a]", "!!int x", "!!float x", "!!timestamp x", "!a b", "!<tag:yaml.org,2002:python/none> a",
        )
    },
    **{
        f"number {value[:12]}": f"id: {value}\n"
        for value in (
            "1" * 60_000, "0x" + "f" * 60_000, "0b" + "1" * 60_000, "1:" * 20_000 + "1", "1:" * 200 + "1.5", "1e999999",
            "2026-13-45", "9999-99-99 99:99:99", ".nan", ".inf", "0o9", "1_" * 20_000 + "1",
        )
    },
}  # fmt: skip
SELECTORS: Mapping[str, str] = {
    "long": "a " * 20_000,
    "nested brackets": "//a" + "[a" * 5000 + "]" * 5000,
    "brackets within the limit": "//a" + "[a" * 150 + "]" * 150,
    "parentheses": "./" + "(" * 20_000,
    "parentheses within the limit": "./a[" + "(" * 240 + "1" + ")" * 240 + "]",
    "not": ":not(" * 80 + "a" + ")" * 80,
    "has": ":has(" * 80 + "a" + ")" * 80,
    "commas": "a," * 240 + "a",
    "union": "./a" + "|./a" * 120,
    "minus": "./a[" + "-" * 480 + "1]",
    "attributes": "[a=b]" * 99,
    "quotes": "./a[" + '""' * 200 + "]",
    "document": "document('/etc/passwd')",
    "variables": "//a[$x]",
    "processing": "//a[unparsed-entity-uri('a')]",
    "names": "//x:y:z",
    "empty": " ",
    "NUL": "a\\0b",
}
EXPRESSIONS: Mapping[str, str] = {
    "brackets": "[" * 240 + "]" * 240,
    "dots": "a." * 20_000 + "a",
    "not": "!" * 480 + "a",
    "calls": "f(" * 240,
    "pipes": "a|" * 240 + "a",
    "parentheses": "(" * 240 + "a" + ")" * 240,
    "filters": "a" + "[?" * 200 + "a" + "]" * 200,
    "hashes": "{a: " * 120 + "a" + "}" * 120,
    "literals": "`" + "[" * 400 + "`",
}
FIELDS: Mapping[str, str] = {
    "pages": "listing: {urls: ['http://a.example/'], item: li, pages: '" + "{n}" * 15_000 + "'}",
    "pages that grow": "listing: {urls: ['http://a.example/'], item: li, pages: '{n*99999999999}'}",
    "many pages": "listing: {urls: ['http://a.example/'], item: li, max_pages: 100000000000000000000}",
    "endless pages": "listing: {urls: ['http://a.example/'], item: li, max_pages: .inf}",
    "a long host": "listing: {urls: ['http://" + "a" * 50_000 + "/'], item: li}",
    "a bracket as host": "listing: {urls: ['http://" + "[" * 50_000 + "/'], item: li}",
    "a file": "listing: {urls: ['file:///etc/passwd'], item: li}",
    "a cron": "schedule: {cron: '" + "1-59," * 10_000 + "1 * * * *'}",
    "a cron of years": "schedule: {cron: '0-99999999999 * * * *'}",
    "a zone": "schedule: {every: 1h, timezone: '../../../etc/passwd'}",
    "a delay": "fetch: {delay: .nan}",
    "a charset": "fetch: {charset: '" + "a" * 50_000 + "'}",
    "a codec": "fetch: {charset: punycode}",
    "a NUL": 'fetch: {charset: "a\\0b"}',
    "words": "match: {any: [" + "a," * 20_000 + "a]}",
}


def files() -> Iterator[tuple[str, str]]:
    """Yield the name of a fault and a source file with it, for every fault."""
    yield from YAML.items()
    for name, selector in SELECTORS.items():
        yield f"selector, {name}", GOOD % ("html", '"' + selector.replace('"', '\\"') + '"')
        yield (
            f"content, {name}",
            GOOD % ("html", "li") + "document: {content: '" + selector.replace("'", "''") + "'}\n",
        )
    for name, expression in EXPRESSIONS.items():
        yield f"JMESPath, {name}", GOOD % ("json", f"'{expression}'")
    for name, line in FIELDS.items():
        key = line.partition(":")[0]
        kept = [given for given in (GOOD % ("html", "li")).splitlines() if not given.startswith(f"{key}:")]
        yield f"field, {name}", "\n".join([*kept, line, ""])


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Read each file alone, and then all of them beside a good one, as `yaodian sources list` does."""
    for place, (name, text) in enumerate(files()):
        if ground.is_short and len(text) > 10_000 and place % 4:
            continue
        yield judge(name, text)
        (ground.data / "sources" / f"bad-{place}.yaml").write_bytes(text.encode("utf-8", "replace"))
        if ground.is_short and place > 30:
            (ground.data / "sources" / f"bad-{place}.yaml").unlink()
    (ground.data / "sources" / "a.yaml").write_text(GOOD % ("html", "li"), encoding="utf-8")
    loaded = catalogue.load(ground.data / "sources")
    yield Attempt(
        "all beside a good one", "" if list(loaded.sources) == ["a"] else "the good one is not read"
    )


def judge(name: str, text: str) -> Attempt:
    """Read a file's text; a breach says what it cost, or how it was refused."""
    cost = measure_reading(
        partial(catalogue.parse, text, "a.yaml", None), most_cpu_s=LIMIT_S, most_bytes=MEMORY
    )
    told = cost.refusal
    if not cost.breach and (len(told) > LONGEST or "\n" in told):
        return Attempt(name, f"is refused by {len(told)} characters: {told[:100]}")
    return Attempt(name, cost.breach)
