"""The cookie by which a browser stays the same person: signed here, or nobody's."""

import random
import stat
import string
import threading
from pathlib import Path

import pytest
from itsdangerous import Signer

from explorer.people.cookie import SECRET, PersonCookie, new_person_id, open_cookie

OURS, THEIRS = PersonCookie(b"a" * 32), PersonCookie(b"b" * 32)
PERSON = "0123456789abcdef"


def test_the_person_comes_back() -> None:
    for _ in range(100):
        person = new_person_id()
        value = OURS.value(person)
        assert OURS.person_in(value) == person
        header = OURS.set_cookie(person, "", secure=False)
        assert OURS.person_in_header(f"other=1; {header.split(';')[0]}; more=2") == person


@pytest.mark.parametrize(
    "other",
    ['prefs={"x":1}', "a[0]=1", "a/b=1", "x=a b", "noeq", "e=ä", "=", ";;", 'q="', "p=a,b", "x=\t"],
)
def test_cookies_of_other_sites_on_the_host_are_not_minded(other: str) -> None:
    ours = f"{OURS.name}={OURS.value(PERSON)}"
    for header in (f"{other}; {ours}", f"{ours}; {other}", f"{other}; {ours}; {other}"):
        assert OURS.person_in_header(header) == PERSON, header


def test_what_the_browser_is_told() -> None:
    header = OURS.set_cookie(PERSON, "/a", secure=False)
    assert header.split("; ")[1:] == ["Path=/a", "Max-Age=15552000", "HttpOnly", "SameSite=Lax"]
    assert OURS.set_cookie(PERSON, "", secure=True).split("; ")[1::4] == ["Path=/", "Secure"]


def test_two_servers_on_one_machine_leave_each_other_theirs() -> None:
    assert OURS.name != THEIRS.name
    assert OURS.person_in(THEIRS.value(PERSON)) is None
    both = f"{THEIRS.name}={THEIRS.value(PERSON)}; {OURS.name}={OURS.value('f' * 16)}"
    assert OURS.person_in_header(both) == "f" * 16
    assert THEIRS.person_in_header(both) == PERSON


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        PERSON,
        f"{PERSON}.",
        f".{PERSON}",
        "a" * 10_000,
        "ä.ö",
        "\x00",
        Signer(b"a" * 32).sign(PERSON).decode(),  # the right secret, for another purpose
        Signer(b"a" * 32, salt="explorer.person").sign("../../etc").decode(),
    ],
)
def test_others_are_nobody(value: str | None) -> None:
    assert OURS.person_in(value) is None


def test_ten_thousand_forged_cookies() -> None:
    """Changed, cut, joined and signed by other servers: each is nobody, or the one it was."""
    draw = random.Random(13)
    letters = string.ascii_letters + string.digits + "._-= ;\"'"
    right = OURS.value(PERSON)
    for number in range(10_000):
        chars = list(right)
        match number % 5:
            case 0:
                chars[draw.randrange(len(chars))] = draw.choice(letters)
            case 1:
                del chars[draw.randrange(len(chars)) :]
            case 2:
                chars[draw.randrange(len(chars)) : draw.randrange(len(chars))] = draw.choices(
                    letters, k=draw.randrange(5)
                )
            case 3:
                secret = draw.randbytes(32)
                chars = list(PersonCookie(secret).value(PERSON))
            case 4:
                other = OURS.value(f"{draw.getrandbits(64):016x}")
                chars = list(f"{PERSON}.{other.partition('.')[2]}")
        value = "".join(chars)
        assert OURS.person_in(value) == (PERSON if value == right else None), value


def test_the_same_after_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    value = open_cookie(folder).value(PERSON)
    assert open_cookie(folder).person_in(value) == PERSON
    assert stat.S_IMODE((folder / SECRET).stat().st_mode) == 0o600


def test_several_servers_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    found: list[PersonCookie] = []
    threads = [
        threading.Thread(target=lambda: found.append(open_cookie(tmp_path))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert {each.secret for each in found} == {(tmp_path / SECRET).read_bytes()}


def test_a_key_that_is_cut_off_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / SECRET).write_bytes(b"short")
    made = open_cookie(tmp_path)
    assert (tmp_path / SECRET).read_bytes() == made.secret
    assert len(made.secret) == 32


def test_a_server_that_keeps_nothing_writes_nothing(tmp_path: Path) -> None:
    first, second = (open_cookie(tmp_path, keep_nothing=True) for _ in range(2))
    assert first.secret != second.secret
    assert list(tmp_path.iterdir()) == []
    kept = open_cookie(tmp_path)
    assert open_cookie(tmp_path, keep_nothing=True).secret == kept.secret


def test_a_key_that_cannot_be_read_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = open_cookie(tmp_path)

    def busy(path: Path) -> bytes:
        raise OSError(24, "too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", busy)
        assert open_cookie(tmp_path).secret != kept.secret
    assert open_cookie(tmp_path).secret == kept.secret


def test_where_the_key_cannot_be_written_people_last_until_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    made = open_cookie(tmp_path / "file")
    assert made.person_in(made.value(PERSON)) == PERSON
    assert "people are known until the end" in caplog.text
