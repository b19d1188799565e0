import pytest
from hypothesis import given

from prompt.reading.markup import complete_links, strip_markup
from tests.prompt.strategies import texts


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("an owl\u200b \u2060here\ufeff", "an owl here"),
        ("a fam\u00adily", "a family"),
        ("owl &amp; elk &lt;3 &#8212; &mdash;ar", "owl & elk <3 — —ar"),
        ("salt & pepper; a&b;", "salt & pepper; a&b;"),
        ("<p>owl<br/>elk</p>", " owl elk "),
        (
            "<@123> <@!4> <@&5> <#6> </imagine:7> <t:8:R> owl",
            " " * 12 + "owl",
        ),
        ("<:snowy_owl:12> <a:elk:3>", "snowy owl elk"),
        ("[my owl](https://a.b/c) ![x](https://a.b/d)", "my owl https://a.b/c  https://a.b/d "),
        (r"snake\_case \-\-ar \*b\* C:\Users \{a\}", r"snake_case --ar *b* C:\Users \{a\}"),
        ("owl\n> elk\n## bee\n-# ant", "owl\nelk\nbee\nant"),
        ("```yaml\nowl\n```", "`owl\n`"),
        ("||owl|| ~~elk~~", " owl   elk "),
        ("a <3 b, 1 < 2 > 0, x|y", "a <3 b, 1 < 2 > 0, x|y"),
    ],
)
def test_marks_of_chats_and_pages_go(text: str, bare: str) -> None:
    assert strip_markup(text) == bare


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("www.a.example/owl.png", ["www.a.example/owl.png"]),
        ("see a.example/x/owl.jpeg, here", ["a.example/x/owl.jpeg"]),
        ("https://a.example/owl.png a.example/owl.png", ["a.example/owl.png"]),
        ("owl.png", []),
        ("a/b.png", []),
        ("me@a.example/owl.png", []),
        ("f/2.8 and 1/2.png", []),
    ],
)
def test_links_may_lack_their_beginning(text: str, links: list[str]) -> None:
    whole, found = complete_links(text)
    assert found == links
    assert whole.count("https://") == text.count("https://") + len(links)


@given(texts)
def test_nothing_is_added_to_what_has_no_marks(text: str) -> None:
    plain = "".join(letter for letter in text if letter.isalnum() or letter == " ")
    assert strip_markup(plain) == plain
