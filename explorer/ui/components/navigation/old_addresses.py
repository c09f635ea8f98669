"""The addresses that pages had before `?page=`, such as `/train?run=…`: links to them are in notes
and chats, and lead on.
"""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from explorer.ui.components.navigation.pages import PARAMETER, Page


def old_addresses(base: str) -> list[Route]:
    """Routes from `/train` and the like to `/?page=train`, with the rest of the query.

    `base` is the path that all pages are under, as "/a" or "".
    """
    return [Route(f"{base}/{page.value}", _redirect) for page in Page]


def _redirect(request: Request) -> RedirectResponse:
    page = request.url.path.rsplit("/", 1)[-1]
    rest = [
        (name, value) for name, value in request.query_params.multi_items() if name != PARAMETER
    ]
    return RedirectResponse(f"./?{urlencode([(PARAMETER, page), *rest])}", status_code=307)
