from typing import Any

import pytest
from hypothesis import example, given

from generation.recipe import Phrase
from prompt.errors import PromptError
from prompt.reading.grammar import ImageLink, Prompt, format_prompt, parse
from prompt.reading.limits import PROMPT_LIMIT
from tests.prompt.strategies import prompts, texts


def phrases(*parts: tuple[str, float]) -> tuple[Phrase, ...]:
    return tuple(Phrase(text=text, weight=weight) for text, weight in parts)


def refused(text: str) -> PromptError:
    with pytest.raises(PromptError) as caught:
        parse(text)
    return caught.value


class TestFlags:
    @pytest.mark.parametrize(
        ("text", "name", "value"),
        [
            ("owl --ar 3:2", "ar", (3, 2)),
            ("owl --aspect 45:103", "ar", (45, 103)),
            ("owl --AR 3:2", "ar", (3, 2)),
            ("owl --seed 0", "seed", 0),
            ("owl --seed +7", "seed", 7),
            ("owl --seed ٤٢", "seed", 42),
            ("owl --iw .5", "iw", 0.5),
            ("owl --iw 2.0", "iw", 2.0),
            ("owl --iw 2.", "iw", 2.0),
            ("owl --no fog", "no", ("fog",)),
            ("owl --no fog, tall  people ,fog.", "no", ("fog", "tall people")),
            ("owl --no 霧、人", "no", ("霧", "人")),
            ("owl --q .5", "quality", 0.5),
            ("owl --tile", "tile", True),
            ("owl --niji", "niji", ""),
            ("owl --niji 6", "niji", "6"),
            ("owl --v 6.0", "version", "6"),
            ("owl --style raw", "style", "raw"),
            ("owl --sref random 77::2 <https://a.example/b.png>", "sref",
             ("random", "77::2", "https://a.example/b.png")),
            ("owl —ar 3:2", "ar", (3, 2)),
            ("owl –ar 3:2", "ar", (3, 2)),
            ("owl –-ar 3:2", "ar", (3, 2)),
            ("owl ——ar 3:2", "ar", (3, 2)),
            ("owl −−ar 3:2", "ar", (3, 2)),
            ("owl —style raw", "style", "raw"),
            ("owl —no fog", "no", ("fog",)),
            ("owl —tile", "tile", True),
            ("owl --p", "profile", ()),
            ("owl --p ab12 cd34", "profile", ("ab12", "cd34")),
        ],
    )  # fmt: skip
    def test_are_read_as_they_should_be_written(self, text: str, name: str, value: Any) -> None:
        prompt = parse(text)
        assert prompt.flags == {name: value}
        assert prompt.text == "owl"
        assert prompt.notes == ()

    @pytest.mark.parametrize(
        ("typed", "name", "value"),
        [
            ("-ar 3:2", "ar", (3, 2)),
            ("-- ar 3:2", "ar", (3, 2)),
            ("— ar 3:2", "ar", (3, 2)),
            ("---ar 3:2", "ar", (3, 2)),
            ("--ar3:2", "ar", (3, 2)),
            ("--ar=3:2", "ar", (3, 2)),
            ("--ar: 3:2", "ar", (3, 2)),
            ("--ar 3:2,", "ar", (3, 2)),
            ("--ar 3:2.", "ar", (3, 2)),
            ("--ar 3x2", "ar", (3, 2)),
            ("--ar 3×2", "ar", (3, 2)),
            ("--ar 3/2", "ar", (3, 2)),
            ("--ar 3 : 2", "ar", (3, 2)),
            ("--ar 3：2", "ar", (3, 2)),
            ("--ar 1.5:1", "ar", (3, 2)),
            ("--ar 1,5:1", "ar", (3, 2)),
            ("--ar “3:2”", "ar", (3, 2)),
            ("--ar (3:2)", "ar", (3, 2)),
            ("--ar 16-9", "ar", (16, 9)),
            ("--ar 1.85", "ar", (37, 20)),
            ("--c 50%", "chaos", 50),
            ("--s 1,000", "stylize", 1000),
            ("--v v6", "version", "6"),
            ("--niji “6”", "niji", "6"),
            ("--version v6.0", "version", "6"),
            ("--sref=12,34", "sref", ("12", "34")),
            ("--iw 1,5", "iw", 1.5),
            ("--seed 7.0", "seed", 7),
            ("--seed “7”", "seed", 7),
            ("--v5.2", "version", "5.2"),
            ("―style raw", "style", "raw"),
            ("---no fog", "no", ("fog",)),
        ],
    )
    def test_are_repaired_and_the_person_is_told(self, typed: str, name: str, value: Any) -> None:
        prompt = parse(f"owl {typed}")
        assert prompt.flags == {name: value}
        assert prompt.text == "owl"
        assert len(prompt.notes) == 1
        assert prompt.notes[0].startswith(f"Read `{typed}` as `--{name} ")

    @pytest.mark.parametrize("yes", ["true", "on", "Yes", "1", "true,"])
    def test_that_take_no_value_may_have_a_yes(self, yes: str) -> None:
        prompt = parse(f"owl --tile {yes} --seed 1")
        assert prompt.flags == {"tile": True, "seed": 1}
        assert prompt.notes == (f"Read `--tile {yes}` as `--tile`.",)

    def test_of_old_sizes_take_their_number_along(self) -> None:
        prompt = parse("owl --width 512 --height --seed 1")
        assert prompt.flags == {"width": "512", "height": "", "seed": 1}

    @pytest.mark.parametrize(
        "text",
        [
            "owl (--ar 3:2)",
            "owl [--ar 3:2]",
            "owl `--ar 3:2`",
            "owl “--ar 3:2”",
            "owl | --ar 3:2 |",
        ],
    )
    def test_may_stand_in_brackets(self, text: str) -> None:
        prompt = parse(text)
        assert prompt.text == "owl"
        assert prompt.flags == {"ar": (3, 2)}

    def test_after_a_word_leave_its_quote(self) -> None:
        assert parse('an owl "hoo" --ar 3:2').text == 'an owl "hoo"'

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("landscape—ar 16:9", "ar"),
            ("山水。——ar 16:9", "ar"),
            ("山水—no 猫", "no"),
            ("owl,--tile", "tile"),
            ("owl --ar 3:2—tile", "tile"),
            ("owl —seed 7—no fog", "no"),
            ("owl --v 6--raw", "raw"),
            ("owl--seed 3", "seed"),
            ("owl --tile--raw", "raw"),
            ("--seed 3 owl", "seed"),
            ("owl\n--seed 3", "seed"),
            ("owl\u00a0--seed 3", "seed"),
        ],
    )
    def test_need_no_space_where_nothing_else_is_meant(self, text: str, name: str) -> None:
        assert name in parse(text).flags

    @pytest.mark.parametrize(
        "text",
        [
            "a night—no stars in sight",
            "a night – no stars",
            "a bus — stop sign in front",
            "state-of-the-art",
            "a well-no 3 bucket",
            "vitamin -c 20",
            "an em—dash",
            "a ---",
            "a -- b",
            "grade A--",
            "--4k render--",
            "1–2 owls",
        ],
    )
    def test_are_not_seen_in_prose(self, text: str) -> None:
        prompt = parse(f"{text} end")
        assert prompt.flags == {}
        assert prompt.text == f"{text} end"

    def test_hand_words_after_a_value_back(self) -> None:
        prompt = parse("an owl --ar 3:2 on a roof, at night --tile in fog")
        assert prompt.text == "an owl on a roof, at night in fog"
        assert prompt.notes == (
            "Read “on a roof, at night” after `--ar 3:2` as words of the prompt.",
            "Read “in fog” after `--tile` as words of the prompt.",
        )

    def test_hand_a_link_back_without_a_word(self) -> None:
        prompt = parse("an owl --ar 3:2 https://a.example/b.png")
        assert prompt.images == (ImageLink("https://a.example/b.png"),)
        assert prompt.notes == ()

    def test_count_last_when_given_twice(self) -> None:
        prompt = parse("owl --seed 1 --seed 2")
        assert prompt.flags == {"seed": 2}
        assert prompt.notes == ("`--seed` is given more than once; `--seed 2` counts.",)

    def test_add_up_when_they_are_lists(self) -> None:
        prompt = parse("owl --no fog, rain --no fog --no snow")
        assert prompt.flags == {"no": ("fog", "rain", "snow")}
        assert prompt.notes == ()

    def test_know_their_place(self) -> None:
        prompt = parse("owl —ar 3:2 --seed 7")
        assert prompt.places == {"ar": 4, "seed": 12}

    def test_are_told_of_in_few_sentences(self) -> None:
        def last(flags: int) -> str:
            notes = parse("owl" + " -seed 3" * flags).notes
            assert len(notes) == 9
            return notes[-1]

        assert last(50) == "There are 42 more like these."
        assert last(10) == "There are 2 more like these."
        assert last(9) == "There is 1 more like these."


