"""A page on which another device becomes the same person: by the code that the first one shows.

Nothing happens where the address alone is opened, as by a telephone that looks at a QR code: the
code counts once the form is sent.
"""

import asyncio
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from explorer.classroom.register import CODE_LENGTH, Register
from explorer.people.attempts import Attempts
from explorer.people.cookie import PersonCookie
from explorer.runs.database import StoreError
from explorer.text import for_html
from explorer.ui.server.same_origin import is_let_in

PATH, CODE = "explorer-device", "code"
MAX_BYTES = 1_000  # of a form
SECONDS = 10.0  # in which it is to arrive
EACH, TOGETHER, IN_SECONDS = 10, 100, 60.0  # wrong codes from one address, from all, in so long
_PAGE = Template((Path(__file__).parent / "device_page.html").read_text(encoding="utf-8"))


def device_routes(base: str, cookie: PersonCookie, register: Register) -> list[Route]:
    """The page's routes. `base` is the path that all pages are under, as "/a" or ""."""
    door = _Door(base, cookie, register)
    return [
        Route(f"{base}/{PATH}", door.show, methods=["GET"]),
        Route(f"{base}/{PATH}", door.let_in, methods=["POST"]),
    ]


class _Door:
    def __init__(self, base: str, cookie: PersonCookie, register: Register) -> None:
        self._base, self._cookie, self._register = base, cookie, register
        self._attempts = Attempts(EACH, TOGETHER, IN_SECONDS)

    async def show(self, request: Request) -> Response:
        return self._page(request.query_params.get(CODE, ""))

    async def let_in(self, request: Request) -> Response:
        """Make the browser the person whose code it sends."""
        headers = request.headers
        if not is_let_in(headers.get("origin", ""), headers.get("host", "")):
            return self._page("", "This form was sent from another site.", 403)
        try:
            async with asyncio.timeout(SECONDS):
                code = await _code_in(request)
        except (ClientDisconnect, TimeoutError):
            return self._page("", "The code did not arrive. Try again.", 408)
        address = request.client.host if request.client else ""
        if not self._attempts.begin(address):
            return self._page(code, "Too many wrong codes. Wait a minute, then try again.", 429)
        try:
            person = await asyncio.to_thread(self._register.redeem, code)
        except StoreError as error:
            return self._page(code, f"{error}.", 503)
        if person is None:
            return self._page(
                code,
                "No device shows this code now. A code is good once, for ten minutes; "
                "have the other device show a new one.",
                422,
            )
        answer = RedirectResponse(f"{self._base}/", 303, {"Cache-Control": "no-store"})
        self._attempts.take_back(address)
        secure = request.url.scheme == "https"
        answer.headers.append("set-cookie", self._cookie.set_cookie(person.id, self._base, secure))
        return answer

    def _page(self, code: str, problem: str = "", status: int = 200) -> Response:
        told = f'<p class="wrong" role="alert">{for_html(problem)}</p>' if problem else ""
        values = {
            "action": for_html(f"{self._base}/{PATH}"),
            "code": for_html(code[: 2 * CODE_LENGTH]),
            "problem": told,
        }
        return HTMLResponse(_PAGE.substitute(values), status, {"Cache-Control": "no-store"})


async def _code_in(request: Request) -> str:
    """The code in a form; "" where it is none. Raises ClientDisconnect."""
    form = bytearray()
    async for piece in request.stream():
        form += piece
        if len(form) > MAX_BYTES:
            return ""
    try:
        return parse_qs(form.decode("ascii"), max_num_fields=4).get(CODE, [""])[0]
    except ValueError:
        return ""
