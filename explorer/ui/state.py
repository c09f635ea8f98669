"""The one owner of st.session_state: what a visitor is working on."""

import re
import secrets
from dataclasses import dataclass, field, replace

import streamlit as st

from explorer.assignment.assignment import Assignment
from explorer.classroom.assignments import PARAMETER as GIVEN_PARAMETER
from explorer.classroom.assignments import GivenOut, NotGivenOut
from explorer.kept_work import new_id
from explorer.lesson.lesson import Control, Lesson
from explorer.lesson.progress import Progress
from explorer.link import PARAMETER, LinkError, Shared, decode, encode
from explorer.network.analysis import analyze
from explorer.network.dropout import dropout_rates, with_dropout
from explorer.network.spec import MAX_NAME, Architecture, path_text
from explorer.network.stated_inputs import without_true_statements
from explorer.presets import Preset, find_preset, load_presets
from explorer.ready_lessons import PARAMETER as LESSON_PARAMETER
from explorer.ready_lessons import NoSuchLesson, find_lesson, lesson_of
from explorer.runs.database import StoreError
from explorer.runs.manager import Run, UnknownRun
from explorer.runs.rate_searches import Question
from explorer.text import counted, printable, size_text
from explorer.training.dataset_lookup import find_dataset
from explorer.training.recipe import Recipe, with_changes
from explorer.ui import process
from explorer.ui.arrival import asked_for
from explorer.ui.components.stack_editor import Stack, sent_draft
from explorer.ui.components.stack_editor.draft import MAX_COUNT
from explorer.ui.components.stack_editor.rows import flatten
from explorer.ui.people import who

RUN_PARAMETER, KEPT_PARAMETER = "run", "work"  # of the address, beside a link's
STEP_PARAMETER = "step"  # of the lesson, from 1
# Characters in the address: a code of more is too fine to be read off a projector.
LONGEST_LINK = 1_000
STACK_KEY = "stack"  # the stack editor's own state, which the browser writes
ADDRESS_KEY = "address"  # of the component by which a draft comes whose editor is gone
_KEY = "explorer"
_WORKS_KEY = "works"
_KEPT_KEY = "kept-work"
FIRST_PRESET = "adaptive-pool-16k"
KEPT_WORKS = 50  # to which undo leads back with their name, images and recipe


@dataclass(frozen=True)
class Start:
    """What the work began from, and what a reset returns to: a preset, or something that was
    opened.
    """

    title: str
    architecture: Architecture
    recipe: Recipe
    character: str = ""
    preset: str = ""  # its id, where it is one

    @classmethod
    def of(cls, preset: Preset) -> "Start":
        return cls(preset.id, preset.architecture, preset.recipe, preset.character, preset.id)


def new_work() -> int:
    """A random number for other work, so that no other session's undo history leads to it."""
    return 1 + secrets.randbelow(MAX_COUNT)


@dataclass(frozen=True)
class Repeat:
    """A start that waits for an answer, because such a run exists already."""

    run: str  # the id of that one
    architecture: Architecture
    recipe: Recipe


@dataclass(frozen=True)
class Session:
    """One visitor's work. It is replaced, never changed."""

    start: Start
    name: str
    input_shape: tuple[int, int, int]
    stack: Stack
    recipe: Recipe
    work: int = field(default_factory=new_work)  # so that undo can come back to it
    # Counts the recipes put in place by us, so that the form shows the new one.
    recipe_version: int = 0
    assignment: Assignment = field(default_factory=Assignment)
    given: str = ""  # the id of the assignment that was given out, in place of that one
    lesson: Progress | None = None
    making: Lesson | None = None  # the lesson that is being made, in Share & save
    run: str | None = None  # the run that the Train page shows
    notice: str = ""  # why what the address asked for is not shown
    opening: bool = False  # the dialog to open other work is open
    own_images: bool = False  # the dialog of own images is open
    repeat: Repeat | None = None  # the question on Train whether to start the same run once more
    rate_question: Question | None = None  # what the learning-rate finder on Train was asked last

    @property
    def architecture(self) -> Architecture:
        """The network, without statements on its layers' inputs that are true by now."""
        network = Architecture(
            name=self.name, input_shape=self.input_shape, layers=self.stack.layers
        )
        return without_true_statements(network)

    @property
    def is_unchanged(self) -> bool:
        """Whether the network is still the one that the work started from."""
        return self.architecture.key == self.start.architecture.key

    @property
    def shared(self) -> Shared:
        """The work as a link or a file holds it."""
        lesson = self.lesson.lesson if self.lesson else None
        return Shared(self.architecture, self.recipe, self.assignment, self.start.preset, lesson)

    @property
    def recipe_is_locked(self) -> bool:
        """Whether a lesson keeps the recipe as it is."""
        return self.lesson is not None and self.lesson.lesson.locks_recipe