class TestWords:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("hot dog", [("hot dog", 1)]),
            ("hot:: dog", [("hot", 1), ("dog", 1)]),
            ("hot::dog", [("hot", 1), ("dog", 1)]),
            ("hot::2 dog", [("hot", 2), ("dog", 1)]),
            ("hot::2, dog::.5", [("hot", 2), ("dog", 0.5)]),
            ("hot ::2 dog ::-.5", [("hot", 2), ("dog", -0.5)]),
            ("hot::+1.25 dog", [("hot", 1.25), ("dog", 1)]),
            ("hot::1,5 dog", [("hot", 1.5), ("dog", 1)]),
            ("hot::3d dog", [("hot", 1), ("3d dog", 1)]),
            ("hot:: dog::", [("hot", 1), ("dog", 1)]),
            ("hot::1 dog::−.5", [("hot", 1), ("dog", -0.5)]),
            ("::2 dog", [("dog", 1)]),
            ("a: b", [("a: b", 1)]),
            ("a c++ book (35), 100%", [("a c++ book (35), 100%", 1)]),
            ("“hello”, 80’s diner", [("“hello”, 80’s diner", 1)]),
            ("a man\r\nwith\u00a0a hat", [("a man with a hat", 1)]),
            ("نمر ::2 猫", [("نمر", 2), ("猫", 1)]),
            ("{ an owl", [("{ an owl", 1)]),
            (r"an \{owl\}", [("an {owl}", 1)]),
            ("owl\x00\ud800 cat", [("owl cat", 1)]),
        ],
    )
    def test_are_weighted(self, text: str, parts: list[tuple[str, float]]) -> None:
        assert parse(text).phrases == phrases(*parts)

    @pytest.mark.parametrize(
        "lead",
        [
            "/imagine ",
            "/imagine prompt:",
            "/imagine prompt: ",
            "prompt: ",
            " /Imagine\n",
            "imagine prompt: ",
        ],
    )
    def test_lose_the_command_pasted_with_them(self, lead: str) -> None:
        assert parse(f"{lead}an owl").text == "an owl"

    @pytest.mark.parametrize(
        "text",
        [
            "`an owl --ar 3:2`",
            "```\nan owl --ar 3:2\n```",
            "**an owl --ar 3:2**",
            "**an owl --ar 3:2** - @ada (fast)",
            "**an owl --ar 3:2** - Variations (Strong) by <@123> (relaxed)",
            '"an owl --ar 3:2"',
            "“an owl --ar 3:2” ",
            "/imagine prompt: an owl --ar 3:2",
        ],
    )
    def test_lose_what_is_copied_along(self, text: str) -> None:
        prompt = parse(text)
        assert prompt.text == "an owl"
        assert prompt.flags == {"ar": (3, 2)}
        assert prompt.places == {"ar": text.index("--")}

    @pytest.mark.parametrize(
        "text", ['"an owl"', '"an" owl "hoo"', "**an** owl", "an owl ** 2", "2 ** 3"]
    )
    def test_keep_marks_that_may_be_meant(self, text: str) -> None:
        assert parse(text).text == text

    @pytest.mark.parametrize("text", ["", " ", "\n", "--", ", ,", "/imagine prompt:"])
    def test_may_be_missing(self, text: str) -> None:
        assert parse(text) == Prompt()


