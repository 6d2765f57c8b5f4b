"""The way through a listing: to its end once, then as far as what is new, from where it was cut, and never for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crawler.spiders.walk import KNOWN_ENOUGH, MOST_FOUND, Walk
from store.flow import Entry, Filling, Listing

PER_PAGE = 6


class Paged:
    """A list of documents, newest first, six a page; `known` are those that were kept."""

    def __init__(self, *documents: int) -> None:
        self.documents = list(documents)
        self.known: set[int] = set()

    def page(self, number: int) -> Listing:
        on_page = self.documents[(number - 1) * PER_PAGE : number * PER_PAGE]
        more = number * PER_PAGE < len(self.documents)
        entries = tuple(Entry(f"http://e.org/{n}", f"{n}") for n in on_page)
        return Listing(entries, f"http://e.org/list_{number + 1}" if more else None)

    def walk(
        self, filling: Filling | None, most: int = 100, killed_after: int = 10**6
    ) -> tuple[Walk, list[int]]:
        """The pages that were read, in order; `killed_after` cuts the walk as a kill does."""
        walk, number, asked = Walk("http://e.org/", most, filling), 1, []
        while True:
            asked.append(number)
            listing = self.page(number)
            names = {int(entry.title) for entry in listing.entries}
            walk.read(listing, len(names), len(names - self.known))
            self.known |= names
            step = walk.step(number)
            if step is None or len(asked) == killed_after:
                return walk, asked
            number = step.number


def test_without_back_fill_it_reads_as_many_pages_as_the_source_says() -> None:
    assert Paged(*range(100)).walk(None, most=3)[1] == [1, 2, 3]


def test_back_fill_reads_to_the_end_and_after_that_only_what_is_new() -> None:
    site = Paged(*range(60, 0, -1))
    first, pages = site.walk(Filling())
    assert pages == list(range(1, 11))
    assert first.filling == Filling(is_done=True)
    site.documents[:0] = range(75, 60, -1)
    assert site.walk(first.filling)[1] == [1, 2, 3, 4]
    assert site.known == set(site.documents)


def test_one_known_document_that_is_pinned_to_the_top_ends_nothing() -> None:
    site = Paged(*range(60, 0, -1))
    filling = site.walk(Filling())[0].filling
    site.documents.remove(7)
    site.documents[:0] = [7, *range(70, 60, -1)]
    site.walk(filling)
    assert site.known >= set(site.documents)


def test_a_page_as_it_was_ends_a_walk_that_has_nothing_to_fill() -> None:
    walk = Walk("http://e.org/", 100, Filling(is_done=True))
    walk.stood("http://e.org/list_2")
    assert walk.step(1) is None
    assert not walk.is_cut


@given(st.integers(1, 9), st.integers(0, 20))
def test_a_back_fill_that_was_killed_goes_on_where_it_was_and_misses_nothing(killed: int, added: int) -> None:
    site = Paged(*range(60, 0, -1))
    cut, _ = site.walk(Filling(), killed_after=killed)
    site.documents[:0] = range(60 + added, 60, -1)
    whole, pages = site.walk(cut.filling)
    assert site.known == set(site.documents)
    assert whole.filling == Filling(is_done=True)
    new_on_top, all_pages = -(-added // PER_PAGE), -(-len(site.documents) // PER_PAGE)
    assert len(pages) <= new_on_top + 1 + all_pages - killed


def test_a_page_that_is_shown_again_under_another_number_is_the_end() -> None:
    walk, page = (
        Walk("http://e.org/", 100, Filling()),
        Listing((Entry("http://e.org/1", "1"),), "http://e.org/x"),
    )
    walk.read(page, 1, 1)
    assert walk.step(1) is not None
    walk.read(page, 1, 0)
    assert walk.step(2) is None
    assert walk.filling == Filling(is_done=True)


def test_endless_pages_are_cut_and_the_next_walk_goes_on_from_there() -> None:
    site = Paged(*range(6000, 0, -1))
    walk, pages = site.walk(Filling(), most=20)
    assert walk.is_cut
    assert len(pages) == 20
    again, pages = site.walk(walk.filling, most=20)
    assert pages[:2] == [1, 21]
    assert again.filling == Filling("http://e.org/list_40", 40)


def test_more_documents_than_any_list_has_are_cut() -> None:
    walk = Walk("http://e.org/", 10_000, Filling())
    for number in range(1, 99):
        entries = tuple(Entry(f"http://e.org/{number}/{n}", "x") for n in range(2000))
        walk.read(Listing(entries, f"http://e.org/list_{number + 1}"), 2000, 2000)
        if walk.step(number) is None:
            break
    assert walk.is_cut
    assert number * 2000 == MOST_FOUND


def test_known_documents_count_over_pages_until_a_new_one_comes() -> None:
    walk = Walk("http://e.org/", 100, Filling(is_done=True))
    for number, found in enumerate((0, 1, 0, 0), 1):
        entries = (Entry(f"http://e.org/{number}", "x"),)
        walk.read(Listing(entries, f"http://e.org/list_{number + 1}"), KNOWN_ENOUGH - 2, found)
        ended = walk.step(number) is None
    assert ended
