"""Refuses a request in words, before Streamlit or a route of ours sees it."""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# The websocket close code for "against the rules"; before the handshake it becomes HTTP 403.
AGAINST_THE_RULES = 1008
# What an ASGI server says that can answer the request for a websocket like any other.
_IN_WORDS = "websocket.http.response"


async def refuse(status: int, words: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, or a request to open a websocket, with this status and these words."""
    if scope["type"] == "websocket":
        await receive()  # the request to connect
        if _IN_WORDS not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": AGAINST_THE_RULES})
            return
    answer: ASGIApp = PlainTextResponse(words, status, {"Cache-Control": "no-store"})
    await answer(scope, receive, send)