def current() -> Session:
    """The visitor's work. At first it is what the address names (a link's work, a run), else the
    first preset.
    """
    if _KEY not in st.session_state:
        st.session_state[_KEY] = _with_given(_arrived(), asked_for(GIVEN_PARAMETER))
    session: Session = st.session_state[_KEY]
    return session


def address() -> dict[str, str]:
    """The work's parameters for the address; "" for those that it does not need."""
    session, unsaid = current(), None
    lesson, shared = session.lesson, session.shared
    if lesson and lesson.ready:  # its id says what the lesson is, and the work that it begins with
        unsaid = replace(find_lesson(lesson.ready), lesson=None)
        shared = replace(shared, lesson=None)
    link, kept = link_or_id(shared, unsaid)
    return {
        PARAMETER: link,
        KEPT_PARAMETER: kept,
        RUN_PARAMETER: session.run or "",
        GIVEN_PARAMETER: session.given,
        LESSON_PARAMETER: lesson.ready if lesson else "",
        STEP_PARAMETER: str(lesson.place + 1) if lesson and lesson.place else "",
    }


def link_or_id(shared: Shared, unsaid: Shared | None = None) -> tuple[str, str]:
    """The work as a link's text, or the id under which the server keeps what is too long for that.

    The other one is "". Both are "" for the work that is seen where none is named: `unsaid`, or
    what a new visitor would see.
    """
    if shared == (unsaid or first().shared):
        return "", ""
    try:
        link = encode(shared)
    except LinkError:
        link = ""
    if link and len(link) <= LONGEST_LINK:
        return link, ""
    id, kept = st.session_state.get(_KEPT_KEY) or (new_id(), None)
    if kept != shared:
        if not process.kept_work().keep(id, shared):
            return link, ""
        st.session_state[_KEPT_KEY] = (id, shared)
    return "", id


def first() -> Session:
    """What a visitor starts with if the address names nothing."""
    start = Start.of(load_presets()[FIRST_PRESET])
    return _begun(start, Shared(start.architecture, start.recipe))


def _begun(start: Start, shared: Shared) -> Session:
    architecture = shared.architecture
    work = new_work()
    selected = _first_selected(shared)
    stack = replace(Stack.of(architecture.layers, selected), work=work)
    return Session(
        start,
        architecture.name,
        architecture.input_shape,
        stack,
        shared.recipe,
        work=work,
        assignment=shared.assignment,
        lesson=Progress(shared.lesson) if shared.lesson else None,
    )


def _first_selected(shared: Shared) -> int | None:
    """The row that the work's lesson selects first; None where it names no layer that is there."""
    wanted = shared.lesson.select if shared.lesson else ""
    rows = enumerate(flatten(shared.architecture.layers))
    return next(
        (index for index, row in rows if row.stands_for_node and path_text(row.path) == wanted),
        None,
    )


def _arrived() -> Session:
    """What the address names: work, a run, a lesson, and the step in it."""
    link, kept, run, ready = map(
        asked_for, (PARAMETER, KEPT_PARAMETER, RUN_PARAMETER, LESSON_PARAMETER)
    )
    if not ready:
        return _at_step(_from_address(link, kept, run))
    try:
        shared = find_lesson(ready)
    except NoSuchLesson as error:
        session = _from_address(link, kept, run)
        return replace(session, notice=session.notice or str(error))
    if link or kept:
        session = _from_address(link, kept, run)
        if not session.start.preset:
            session = replace(session, start=_start_of(shared))
    else:
        session = replace(_begun(_start_of(shared), shared), run=run)
    return _at_step(replace(session, lesson=Progress(lesson_of(shared), ready)))


