"""The cookie by which a browser stays the same person: an id that this server has signed.

The key lies in the server's folder, so that a person is the same after a restart. The cookie's name
tells the key apart from those of other servers: cookies know no ports, and two servers on one
machine would take each other's from the browser.
"""

import hashlib
import hmac
import logging
import os
import re
import secrets
from pathlib import Path

from itsdangerous import BadSignature, Signer
from starlette.requests import cookie_parser

from explorer.files import take_lock, write_whole

SECRET, SECRET_BYTES = "secret", 32  # the file in the server's folder
LOCK_SECONDS = 5.0  # that a server waits for another one's
KEPT_DAYS = 180  # after the last visit
_SALT = "explorer.person"
_ID = re.compile(r"[a-z0-9]{16}")

log = logging.getLogger(__name__)


def new_person_id() -> str:
    return secrets.token_hex(8)


def _hex(secret: bytes, text: str) -> str:
    return hmac.new(secret, text.encode(), "sha256").hexdigest()[:16]


class PersonCookie:
    """Makes and reads the cookie of this server's people."""

    def __init__(self, secret: bytes):
        # With SHA-256 and a key of its own derived from the secret, as itsdangerous does it.
        self._signer = Signer(secret, salt=_SALT, digest_method=hashlib.sha256)
        self.secret = secret
        self.name = f"explorer_person_{hashlib.sha256(b'name' + secret).hexdigest()[:8]}"

    def value(self, person_id: str) -> str:
        return self._signer.sign(person_id).decode()

    def person_in(self, value: str | None) -> str | None:
        """The id of the person whose cookie this is; None where this server did not sign it."""
        if not value or len(value) > 200 or not value.isascii():
            return None
        try:
            person_id = self._signer.unsign(value).decode()
        except BadSignature:
            return None
        # One signature can be written in several ways, of which ours is one.
        is_ours = _ID.fullmatch(person_id) and value == self.value(person_id)
        return person_id if is_ours else None

    def successor(self, person_id: str) -> str:
        """Who the browser of a person that was forgotten is next, the same wherever it is asked."""
        return _hex(self.secret, f"after {person_id}")

    def person_in_header(self, header: str) -> str | None:
        """The same, of a request's Cookie header."""
        # As whoever reads the cookies of a websocket does it, which minds no other site's cookies.
        return self.person_in(cookie_parser(header).get(self.name))

    def set_cookie(self, person_id: str, base: str, secure: bool) -> str:
        """The Set-Cookie header that makes a browser this person.

        `base` is the path that all pages are under, as "/a" or "". Without a slash at its end, so
        that it is sent for the page "/a" too.
        """
        parts = [
            f"{self.name}={self.value(person_id)}",
            f"Path={base or '/'}",
            f"Max-Age={KEPT_DAYS * 24 * 3600}",
            "HttpOnly",
            "SameSite=Lax",
        ]
        return "; ".join([*parts, "Secure"] if secure else parts)


def open_cookie(folder: Path, keep_nothing: bool = False) -> PersonCookie:
    """The cookie of the server that keeps its runs in `folder`; its key is made where there is
    none.

    With `keep_nothing`, and where the key cannot be written, people are known until the server
    ends.
    """
    path, new = folder / SECRET, secrets.token_bytes(SECRET_BYTES)
    try:
        secret = _read(path)
        if secret is not None or keep_nothing:
            return PersonCookie(secret or new)
        folder.mkdir(parents=True, exist_ok=True)
        lock = take_lock(folder / f".{SECRET}-lock", LOCK_SECONDS)
        if lock is None:
            raise OSError("another server is writing it")
        try:
            if (secret := _read(path)) is None:  # else another server has just made it
                write_whole(path, lambda part: _write(part, new))
        finally:
            lock.release()
    except OSError as error:
        secret = None
        log.warning("%s cannot be used, so people are known until the end: %s", path, error)
    return PersonCookie(secret or new)


def _read(path: Path) -> bytes | None:
    """The key, None where there is none. Raises OSError where it cannot be read, as it would be
    lost if it were written anew.
    """
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        return None
    return secret if len(secret) == SECRET_BYTES else None


def _write(path: Path, secret: bytes) -> None:
    """Readable by this user alone."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