class TestLinks:
    @pytest.mark.parametrize(
        ("text", "url"),
        [
            ("https://a.example/b.png an owl", "https://a.example/b.png"),
            ("<https://a.example/b> an owl", "https://a.example/b"),
            ("[https://a.example/b.png] an owl", "https://a.example/b.png"),
            ("https://a.example/b.png, an owl", "https://a.example/b.png"),
            ("an owl https://a.example/b.png", "https://a.example/b.png"),
            ("HTTP://A.EXAMPLE/B.PNG an owl", "HTTP://A.EXAMPLE/B.PNG"),
            (
                "https://cdn.discordapp.com/attachments/1/2/b.png?ex=66a1&is=66a0&hm=ab--v& an owl",
                "https://cdn.discordapp.com/attachments/1/2/b.png?ex=66a1&is=66a0&hm=ab--v&",
            ),
            ("https://a.example/b_(c).png an owl", "https://a.example/b_(c).png"),
            ("https://a.example/x--ar-3.png an owl", "https://a.example/x--ar-3.png"),
        ],
    )
    def test_are_image_prompts(self, text: str, url: str) -> None:
        prompt = parse(text)
        assert prompt.images == (ImageLink(url),)
        assert prompt.text == "an owl"

    def test_keep_their_order(self) -> None:
        prompt = parse("https://a.example/1.png https://a.example/2.png an owl")
        assert [image.url[-5] for image in prompt.images] == ["1", "2"]

    def test_have_no_weight(self) -> None:
        prompt = parse("https://a.example/1.png::2 an owl")
        assert prompt.images == (ImageLink("https://a.example/1.png"),)
        assert prompt.notes == ("An image link takes no weight after `::`; `--iw` sets it.",)

    def test_may_stand_alone(self) -> None:
        assert parse("https://a.example/1.png").images

    @pytest.mark.parametrize("text", ["flowers.jpg", "ftp://a.example", "https://", "nohttps://a"])
    def test_need_an_address(self, text: str) -> None:
        assert parse(text).images == ()