def _start_of(shared: Shared) -> Start:
    """What the work of a lesson begins from, under the lesson's title."""
    return Start(lesson_of(shared).title, shared.architecture, shared.recipe)


def _at_step(session: Session) -> Session:
    """The session at the step of its lesson that the address names, if that is one."""
    step = asked_for(STEP_PARAMETER) or ""
    if session.lesson is None or not re.fullmatch("[0-9]{1,3}", step):
        return session
    return replace(session, lesson=session.lesson.at(int(step) - 1))


def _from_address(link: str | None, kept: str | None, run_id: str | None) -> Session:
    run = _run(run_id)
    if link or kept:
        try:
            shared = decode(link) if link else process.kept_work().find(kept or "")
            return replace(_begun(_start(shared, "a link"), shared), run=run_id)
        except LinkError as error:
            notice = f"This link cannot be opened: {error}. Showing the default network instead."
            return replace(first(), notice=notice, run=run_id)
    if run is None:
        return replace(first(), run=run_id)
    shared = _work_of(run)
    return replace(_begun(_start(shared, f"run {run.id}"), shared), run=run.id)


def _work_of(run: Run) -> Shared:
    preset = find_preset(run.architecture)
    return Shared(run.architecture, run.recipe, start=preset.id if preset else "")


def _run(run_id: str | None) -> Run | None:
    try:
        return process.jobs().snapshot(run_id, 0).run if run_id else None
    except UnknownRun:
        return None  # the Train page says so


def _start(shared: Shared, title: str) -> Start:
    """The preset that shared work began from, else the work itself under this title."""
    if shared.start:
        return Start.of(load_presets()[shared.start])
    return Start(title, shared.architecture, shared.recipe)


# --- the assignment -------------------------------------------------------------------------------


def _with_given(session: Session, id: str | None) -> Session:
    """The session under the assignment that the address names, whatever else a link says of one:
    but for a teacher, whose link holds what they are changing.
    """
    if not id:
        return session
    try:
        given = process.assignments().find(id)
    except (NotGivenOut, StoreError) as error:
        return replace(session, notice=session.notice or str(error))
    changing = who().is_teacher and (asked_for(PARAMETER) or asked_for(KEPT_PARAMETER))
    assignment = session.assignment if changing else given.assignment
    return replace(session, given=given.id, assignment=assignment)


def given_out() -> GivenOut | None:
    """The assignment that the visitor works on as their teacher gave it out; None where none is."""
    session = current()
    if not session.given:
        return None
    try:
        return process.assignments().find(session.given)
    except (NotGivenOut, StoreError):
        return None


def given_no_more() -> str:
    """What to say, once, of an assignment that was deleted since the visitor took it; "" where none
    was. They go on with a copy of it.
    """
    session = current()
    if not session.given:
        return ""
    try:
        process.assignments().find(session.given)
    except NotGivenOut:
        keep_session(replace(session, given=""))
        return "your teacher has deleted the assignment that you worked on; your work is still here"
    except StoreError:
        pass  # the page says so
    return ""


def assignment() -> Assignment:
    """What the work is judged by: what was given out, else the visitor's own.

    A teacher has a copy of it, which they may change and give out again.
    """
    given = given_out()
    return given.assignment if given and not who().is_teacher else current().assignment


def take_assignment(given: GivenOut) -> None:
    """Put the work under an assignment that was given out."""
    keep_session(replace(accept_draft(), given=given.id, assignment=given.assignment))


def take_deadline(id: str, deadline: int | None) -> None:
    """Take over a deadline that was changed for the class into one's own copy of it, if there is
    one: it would set the old one again.
    """
    session = current()
    if session.given == id:
        assignment = session.assignment.model_copy(update={"deadline": deadline})
        keep_session(replace(session, assignment=assignment))


