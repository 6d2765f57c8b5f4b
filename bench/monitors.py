"""Other monitors on the same pages: the first pass, a pass in which nothing changed, one in which 1 % did.

python -m bench.monitors [500 2000] [--only yaodian scrapy urlwatch webchanges changedetection.io]

An nginx with its defaults serves the pages on loopback. Yaodian follows lists and articles, keeps the bytes, reads, versions
and indexes; bare Scrapy follows the same and writes title and text to a file; the others are given the articles' addresses
and a CSS filter. Each runs from the command line as its users run it, and is installed apart, in `.rivals/`, by uv. Figures are
CPU seconds of the whole process tree, the tree's largest memory, and what is on disk afterwards.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from bench import monitor_pages, nginx
from bench.changedetection import ChangeDetection, Failed
from bench.costs import Cost, ran
from bench.table import beside

RIVALS = Path(".rivals")
PASSES = ("first", "same", "1 %")
SOURCE = """\
id: bench
name: 云溪市教育局
publisher: 云溪市教育局
region: "150000"
kind: official
listing:
  type: html
  urls: ["{url}list/1.html"]
  item: ul.list li
  link: a::attr(href)
  title: a::attr(title)
  date: span::text
  next: a.next::attr(href)
  max_pages: 10000
schedule: {{every: 6h}}
fetch: {{delay: 0}}
"""


Pass = Callable[[str], Cost]


def main() -> int:
    given = argparse.ArgumentParser()
    given.add_argument("pages", type=int, nargs="*", default=[500])
    given.add_argument("--only", nargs="*", default=list(TOOLS))
    asked = given.parse_args()
    if nginx.PROGRAM is None:
        print(nginx.MISSING)
        return 0
    for count in asked.pages:
        print(
            f"\n{count} pages of 28 KB       CPU ms a page            wall s             MB   KB on disk a page"
        )
        print(f"{'':20}{''.join(f'{name:>9}' for name in PASSES)}")
        measured = {name: costs for name in asked.only if (costs := compared(name, count))}
        ratios(measured, count)
    return 0


def compared(name: str, count: int) -> list[Cost] | None:
    """One tool through all passes, on a site of its own."""
    with tempfile.TemporaryDirectory() as folder, nginx.running(Path(folder) / "nginx") as site:
        paths = monitor_pages.write(site.www, count)
        store = Path(folder) / "store"
        store.mkdir()
        tool = TOOLS[name](site.url, paths, store)
        if tool is None:
            print(f"{name:20} is not here and could not be installed")
            return None
        try:
            with tool as run:
                costs = []
                for which in PASSES:
                    if which == "1 %":
                        monitor_pages.change(site.www, count)
                    costs.append(run(which))
        except Failed as error:
            print(f"{name:20} gave up: {error}", flush=True)
            return None
    cpu = "".join(f"{1000 * cost.cpu / count:9.1f}" for cost in costs)
    wall = " ".join(f"{cost.wall:6.0f}" for cost in costs)
    print(
        f"{name:20}{cpu}   {wall}  {most(costs):6.0f}  {costs[-1].disk / 1000 / count:8.1f}",
        flush=True,
    )
    return costs


def ratios(measured: dict[str, list[Cost]], count: int) -> None:
    """The rows of the one table: CPU of each pass, the largest memory, and the disk in the end."""
    ours = measured.get("yaodian")
    if ours is None:
        return
    others = {name: costs for name, costs in measured.items() if name != "yaodian"}
    for at, name in enumerate(PASSES):
        cpu = {other: 1000 * costs[at].cpu / count for other, costs in others.items()}
        beside(f"{count} pages, {name}", "CPU ms a page", 1000 * ours[at].cpu / count, cpu)
        wall = {other: costs[at].wall for other, costs in others.items()}
        beside(f"{count} pages, {name}", "s", ours[at].wall, wall)
    memory = {other: most(costs) for other, costs in others.items()}
    beside(f"{count} pages, memory", "MB", most(ours), memory)
    disk = {other: costs[-1].disk / 1000 / count for other, costs in others.items()}
    beside(f"{count} pages, disk", "KB a page", ours[-1].disk / 1000 / count, disk)


def most(costs: Sequence[Cost]) -> float:
    return max(cost.memory for cost in costs) / 1e6


# ── the tools ──

Tool = AbstractContextManager[Pass]


def yaodian(url: str, paths: Sequence[str], store: Path) -> Tool:
    (store / "sources").mkdir()
    (store / "sources" / "bench.yaml").write_text(SOURCE.format(url=url), encoding="utf-8")
    program = [sys.executable, "-m", "yaodian", "--data", str(store)]
    environment = {"YAODIAN_ALLOW_PRIVATE_ADDRESSES": "1"}
    ran([*program, "init"], store, environment)
    return nullcontext(lambda which: ran([*program, "crawl", "--all"], store, environment))


def scrapy(url: str, paths: Sequence[str], store: Path) -> Tool:
    return nullcontext(
        lambda which: ran(
            [sys.executable, "-m", "bench.bare_spider", url, str(store / f"{which[0]}.jsonl")], store
        )
    )


def urlwatch(url: str, paths: Sequence[str], store: Path) -> Tool | None:
    program = installed("urlwatch", "cssselect", "html2text")
    if program is None:
        return None
    words = [*_asked(store.parent, "--urls", "filter", url, paths), "--cache", str(store / "cache.db")]
    return nullcontext(lambda which: ran([str(program / "urlwatch"), *words], store))


def webchanges(url: str, paths: Sequence[str], store: Path) -> Tool | None:
    program = installed("webchanges", "cssselect", "html2text")
    if program is None:
        return None
    words = [
        *_asked(store.parent, "--jobs", "filters", url, paths),
        "--database",
        str(store / "snapshots.db"),
    ]
    return nullcontext(lambda which: ran([str(program / "webchanges"), *words, "--max-workers", "10"], store))


def change_detection(url: str, paths: Sequence[str], store: Path) -> Tool | None:
    program = installed("changedetection.io")
    if program is None:
        return None
    return ChangeDetection(program / "changedetection.io", [url.rstrip("/") + path for path in paths], store)


TOOLS: dict[str, Callable[[str, Sequence[str], Path], Tool | None]] = {
    "yaodian": yaodian,
    "scrapy": scrapy,
    "urlwatch": urlwatch,
    "webchanges": webchanges,
    "changedetection.io": change_detection,
}


def _asked(folder: Path, option: str, key: str, url: str, paths: Sequence[str]) -> list[str]:
    """The options that name the files of urlwatch or of webchanges, which grew out of it: what to watch, how, no hooks."""
    jobs = "---\n".join(
        f"name: {path}\nurl: {url.rstrip('/')}{path}\n{key}:\n  - css: '#article'\n  - html2text\n"
        for path in paths
    )
    found = []
    for name, file, text in (
        (option, "jobs.yaml", jobs),
        ("--config", "config.yaml", "report: {stdout: {enabled: true, color: false}}\n"),
        ("--hooks", "hooks.py", "# none\n"),
    ):
        (folder / file).write_text(text, encoding="utf-8")
        (folder / file).chmod(0o600)
        found += [name, str(folder / file)]
    return found


def installed(name: str, *more: str) -> Path | None:
    """The folder of a rival's programs, installed when it is asked for first; None where that fails."""
    folder = RIVALS.absolute() / name
    if not (folder / "bin" / name).exists():
        uv = Path(sys.executable).parent / "uv"
        made = [
            [str(uv), "venv", "-q", "--clear", str(folder)],
            [str(uv), "pip", "install", "-q", name, *more],
        ]
        for command in made:
            environment = os.environ | {"VIRTUAL_ENV": str(folder)}
            if subprocess.run(command, env=environment, stderr=subprocess.DEVNULL, check=False).returncode:
                shutil.rmtree(folder, ignore_errors=True)
                return None
    return folder / "bin"


if __name__ == "__main__":
    sys.exit(main())
