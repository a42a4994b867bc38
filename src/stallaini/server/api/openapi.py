"""The OpenAPI document: FastAPI's own, told in OpenAPI 3.0, which the packaged Swagger UI understands."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from stallaini import __version__
from stallaini.server.api.problems import ProblemBody, problems

_REFERENCE = "#/components/schemas/{model}"
_VERSION = "3.0.3"


def install(app: FastAPI) -> None:
    """Make `app.openapi()` the document of this module, computed once."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=__version__,
        description=app.description,
        routes=app.routes,
        openapi_version=_VERSION,
    )
    schemas = document["components"]["schemas"]
    problem = ProblemBody.model_json_schema(ref_template=_REFERENCE)
    schemas.update(problem.pop("$defs", {}))
    schemas["ProblemBody"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for operations in document["paths"].values():
        for operation in operations.values():
            _tell_problems(operation)
    downgraded: dict[str, Any] = _as_3_0(document)
    return downgraded


def _tell_problems(operation: dict[str, Any]) -> None:
    """What may end any request of this kind, whichever route it is for."""
    responses = operation["responses"]
    more = [422] if "422" in responses else []
    if "security" in operation:
        more.append(429)
    if "requestBody" in operation:
        more += [411, 413]
    responses |= {str(status): told for status, told in problems(*more).items()}


def _as_3_0(node: Any) -> Any:
    """JSON Schema 2020-12 words as OpenAPI 3.0 has them: nullable, enum of one, one example."""
    if isinstance(node, list):
        return [_as_3_0(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _as_3_0(value) for key, value in node.items()}
    if isinstance(node.get("anyOf"), list):
        node = _without_null(node)
    if "const" in node:
        node["enum"] = [node.pop("const")]
    for exclusive, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        bound = node.get(exclusive)
        # What was lifted out of its anyOf has been told anew already.
        if isinstance(bound, int | float) and not isinstance(bound, bool):
            node[plain], node[exclusive] = bound, True
    if isinstance(node.get("examples"), list):
        node["example"] = node.pop("examples")[0]
    return node


def _without_null(node: dict[str, Any]) -> dict[str, Any]:
    kinds = [kind for kind in node["anyOf"] if kind.get("type") != "null"]
    if len(kinds) == len(node["anyOf"]):
        return node
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {**(kinds[0] if len(kinds) == 1 else {"anyOf": kinds}), **rest, "nullable": True}
