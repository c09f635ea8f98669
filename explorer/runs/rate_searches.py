"""RateSearches: the learning-rate finder beside the trainings, one search at a time, the others
waiting in a line.

A search is short: at most 200 steps (training/learning_rate_finder.py) and LONGEST seconds. So it
does not queue with the runs, whose turns are epochs: whoever asked looks at the form and waits. It
computes beside the run that trains, and goes on only while its page looks at it.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum

from cachetools import LRUCache

from explorer.network.analysis import analyze
from explorer.network.spec import Architecture
from explorer.people.permissions import Action, Kind, Thing, check
from explorer.people.person import Person
from explorer.runs.class_rules import PAUSED, AgainstTheRules, ClassRules, check_rules
from explorer.runs.images_access import check_images
from explorer.runs.run import RunError
from explorer.text import duration
from explorer.training.dataset_files import load_present_dataset
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import DatasetError
from explorer.training.learning_rate_finder import (
    FoundRates,
    Tried,
    find_rates,
    searched,
    try_rates,
)
from explorer.training.problems import TrainingError
from explorer.training.recipe import Recipe

LONGEST = 120.0  # seconds; a search of what a class trains takes five to thirty
UNSEEN = 15.0  # seconds after which a search that no page has looked at is given up
KEPT = 600.0  # seconds for which it is said why one failed
MOST_WAITING = 40
FOUND_AT_HAND = 16  # searches that need not be made again

log = logging.getLogger(__name__)


class LineFull(RunError):
    """Too many searches wait; the message says so."""


class Stage(Enum):
    """How far a search is."""

    WAITING = "waiting"
    """Others are made first."""
    WORKING = "working"
    """It tries rates."""
    FOUND = "found"
    """It has ended; `found` says with what."""
    FAILED = "failed"
    """It could not be made; `problem` says why."""

    @property
    def is_over(self) -> bool:
        """Has it come to an end, good or bad?"""
        return self in (Stage.FOUND, Stage.FAILED)


@dataclass(frozen=True)
class Standing:
    """How a search stands."""

    stage: Stage
    ahead: int = 0  # searches that are made first
    steps: int = 0  # taken so far
    latest: Tried | None = None
    found: FoundRates | None = None
    problem: str = ""


@dataclass(frozen=True)
class Question:
    """Which rate is good for this network with this recipe, whatever rate that has itself."""

    architecture: Architecture
    recipe: Recipe

    @property
    def key(self) -> Hashable:
        """Equal for two questions with the same answer."""
        return self.architecture.key, searched(self.recipe)


@dataclass(eq=False)
class _Search:
    question: Question
    key: Hashable
    owner: str
    looked: float  # when its page last did
    standing: Standing = field(default_factory=lambda: Standing(Stage.WAITING))
    is_cancelled: bool = False


class RateSearches:
    """The line of searches, and the thread that makes them. Every method may be called from any
    thread.

    A person has one search: whoever asks for another gives up the one before.
    """

    def __init__(self, rules: Callable[[], ClassRules], now: Callable[[], float] = time.monotonic):
        """`rules` are those of the class; they may raise StoreError."""
        self._rules, self._now = rules, now
        self._lock = threading.Lock()  # of all that follows
        self._searches: dict[str, _Search] = {}  # by owner, in the order in which they were asked
        self._found: LRUCache[Hashable, FoundRates] = LRUCache(FOUND_AT_HAND)
        self._thread: threading.Thread | None = None

    def ask(self, question: Question, by: Person) -> None:
        """Have this person's search made, unless its answer is known or it goes on already.

        Raises NotAllowed, also of images that are somebody else's own, LineFull, and
        AgainstTheRules where the class's rules do not allow it.
        """
        check(by, Action.START, Thing(Kind.RUN, by.id))
        check_images(by, question.recipe.dataset)
        self._check_rules(question, by)
        key = question.key
        with self._lock:
            self._forget_unseen()
            before = self._searches.get(by.id)
            if key in self._found or (before and before.key == key and not _is_over(before)):
                return
            others = [each for each in self._searches.values() if each is not before]
            waiting = sum(not _is_over(each) for each in others)
            if waiting >= MOST_WAITING:
                raise LineFull(
                    f"{waiting} searches for a learning rate wait already; "
                    "try again in a few minutes"
                )
            self._give_up(before)
            self._searches[by.id] = _Search(question, key, by.id, self._now())
            if self._thread is None:
                # No daemon: one that is in torch when the interpreter ends would abort the process.
                self._thread = threading.Thread(target=self._work, name="learning rates")
                self._thread.start()

    def look(self, question: Question, by: Person) -> Standing | None:
        """How the search stands that answers this person's question; None if there is none.

        A search goes on only where this is asked again and again.
        """
        key = question.key
        with self._lock:
            if found := self._found.get(key):
                return Standing(Stage.FOUND, found=found)
            search = self._searches.get(by.id)
            if search is None or search.key != key:
                return None
            search.looked = self._now()
            if search.standing.stage is not Stage.WAITING:
                return search.standing
            others = list(self._searches.values())
            ahead = sum(not _is_over(each) for each in others[: others.index(search)])
            return Standing(Stage.WAITING, ahead)

    def cancel(self, by: Person) -> None:
        """Give up this person's search, if there is one."""
        with self._lock:
            self._give_up(self._searches.get(by.id))

    def close(self, timeout: float) -> bool:
        """Give up all searches, and wait for the thread. Returns False if it has not ended by then.

        Later questions begin a new line, and nothing is known of those before.
        """
        with self._lock:
            for search in list(self._searches.values()):
                self._give_up(search)
            self._found.clear()
            thread = self._thread
        if thread:
            thread.join(timeout)
        return not (thread and thread.is_alive())

    def _check_rules(self, question: Question, by: Person) -> None:
        rules = self._rules()
        if rules.is_paused:
            raise AgainstTheRules(PAUSED)
        if not by.is_teacher:
            check_rules(rules, 1, analyze(question.architecture).total_params)

    def _give_up(self, search: _Search | None) -> None:
        """With the lock held."""
        if search and self._searches.get(search.owner) is search:
            del self._searches[search.owner]
            search.is_cancelled = True

    def _forget_unseen(self) -> None:
        """With the lock held."""
        for search in list(self._searches.values()):
            if self._is_unseen(search):
                self._give_up(search)

    def _is_unseen(self, search: _Search) -> bool:
        longest = KEPT if _is_over(search) else UNSEEN
        return self._now() - search.looked > longest

    # --- the thread -------------------------------------------------------------------------------

    def _work(self) -> None:
        while search := self._next():
            search.standing = self._answer(search)

    def _next(self) -> _Search | None:
        """The first that waits. None, and the thread ends, if none does."""
        with self._lock:
            self._forget_unseen()
            for search in self._searches.values():
                if search.standing.stage is Stage.WAITING:
                    search.standing = Standing(Stage.WORKING)
                    return search
            self._thread = None
            return None

    def _answer(self, search: _Search) -> Standing:
        """Make a search, and say how it ended."""
        question = search.question
        try:
            with self._lock:
                found = self._found.get(search.key)  # somebody else's may have found it
            if found is None:
                found = self._find(search)
                with self._lock:
                    self._forget_unseen()
                    if found is None:
                        self._give_up(search)
                        return Standing(Stage.FAILED, problem="nobody waited for it")
                    self._found[search.key] = found
            return Standing(Stage.FOUND, found=found)
        except (TrainingError, DatasetError) as error:
            return Standing(Stage.FAILED, problem=str(error))
        except Exception:  # a fault of ours: this search ends, the others go on
            log.exception("no learning rate could be found for %r", question.architecture.name)
            problem = "the program failed; the server's log says where"
            return Standing(Stage.FAILED, problem=problem)

    def _find(self, search: _Search) -> FoundRates | None:
        """Try the rates; None if nobody waits for them any more.

        Raises TrainingError, also where it takes too long, and DatasetError.
        """
        recipe = search.question.recipe
        kind = find_dataset(recipe.dataset)
        if not kind.absent and not kind.is_here():
            raise DatasetError(
                f"the data set {kind.title} is not on this server yet: "
                "start a training, which downloads it"
            )
        dataset = load_present_dataset(recipe.dataset)
        began, tried, is_given_up = self._now(), list[Tried](), False

        def should_stop() -> bool:
            nonlocal is_given_up
            if self._now() - began > LONGEST:
                raise TrainingError(_took_too_long())
            is_given_up = search.is_cancelled or self._is_unseen(search)
            return is_given_up

        for each in try_rates(
            search.question.architecture, recipe, dataset, should_stop=should_stop
        ):
            tried.append(each)
            search.standing = Standing(Stage.WORKING, steps=len(tried), latest=each)
        return None if is_given_up else find_rates(tried, recipe)


def _is_over(search: _Search) -> bool:
    return search.standing.stage.is_over


def _took_too_long() -> str:
    return (
        f"the search took longer than {duration(LONGEST)}: try a smaller batch size or a smaller "
        "network, or search without this limit by `python -m explorer lr-find`"
    )
