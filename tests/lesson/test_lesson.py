"""A lesson as data: its JSON form, its way through a link, and what is none."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.lesson import lesson as lessons
from explorer.lesson.lesson import (
    Control,
    Guess,
    Lesson,
    LessonError,
    Step,
    parse_lesson,
    to_data,
)
from explorer.link import LinkError, Shared, decode, encode, parse_shared
from explorer.link import to_data as shared_to_data
from explorer.network.spec import Architecture, Conv2d

WORK = Shared(Architecture(layers=(Conv2d(out_channels=4, kernel_size=3),)))


def text(longest: int) -> st.SearchStrategy[str]:
    return st.text(max_size=longest)


steps = st.builds(
    Step,
    text=text(lessons.MAX_TEXT),
    question=text(lessons.MAX_QUESTION),
    answer=text(lessons.MAX_ANSWER),
    why=text(lessons.MAX_WHY),
)
any_lesson = st.builds(
    Lesson,
    title=text(lessons.MAX_TITLE),
    steps=st.lists(steps, max_size=lessons.MAX_STEPS).map(tuple),
    hidden=st.lists(st.sampled_from(Control)).map(tuple),
    locks_recipe=st.booleans(),
    select=st.sampled_from(["", "3", "5.1.0"]),
    guess=st.lists(st.sampled_from(Guess)).map(tuple),
)


@given(any_lesson)
def test_what_goes_into_a_link_comes_out(lesson: Lesson) -> None:
    assert parse_lesson(to_data(lesson)) == lesson
    shared = Shared(WORK.architecture, lesson=lesson)
    assert parse_shared(shared_to_data(shared)) == shared
    if len(str(lesson)) < 2_000:
        assert decode(encode(shared)) == shared


def test_a_link_without_a_lesson_says_nothing_of_one() -> None:
    assert "lesson" not in shared_to_data(WORK)
    assert decode(encode(WORK)).lesson is None
    assert parse_lesson({}) == Lesson()


def test_the_longest_lesson_in_plain_words_fits_a_link() -> None:
    words = " ".join(f"word{number}" for number in range(1_000))
    step = Step(text=words[: lessons.MAX_TEXT], question="?", answer="8", why=words[:600])
    assert len(encode(Shared(WORK.architecture, lesson=Lesson(steps=(step,) * 5)))) < 16_000


def test_lessons_that_hide_the_same_are_equal_in_whatever_order_they_say_it() -> None:
    one = parse_lesson({"hidden": ["runs", "open", "runs"], "guess": ["params", "shape"]})
    assert one == parse_lesson({"hidden": ["open", "runs"], "guess": ["shape", "params"]})


def test_what_cannot_be_seen_is_left_out_of_texts() -> None:
    found = parse_lesson({"title": "a\u202eb\n", "steps": [{"text": "\u202eone\x00\n\n\n- two\t"}]})
    assert (found.title, found.steps[0].text) == ("ab", "one\n\n- two")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "a lesson is an object with title, steps, hidden, locks_recipe, select, guess"),
        ({"titel": "x"}, 'unknown part of a lesson "titel"; a lesson has title, steps'),
        ({"title": "x" * 101}, "title must have at most 100 characters"),
        ({"title": 3}, "title must be text; this has 3"),
        ({"steps": [{}] * 6}, "steps must have at most 5 entries"),
        ({"steps": {"text": ""}}, "steps must be a list"),
        ({"steps": [3]}, r"steps\.0 must be an object; this has 3"),
        ({"steps": [{}, {"hint": ""}]}, 'unknown part of step 2 "hint"; a step has text, question'),
        ({"steps": [{"text": "x" * 1501}]}, r"steps\.0\.text must have at most 1500 characters"),
        ({"steps": [{"answer": 8}]}, r"steps\.0\.answer must be text; this has 8"),
        ({"hidden": ["everything"]}, r"hidden\.0 must be .*'start_from'"),
        ({"hidden": "share"}, "hidden must be a list"),
        ({"locks_recipe": 1}, "locks_recipe must be true or false; this has 1"),
        ({"select": "first"}, "select has characters that do not belong there"),
        ({"select": "3\n"}, "select has characters that do not belong there"),
        ({"select": 3}, "select must be text; this has 3"),
        ({"guess": ["memory"]}, r"guess\.0 must be 'shape', 'field' or 'params'"),
        ({"\ud800": 1}, "unknown part of a lesson"),
        ({"steps": [{"\ud800": 1}]}, r"steps\.0 contains an unpaired surrogate"),
    ],
)
def test_what_is_no_lesson(data: object, message: str) -> None:
    with pytest.raises(LessonError, match=message):
        parse_lesson(data)
    with pytest.raises(LinkError, match=message):
        parse_shared({**shared_to_data(WORK), "lesson": data})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inside: (
            st.lists(inside, max_size=3)
            | st.dictionaries(
                st.sampled_from([*Lesson.model_fields, *Step.model_fields]), inside, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_anything_is_a_lesson_or_refused_in_a_sentence(data: object) -> None:
    with suppress(LessonError):
        parse_lesson(data)
