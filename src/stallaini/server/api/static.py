"""The page as files: hashed assets kept for good by browsers, its frame looked up anew each time."""

from __future__ import annotations

import mimetypes
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.exceptions import HTTPException

from stallaini.server.api.services import Parts
from stallaini.server.api.start import frame

_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_NOT_BUILT = (
    "<!doctype html><title>Stallaini</title><p>The page is not built yet: run <code>make web</code>, then "
    'reload. The API works: <a href="/api/docs">/api/docs</a>.</p>'
)

router = APIRouter(include_in_schema=False)


def packaged_static_dir() -> Path:
    """Where the built page lies in the installed package."""
    return Path(str(files("stallaini.web") / "static"))


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
async def read_page(path: str, request: Request, parts: Parts) -> Response:
    """A file of the page; a path that names no file is a view of the page's own and gets index.html.

    A file that lies there packed as well is sent so to those who can read it.
    """
    if path == "api" or path.startswith("api/"):
        raise HTTPException(404)
    root = parts.static_dir.resolve()
    asked = _inside(root, path)
    if asked is not None and asked.is_file():
        kept = _FOR_GOOD if path.startswith("assets/") else _ASK_AGAIN
        return _file(asked, kept, request)
    if "." in path.rpartition("/")[2]:
        raise HTTPException(404)
    index = root / "index.html"
    if not index.is_file():
        return HTMLResponse(_NOT_BUILT, headers={"Cache-Control": _ASK_AGAIN})
    return await frame(index, request, parts) or _file(index, _ASK_AGAIN, request)


def _file(path: Path, kept: str, request: Request) -> Response:
    headers = {"Cache-Control": kept}
    packed = path.with_name(f"{path.name}.br")
    if not packed.is_file():
        return FileResponse(path, headers=headers)
    headers["Vary"] = "Accept-Encoding"
    encodings = {each.split(";")[0].strip() for each in request.headers.get("accept-encoding", "").split(",")}
    if "br" not in encodings:
        return FileResponse(path, headers=headers)
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(packed, headers={**headers, "Content-Encoding": "br"}, media_type=media_type)


def _inside(root: Path, path: str) -> Path | None:
    if "\0" in path:
        return None
    asked = (root / path).resolve()
    return asked if asked.is_relative_to(root) else None
