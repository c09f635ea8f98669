"""What somebody else's browser says of a run that is not theirs, whatever it says: nothing happens,
and where there is something to answer it is told why.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from explorer.classroom.register import Register
from explorer.network.spec import Architecture, Flatten, Linear
from explorer.runs.new_run import new_run
from explorer.runs.run import Status
from explorer.runs.store import Store
from explorer.training.event import Event
from tests.browser.conftest import Server, serving
from tests.runs.shared import recipe
from tests.ui.socket_client import SocketClient, cookie_from, visiting

pytestmark = pytest.mark.slow
KEY = "open sesame"
NETWORK = Architecture(name="theirs", layers=(Flatten(), Linear(out_features=10)))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that others reach, with a teacher's key."""
    folder = tmp_path_factory.mktemp("class")
    with serving(folder, address="0.0.0.0", EXPLORER_TEACHER_KEY=KEY) as server:
        yield server


@pytest.fixture
def store(server: Server) -> Iterator[Store]:
    opened = Store(server.log.parent / "home")
    yield opened
    opened.close()


def person_of(store: Store, name: str) -> str:
    """The id of the person with this name."""
    with store.database.read() as connection:
        row = connection.execute("SELECT id FROM people WHERE name = ?", (name,)).fetchone()
        found: str = row["id"]
        return found


def named(server: Server, store: Store, name: str) -> str:
    """The cookie of somebody new with this name."""
    cookie = cookie_from(server.url)
    with visiting(server.url, cookie) as client:
        before = {each for each in (made_up(client),) if each}
    (before_name,) = before
    Register(store.database).rename(person_of(store, before_name), name)
    return cookie


def made_up(client: SocketClient) -> str:
    """The made-up name that the page asks whether to keep."""
    (label,) = (
        each.element.label
        for each in client.inputs.values()
        if getattr(each.element, "label", "").startswith("Stay ")
    )
    return str(label.removeprefix("Stay "))


def kept_run(store: Store, owner: str) -> str:
    """A run of theirs that was paused."""
    run = new_run(NETWORK, recipe("digits"), owner)
    store.add(run)
    store.withdraw(run.id, Status.PAUSED, Event(kind="paused"))
    return run.id


def choose(client: SocketClient, run: str) -> None:
    """Choose this run in the list."""
    (list_id,) = (
        id for id, each in client.inputs.items() if each.kind == "bidi_component" and "runs" in id
    )
    text = json.dumps({"chosen": {"id": run}})
    client.run({list_id: lambda state: setattr(state, "json_value", text)})
    client.run()


def labels(client: SocketClient) -> set[str]:
    return {getattr(each.element, "label", "") for each in client.inputs.values()}


def pressed(state: WidgetState) -> None:
    state.trigger_value = True


def typed(state: WidgetState) -> None:
    state.string_value = "theirs no more"


def standing(store: Store, run: str) -> tuple[str, str, str]:
    kept = store.stored_run(run)
    return kept.status, kept.run.name, kept.run.owner


def test_nobody_reaches_a_run_through_what_its_owner_was_offered(
    server: Server, store: Store
) -> None:
    """Every input that its owner has for a run, by its id, from another's browser."""
    ann, ben = (named(server, store, name) for name in ("Ann", "Ben"))
    run = kept_run(store, person_of(store, "Ann"))
    before = standing(store, run)
    with visiting(server.url, ann) as owner, visiting(server.url, ben) as other:
        for client in (owner, other):
            client.run(page="runs")
            choose(client, run)
        assert {"Resume", "Name", "Delete this run"} <= labels(owner)
        assert not {"Resume", "Delete this run"} & labels(other)
        assert {"Show curves", "Open in Build"} <= labels(other)
        theirs = {
            id: each for id, each in owner.inputs.items() if run in id and id not in other.inputs
        }
        assert {each.element.label for each in theirs.values()} >= {
            "Resume",
            "Name",
            "Delete this run",
        }
        forged: dict[str, Callable[[WidgetState], None]] = {
            id: typed if each.kind == "text_input" else pressed for id, each in theirs.items()
        }
        for id, fill in forged.items():
            other.run({id: fill})
            assert other.errors == []
        other.run(dict(forged))
        assert other.errors == []
        assert standing(store, run) == before
        # And once more the owner's own click, which does something.
        owner.run({owner.labelled("Delete this run").element.id: pressed})
        assert run not in store.revisions()
        assert [each.id for each in store.binned()] == [run]
        # Its place in the bin is the owner's too.
        owner.run()
        assert "Restore" in labels(owner)
        other.run()
        assert not [label for label in labels(other) if label.startswith("Bin")]
        restore = owner.labelled("Restore").element.id
        other.run({restore: pressed})
        assert run not in store.revisions()
        owner.run({restore: pressed})
        assert standing(store, run) == before


@pytest.mark.parametrize(
    ("label", "refused"),
    [
        ("Resume", "only they or a teacher can resume it"),
        ("Delete this run", "only they or a teacher can delete it"),
        ("Name", "only they or a teacher can rename it"),
    ],
)
def test_who_is_a_teacher_no_more_is_told_so(
    label: str, refused: str, server: Server, store: Store
) -> None:
    """In a window that still shows what a teacher may do."""
    register = Register(store.database)
    named(server, store, f"Owner {label}")
    cookie = named(server, store, f"Guest {label}")
    guest = person_of(store, f"Guest {label}")
    run = kept_run(store, person_of(store, f"Owner {label}"))
    before = standing(store, run)
    with visiting(server.url, cookie) as client:
        menu = next(id for id in client.inputs if "person-menu" in id)
        client.run({menu: lambda state: setattr(state, "bool_value", True)})
        key = client.labelled("Teacher's key").element.id
        client.run({key: lambda state: setattr(state, "string_value", KEY)})
        client.run(page="runs")
        choose(client, run)
        (found,) = (
            id
            for id, each in client.inputs.items()
            if getattr(each.element, "label", "") == label and run in id
        )
        register.make_teacher(guest, "")
        client.run({found: typed if label == "Name" else pressed})
        assert client.errors == []
        assert any(refused in told for told in client.toasts), client.toasts
        assert standing(store, run) == before


def test_saved_work_of_others_stays(server: Server, store: Store) -> None:
    ann, ben = (named(server, store, name) for name in ("Anna", "Bela"))
    folder = Path(server.log.parent / "home" / "architectures")
    with visiting(server.url, ann) as owner, visiting(server.url, ben) as other:
        for client in (owner, other):
            share = next(id for id in client.inputs if "share" in id.rsplit("-", 1)[-1])
            client.run({share: lambda state: setattr(state, "bool_value", True)})
        for client, name in ((owner, "ours"), (other, "ours")):
            box = client.labelled("Save on this server as").element.id
            save = client.labelled("Save").element.id
            client.run(
                {box: lambda state, name=name: setattr(state, "string_value", name), save: pressed}
            )
        assert any("“ours” is already in use" in told for told in other.toasts), other.toasts
        (file,) = folder.glob("*.json")
        assert json.loads(file.read_text())["owner"] == person_of(store, "Anna")
        for client in (owner, other):
            picker = next(id for id in client.inputs if "picker-" in id)
            client.run({picker: lambda state: setattr(state, "bool_value", True)})
        (delete,) = (id for id in owner.inputs if id.endswith("delete-ours"))
        assert delete not in other.inputs
        other.run({delete: pressed})
        assert file.exists()
        owner.run({delete: pressed})
        assert not file.exists()
