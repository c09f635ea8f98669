"""The scripts, styles and markup of our components as files that a browser fetches once.

Streamlit would send a component's script and style again with every answer: 116 kB with each edit.
These lie under paths that name their content, so a browser may keep them for ever, and they are
compressed once, when the server starts.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PREFIX = "explorer-assets"
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file, as it is and compressed."""

    content: bytes
    compressed: bytes
    media_type: str


_published: dict[str, Asset] = {}  # by path below PREFIX


def publish(directory: Path, made: Mapping[str, str] = MappingProxyType({})) -> str:
    """Serve a directory's scripts, styles and markup, and beside them texts that are made here, by
    file name.

    Returns the path that they all lie under, relative to the page; another one as soon as any of
    them has other content.
    """
    found = {
        path.name: path.read_bytes() for path in directory.iterdir() if path.suffix in MEDIA_TYPES
    }
    found |= {name: text.encode() for name, text in made.items()}
    digest = hashlib.sha256(
        json.dumps([(name, found[name].decode()) for name in sorted(found)]).encode()
    ).hexdigest()[:12]
    for name, content in found.items():
        media_type = MEDIA_TYPES[Path(name).suffix]
        _published[f"{digest}/{name}"] = Asset(content, gzip.compress(content, mtime=0), media_type)
    return f"{PREFIX}/{digest}/"


def published() -> Mapping[str, Asset]:
    """All files that are served, by path."""
    return MappingProxyType(_published)


def module_text(constants: Mapping[str, object]) -> str:
    """A module of JavaScript that exports these constants."""
    return "".join(
        f"export const {name} = {json.dumps(value)};\n" for name, value in constants.items()
    )


def asset_routes(base: str) -> list[Route]:
    """The route that serves all that is published.

    `base` is the path that all pages are under, as "/a" or "".
    """
    return [Route(f"{base}/{PREFIX}/{{path:path}}", _serve)]


def _serve(request: Request) -> Response:
    asset = _published.get(request.path_params["path"])
    if asset is None:
        return Response("There is no such file.", 404, media_type="text/plain")
    headers = {
        "Cache-Control": FOR_EVER,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            asset.compressed,
            headers=headers | {"Content-Encoding": "gzip"},
            media_type=asset.media_type,
        )
    return Response(asset.content, headers=headers, media_type=asset.media_type)