class TestRefusal:
    @pytest.mark.parametrize(
        ("text", "sentence", "position", "suggestion"),
        [
            (
                "owl --seeed 10",
                "`--seeed` is not a flag; did you mean `--seed`?",
                4,
                "owl --seed 10",
            ),
            (
                "owl --negative fog",
                "`--negative` is not a flag; did you mean `--no`?",
                4,
                "owl --no fog",
            ),
            (
                "is your --c too high?",
                "`--c` takes a whole number from 0 to 100, not `too`.",
                8,
                "is your too high?",
            ),
            ("owl --no --ar 3:2", "`--no` takes a list such as `fog, people`, but none is given.",
             4, "owl --ar 3:2"),
            ("owl --mine", "`--mine` is not a flag here; leave it out.", 4, "owl"),
            (
                "owl --chaoss 10",
                "`--chaoss` is not a flag; did you mean `--chaos`?",
                4,
                "owl --chaos 10",
            ),
            (
                "owl --ar 0:0",
                "`--ar` takes a ratio of two whole numbers such as `3:2`, not `0:0`.",
                4,
                "owl",
            ),
            (
                "owl --aspect",
                "`--aspect` takes a ratio of two whole numbers such as `3:2`, but none is given.",
                4,
                "owl",
            ),
            ("owl --iw 9", "`--iw` takes a number from 0 to 3, not `9`.", 4, "owl --iw 3"),
            (
                "owl --seed -1",
                "`--seed` takes a whole number from 0 to 4294967295, not `-1`.",
                4,
                "owl",
            ),
            ("owl --seed 1e5", "`--seed` takes a whole number from 0 to 4294967295, not `1e5`.",
             4, "owl"),
            ("owl --cfg nan", "`--cfg` takes a number from 1 to 30, not `nan`.", 4, "owl"),
            ("owl --no", "`--no` takes a list such as `fog, people`, but none is given.", 4, "owl"),
            (
                "owl::2 cat::-3",
                (
                    "The weights after `::` add up to -1; make them add up to more than 0, "
                    "or list what you do not want after `--no`."
                ),
                3,
                "owl::2 --no cat",
            ),
            ("owl::5000 cat", "A weight after `::` may be from -1000 to 1000.", 3,
             "owl::1000 cat"),
            (
                "a {red, green} owl --ar {1:1, 3:2}",
                "The braces stand for 4 prompts; send one of them at a time.",
                2,
                "a red owl --ar 1:1",
            ),
        ],
    )  # fmt: skip
    def test_says_what_where_and_what_would_work(
        self, text: str, sentence: str, position: int, suggestion: str
    ) -> None:
        error = refused(text)
        assert str(error) == error.sentence == sentence
        assert (error.position, error.suggestion) == (position, suggestion)

    def test_names_every_problem_at_once(self) -> None:
        error = refused("owl --ar 0:1 --iw 7 --wat --seed 5")
        assert error.sentence.count("`--") == 3
        assert error.suggestion == "owl --seed 5 --iw 3"

    def test_of_many_problems_stays_short(self) -> None:
        error = refused(
            "owl " + " ".join(f"--q{chr(97 + k % 26)}{'z' * (k // 26)}x" for k in range(90))
        )
        assert len(error.sentence) < 1500
        assert "more like these" in error.sentence

    def test_of_a_long_prompt_says_how_long_it_may_be(self) -> None:
        error = refused("x" * (PROMPT_LIMIT + 1))
        assert "up to 6000 are read" in error.sentence
        assert "6001" in error.sentence

    def test_has_nothing_to_suggest_without_words(self) -> None:
        assert refused("--wat").suggestion is None


def reading(text: str) -> Prompt | PromptError:
    try:
        return parse(text)
    except PromptError as error:
        return error


@given(texts)
@example("--no**https://q.r/s.jpg::2,:--ar")
@example("a \\ ::50%")
def test_whatever_is_typed_is_understood_or_refused(text: str) -> None:
    match reading(text):
        case PromptError() as error:
            assert error.sentence
            assert error.position is None or 0 <= error.position <= len(text)
            if error.suggestion is not None:
                parse(error.suggestion)
        case prompt:
            again = parse(format_prompt(prompt))
            assert again == prompt
            assert again.notes == ()


@given(prompts())
def test_a_prompt_survives_being_written(prompt: Prompt) -> None:
    assert parse(format_prompt(prompt)) == prompt
