"""Long passages in a mail are folded around what changed, and nothing is lost count of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notify.folding import Marks, folded, marks
from store.marks import Piece


def shown(marked: Marks) -> str:
    return "".join(f"({part.op} {part.left_out})" if part.op == "gap" else part.text for part in marked.parts)


def test_a_long_item_is_folded_around_what_changed() -> None:
    pieces = [Piece("same", "前" * 200), Piece("del", "5%"), Piece("ins", "8%"), Piece("same", "后" * 200)]
    assert shown(marks(pieces, 300)) == f"(gap 170){'前' * 30}5%8%{'后' * 30}(gap 170)"


def test_a_long_insertion_says_how_much_is_not_shown() -> None:
    made = marks([Piece("ins", "新" * 1000)], 100)
    assert (shown(made), made.unseen) == ("新" * 100 + "(gap 900)", 900)


PIECES = st.lists(
    st.builds(Piece, st.sampled_from(("same", "del", "ins")), st.text("字词x", min_size=1, max_size=300)),
    max_size=12,
)


@given(PIECES, st.integers(1, 400), st.integers(1, 400))
def test_folding_loses_count_of_nothing(pieces: list[Piece], limit: int, less: int) -> None:
    made = folded(marks(pieces, limit), less)
    told = sum(part.left_out or len(part.text) for part in made.parts)
    assert told == sum(len(piece.text) for piece in pieces)
    changed = sum(len(piece.text) for piece in pieces if piece.op != "same")
    assert made.unseen + sum(len(part.text) for part in made.parts if part.op in ("del", "ins")) == changed
