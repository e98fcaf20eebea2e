"""Which name a misspelled one means, and how many names it is compared with."""

from hypothesis import given
from hypothesis import strategies as st
from pulumi_portico.args.display import parameter_text
from pulumi_portico.args.location import KeyStyle
from pulumi_portico.args.similar_names import KnownNames, nearest

from tests.growth import calls_of

WORDS = ("cart", "catalog", "checkout", "email", "payment")
MANY = [f"{word}-service-{number}" for word in WORDS for number in range(400)]


@given(
    name=st.text("abcde", min_size=8, max_size=20),
    at=st.integers(0, 7),
    kind=st.sampled_from(["add", "remove", "replace", "swap"]),
)
def test_a_typing_error_in_a_name_is_found(name: str, at: int, kind: str) -> None:
    wrong = {
        "add": name[:at] + "x" + name[at:],
        "remove": name[:at] + name[at + 1 :],
        "replace": name[:at] + "x" + name[at + 1 :],
        "swap": name[: at - 1] + name[at : at + 1] + name[at - 1 : at] + name[at + 1 :] if at else name,
    }[kind]
    assert nearest(wrong, [name, "something-else"]) == name


def test_a_name_in_another_style_is_found() -> None:
    assert nearest("readyTimeout", ["ready_timeout", "class_name"]) == "ready_timeout"
    assert nearest("responseHeaders", ["respond"]) is None
    assert nearest("abc", []) is None


def test_a_name_that_cannot_be_meant_is_left_out() -> None:
    known = KnownNames(["image", "images"])
    assert known.nearest("imagee") == "image"
    assert known.nearest("imagee", lambda name: name != "image") == "images"


def test_a_misspelled_name_is_found_among_many() -> None:
    known = KnownNames(MANY)
    for name in MANY[::37]:
        assert known.nearest(f"{name[:2]}x{name[3:]}") == name


def test_the_number_of_comparisons_is_bounded() -> None:
    many = KnownNames(MANY)
    many.nearest("cart-servixe-10")
    of_many = calls_of(lambda: many.nearest("cart-servise-11"))
    of_few = calls_of(lambda: KnownNames(MANY[:80]).nearest("cart-servise-11"))
    assert of_many < 3 * of_few


def test_a_long_list_of_names_is_cut_in_messages() -> None:
    listed = KnownNames(MANY).listed
    assert (len(listed), listed.more) == (50, 1950)
    assert parameter_text(listed, KeyStyle.PYTHON).endswith(", and 1950 more")
    assert parameter_text(KnownNames(["b", "a"]).listed, KeyStyle.PYTHON) == "a, b"