def leave_assignment() -> None:
    """Go on without the assignment that was given out."""
    keep_session(replace(accept_draft(), given="", assignment=Assignment()))


# --- the lesson -----------------------------------------------------------------------------------


def open_lesson(id: str) -> None:
    """Open the work of a lesson that comes with the explorer, and the lesson. Raises
    NoSuchLesson.
    """
    shared = find_lesson(id)
    open_work(_start_of(shared), shared)
    keep_session(replace(current(), lesson=Progress(lesson_of(shared), id)))


def leave_lesson() -> None:
    """Go on with the work, and with all of the explorer."""
    keep_session(replace(accept_draft(), lesson=None))


def hides(control: Control) -> bool:
    """Whether the lesson that the visitor is in leaves something out."""
    lesson = current().lesson
    return lesson is not None and lesson.hides(control)


def keep_progress(progress: Progress) -> None:
    """Keep how far the visitor is in the lesson."""
    keep_session(replace(accept_draft(), lesson=progress))


def keep_session(session: Session) -> Session:
    st.session_state[_KEY] = session
    return session


def accept_draft() -> Session:
    """The visitor's work with the latest draft of the stack editor."""
    session = current()
    stack = session.stack
    for key in (STACK_KEY, ADDRESS_KEY):
        stack = stack.accepting(sent_draft(key))
    if stack is session.stack:
        return session
    other = _works().get(stack.work) if stack.work != session.work else None
    return keep_session(
        replace(session, stack=stack) if other is None else _back_in(session, other, stack)
    )


def _works() -> dict[int, Session]:
    """The last KEPT_WORKS works of the visitor, each as it was left."""
    works: dict[int, Session] = st.session_state.setdefault(_WORKS_KEY, {})
    return works


def _keep_work(session: Session) -> None:
    works = _works()
    works.pop(session.work, None)
    works[session.work] = session
    while len(works) > KEPT_WORKS:
        del works[next(iter(works))]


def _back_in(session: Session, other: Session, stack: Stack) -> Session:
    """The session after undo or redo led to layers of other work, with that work's name, start,
    images and recipe.
    """
    _keep_work(session)
    shape, recipe = _images_and_recipe(session, other.input_shape, other.recipe)
    return replace(
        session,
        work=other.work,
        start=other.start,
        name=other.name,
        input_shape=shape,
        recipe=recipe,
        recipe_version=session.recipe_version + 1,
        stack=stack,
    )


Shape3 = tuple[int, int, int]


def _images_and_recipe(session: Session, shape: Shape3, recipe: Recipe) -> tuple[Shape3, Recipe]:
    """The images and the recipe of work that is put in place: these, unless a lesson keeps those
    that there are.
    """
    if session.recipe_is_locked:
        return session.input_shape, session.recipe
    return shape, recipe


def open_preset(preset: Preset) -> None:
    """Open a preset: its layers, images and recipe. The assignment stays."""
    open_work(Start.of(preset), Shared(preset.architecture, preset.recipe, current().assignment))


def open_shared(title: str, shared: Shared) -> None:
    """Open work that was saved or came as a file. A reset returns to it."""
    open_work(Start(title, shared.architecture, shared.recipe), shared)


def open_run(run: Run) -> None:
    """Open a run's network and recipe, and show the run on Train. The assignment stays."""
    shared = replace(_work_of(run), assignment=current().assignment)
    open_work(_start(shared, f"run {run.id}"), shared)
    keep_session(replace(current(), run=run.id))


def open_work(start: Start, shared: Shared) -> None:
    """Replace the visitor's work. Undo leads back to it. A lesson goes on, unless the work brings
    one of its own.
    """
    session, architecture = accept_draft(), shared.architecture
    _keep_work(session)
    if shared.lesson:
        session = replace(session, lesson=Progress(shared.lesson))
    work = new_work()
    selected = _first_selected(shared)
    shape, recipe = architecture.input_shape, shared.recipe
    if shared.lesson is None:
        shape, recipe = _images_and_recipe(session, shape, recipe)
    keep_session(
        replace(
            session,
            work=work,
            start=start,
            name=architecture.name,
            input_shape=shape,
            stack=session.stack.replaced(architecture.layers, selected, work=work),
            recipe=recipe,
            recipe_version=session.recipe_version + 1,
            # What was given out does not go with the work.
            assignment=session.assignment if session.given else shared.assignment,
            opening=False,
            own_images=False,
            notice="",
        )
    )


