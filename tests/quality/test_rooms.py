"""The rooms of the grader: at most twenty, no import upwards, and an up-to-date picture."""

from tests.quality.rooms import CAPTIONS, PICTURE, draw, imports, layers, upwards


def test_rooms_are_at_most_twenty_and_each_has_a_caption() -> None:
    rooms = [room for floor in layers() for room in floor]
    assert len(rooms) <= 20
    assert sorted(CAPTIONS) == sorted(rooms)


def test_rooms_import_downwards_only() -> None:
    assert upwards(layers(), imports()) == set()


def test_upwards_names_an_import_of_a_higher_floor_and_of_the_same_one() -> None:
    floors = (("cli",), ("cases", "intake"), ("errors",))
    pairs = frozenset({("cli", "cases"), ("intake", "cases"), ("errors", "cli")})
    assert upwards(floors, pairs) == {("intake", "cases"), ("errors", "cli")}


def test_draw_marks_an_upward_import_in_red_and_counts_it() -> None:
    picture = draw((("cli",), ("errors",)), frozenset({("errors", "cli")}))
    assert picture.count("#c00000") == 1
    assert "2 rooms, 1 imports between them, 1 upwards" in picture


def test_picture_in_the_documents_shows_the_imports_of_today() -> None:
    """If this fails, an import between two rooms was added or removed: run ``make rooms`` and look at it."""
    assert PICTURE.read_text(encoding="utf-8") == draw(layers(), imports())
