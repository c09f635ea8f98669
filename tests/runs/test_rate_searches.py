"""Searches for a learning rate beside the trainings: one at a time, in a line, each for its person."""

import threading
from collections.abc import Iterator

import pytest

from explorer.network.spec import Architecture
from explorer.own_images import OwnImages
from explorer.people.permissions import NotAllowed
from explorer.people.person import Person
from explorer.runs import rate_searches
from explorer.runs.class_rules import AgainstTheRules, ClassRules
from explorer.runs.rate_searches import LineFull, Question, RateSearches, Stage, Standing
from explorer.training.dataset_files import Dataset
from explorer.training.learning_rate_finder import Tried
from explorer.training.own_images.making import Options, make_own_images
from explorer.training.problems import TrainingError
from explorer.training.recipe import Recipe
from tests.people.shared import ANN, BEN, TEACHER, student
from tests.runs.shared import wait_until
from tests.tiny import linear, network
from tests.training.own_images.zips import good_zip

RECIPE = Recipe(batch_size=32, device="cpu", precision="fp32").model_copy(
    update={"dataset": "tiny"}  # which is known while a test runs
)


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rules() -> list[ClassRules]:
    """The class's rules: the last one holds."""
    return [ClassRules()]


@pytest.fixture
def searches(clock: Clock, rules: list[ClassRules], tiny: Dataset) -> Iterator[RateSearches]:
    made = RateSearches(lambda: rules[-1], clock)
    yield made
    assert made.close(30)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Searches of two steps, which wait between them for this."""
    opened = threading.Event()

    def steps(architecture, recipe, dataset, device=None, should_stop=lambda: False):
        for lr, loss in ((0.001, 2.0), (0.01, 1.0)):
            if should_stop():
                return
            yield Tried(lr, loss)
            while not opened.wait(0.01):
                if should_stop():
                    return

    monkeypatch.setattr(rate_searches, "try_rates", steps)
    yield opened
    opened.set()


def stands(searches: RateSearches, question: Question, by: Person) -> Stage | None:
    standing = searches.look(question, by)
    return standing and standing.stage


def ended(searches: RateSearches, question: Question, by: Person) -> Standing:
    wait_until(lambda: (s := searches.look(question, by)) is not None and s.stage.is_over)
    standing = searches.look(question, by)
    assert standing is not None
    return standing


def asked(searches: RateSearches, small: Architecture, by: Person, size: int = 32) -> Question:
    question = Question(small, RECIPE.model_copy(update={"batch_size": size}))
    searches.ask(question, by)
    return question


def test_a_search_finds_a_rate_that_answers_the_same_question_for_all(searches, small):
    question = asked(searches, small, ANN)
    standing = ended(searches, question, ANN)
    assert standing.stage is Stage.FOUND
    assert standing.found.suggested is not None
    other = RECIPE.model_copy(update={"seed": 9, "epochs": 3})
    assert searches.look(Question(small.model_copy(update={"name": "b"}), other), BEN) == standing
    assert searches.look(Question(small, RECIPE.model_copy(update={"rotation": 9.0})), ANN) is None


def test_one_is_made_at_a_time_in_the_order_of_asking(searches, small, gate):
    first, second, third = (
        asked(searches, small, person, size)
        for person, size in ((ANN, 8), (BEN, 16), (TEACHER, 32))
    )
    wait_until(lambda: searches.look(first, ANN).latest is not None)
    assert searches.look(first, ANN).latest == Tried(0.001, 2.0)
    assert searches.look(first, ANN).steps == 1
    assert searches.look(second, BEN) == Standing(Stage.WAITING, ahead=1)
    assert searches.look(third, TEACHER) == Standing(Stage.WAITING, ahead=2)
    gate.set()
    assert {
        ended(searches, q, p).stage for q, p in ((first, ANN), (second, BEN), (third, TEACHER))
    } == {Stage.FOUND}


def test_whoever_asks_again_gives_up_the_one_before(searches, small, gate):
    first = asked(searches, small, ANN, 8)
    wait_until(lambda: stands(searches, first, ANN) is Stage.WORKING)
    second = asked(searches, small, ANN, 16)
    assert searches.look(first, ANN) is None
    wait_until(lambda: stands(searches, second, ANN) is Stage.WORKING)


def test_asking_the_same_twice_is_one_search(searches, small, gate):
    question = asked(searches, small, ANN)
    wait_until(lambda: searches.look(question, ANN).steps == 1)
    searches.ask(question, ANN)
    assert searches.look(question, ANN).steps == 1


def test_a_search_that_no_page_looks_at_is_given_up(searches, small, gate, clock):
    question, other = asked(searches, small, ANN, 8), asked(searches, small, BEN, 16)
    wait_until(lambda: stands(searches, question, ANN) is Stage.WORKING)
    clock.now += rate_searches.UNSEEN - 1
    assert stands(searches, other, BEN) is Stage.WAITING  # which Ben's page sees; Ann's has gone
    clock.now += 2
    wait_until(lambda: stands(searches, other, BEN) is Stage.WORKING)
    assert stands(searches, question, ANN) is None


def test_a_cancelled_search_ends_and_lets_the_next_begin(searches, small, gate):
    question, other = asked(searches, small, ANN, 8), asked(searches, small, BEN, 16)
    wait_until(lambda: stands(searches, question, ANN) is Stage.WORKING)
    searches.cancel(ANN)
    assert stands(searches, question, ANN) is None
    wait_until(lambda: stands(searches, other, BEN) is Stage.WORKING)


def test_one_that_takes_too_long_says_so(searches, small, gate, clock):
    question = asked(searches, small, ANN)
    wait_until(lambda: searches.look(question, ANN).steps == 1)
    clock.now += rate_searches.LONGEST + 1
    searches.look(question, ANN)
    standing = ended(searches, question, ANN)
    assert standing.stage is Stage.FAILED
    assert "took longer than 2 min" in standing.problem


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TrainingError("out of memory: try a smaller batch"), "out of memory: try a smaller batch"),
        (ZeroDivisionError(), "the program failed; the server's log says where"),
    ],
)
def test_one_that_fails_says_why_and_may_be_asked_for_again(
    searches, small, monkeypatch, caplog, error, words
):
    def fail(*given: object, **named: object) -> Iterator[Tried]:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(rate_searches, "try_rates", fail)
        question = asked(searches, small, ANN)
        assert ended(searches, question, ANN) == Standing(Stage.FAILED, problem=words)
    searches.ask(question, ANN)
    wait_until(lambda: stands(searches, question, ANN) is Stage.FOUND)


def test_images_that_are_not_here_are_not_downloaded(searches, small, monkeypatch, tmp_path):
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path))
    question = Question(small, RECIPE.model_copy(update={"dataset": "mnist"}))
    searches.ask(question, ANN)
    assert "start a training, which downloads it" in ended(searches, question, ANN).problem


@pytest.mark.parametrize(
    ("rule", "by", "words"),
    [
        (ClassRules(is_paused=True), ANN, "a teacher has paused training"),
        (ClassRules(is_paused=True), TEACHER, "a teacher has paused training"),
        (ClassRules(most_parameters=5), ANN, "a network has at most 5 parameters"),
        (ClassRules(most_parameters=5), TEACHER, ""),
    ],
)
def test_the_rules_of_the_class_hold(searches, small, rules, rule, by, words):
    rules.append(rule)
    if not words:
        asked(searches, small, by)
        return
    with pytest.raises(AgainstTheRules, match=words):
        asked(searches, small, by)


def test_nobody_may_not_ask(searches, small):
    with pytest.raises(NotAllowed):
        asked(searches, small, Person("", "Nobody"))


def test_own_images_are_searched_on_by_their_owner_and_teachers_alone(
    searches, gate, tmp_path, monkeypatch
):
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path))
    made = make_own_images(good_zip(), Options((1, 8, 8)))
    recipe = RECIPE.model_copy(update={"dataset": OwnImages().add(made, "Colours", ANN).name})
    question = Question(network("Flatten", linear(3)), recipe)
    with pytest.raises(NotAllowed, match="Colours are somebody's own images, and only they or a"):
        searches.ask(question, BEN)
    assert searches.look(question, BEN) is None
    for person in (ANN, TEACHER):
        searches.ask(question, person)
        assert searches.look(question, person) is not None
    gate.set()
    assert ended(searches, question, TEACHER).stage is Stage.FOUND

    OwnImages().delete(question.recipe.dataset, ANN, keep_description=True)
    smaller = Question(question.architecture, recipe.model_copy(update={"batch_size": 8}))
    searches.ask(smaller, ANN)
    assert "they are deleted: choose other images" in ended(searches, smaller, ANN).problem


def test_the_line_has_an_end(searches, small, gate, monkeypatch):
    monkeypatch.setattr(rate_searches, "MOST_WAITING", 3)
    for place in range(3):
        asked(searches, small, student(f"s{place}"), 8 + place)
    with pytest.raises(LineFull, match="3 searches for a learning rate wait already"):
        asked(searches, small, ANN)
    asked(searches, small, student("s0"), 20)  # in place of the own one


def test_closing_ends_the_thread_and_a_new_line_may_begin(searches, small, gate):
    before = set(threading.enumerate())
    question = asked(searches, small, ANN)
    wait_until(lambda: stands(searches, question, ANN) is Stage.WORKING)
    assert searches.close(30)
    assert searches.look(question, ANN) is None
    assert set(threading.enumerate()) <= before
    gate.set()
    assert ended(searches, asked(searches, small, ANN), ANN).stage is Stage.FOUND