def reset() -> None:
    """Return to the network that the work started from. The recipe stays unless the network takes
    other images.
    """
    session = accept_draft()
    start, recipe = session.start, session.recipe
    if session.input_shape != start.architecture.input_shape:
        recipe = with_changes(recipe, dataset=start.recipe.dataset)
    open_work(start, Shared(start.architecture, recipe, session.assignment))


def keep_recipe(recipe: Recipe) -> str:
    """Keep what the form on Train holds, for links, downloads and the assignment.

    Returns what else changed with it, see `choose_images`.
    """
    session = current()
    if recipe == session.recipe or session.recipe_is_locked:
        return ""
    before = session.recipe.dataset
    changed = keep_session(
        replace(session, recipe=recipe, input_shape=find_dataset(recipe.dataset).input_shape)
    )
    return _what_changed(session, changed, before)


def put_recipe(recipe: Recipe) -> str:
    """Like `keep_recipe`, for a recipe that the form does not show yet."""
    changed = keep_recipe(recipe)
    session = current()
    keep_session(replace(session, recipe_version=session.recipe_version + 1))
    return changed


def _what_changed(before: Session, after: Session, images: str) -> str:
    """A sentence on the network's new input, and how to undo it; "" if the input is the same."""
    if before.input_shape == after.input_shape:
        return ""
    old, new = (size_text(each.input_shape) for each in (before, after))
    more = analyze(after.architecture).total_params - analyze(before.architecture).total_params
    cost = (
        f": {counted(abs(more), 'more parameter' if more > 0 else 'fewer parameter')}"
        if more
        else ""
    )
    title = find_dataset(images).title
    return f"The input is now {new} instead of {old}{cost}. To undo, choose {title}"


def use_recipe_variant(preset: Preset, variant: str) -> None:
    """Use one of the preset's recipes, the author's or ours, and its rates in the stack's dropout
    layers.
    """
    session, found = current(), preset.recipe_variant(variant)
    if session.recipe_is_locked:
        return
    assert found is not None
    architecture, recipe = found
    if rates := dropout_rates(architecture):
        layers = with_dropout(session.architecture, rates).layers
        session = (
            session
            if layers == session.stack.layers
            else replace(session, stack=session.stack.replaced(layers))
        )
    keep_session(replace(session, recipe=recipe, recipe_version=session.recipe_version + 1))


def rename(name: str) -> None:
    session = accept_draft()
    keep_session(replace(session, name=printable(name)[:MAX_NAME]))


def choose_images(dataset: str) -> str:
    """Choose other images, and give the network their shape as its input.

    Returns what changed, as a sentence for the visitor; "" if the input is the same.
    """
    session = accept_draft()
    if session.recipe_is_locked:
        return ""
    recipe = with_changes(session.recipe, dataset=dataset)
    shape = find_dataset(dataset).input_shape
    changed = keep_session(
        replace(
            session, recipe=recipe, recipe_version=session.recipe_version + 1, input_shape=shape
        )
    )
    return _what_changed(session, changed, session.recipe.dataset)


def ask_to_open() -> None:
    """Show the dialog that opens other work, until it is closed."""
    keep_session(replace(accept_draft(), opening=True))


def close_dialog() -> None:
    if current().opening:
        keep_session(replace(current(), opening=False))


def show_own_images() -> None:
    """Show the dialog of own images, until it is closed."""
    keep_session(replace(current(), own_images=True))


def close_own_images() -> None:
    if current().own_images:
        keep_session(replace(current(), own_images=False))


def apply_fix(architecture: Architecture) -> None:
    """Replace the network by the fixed one; the browser can undo it like an edit of its own."""
    session = accept_draft()
    stack = session.stack.replaced(architecture.layers)
    keep_session(replace(session, stack=stack, input_shape=architecture.input_shape))
