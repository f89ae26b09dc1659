"""The OpenAPI 3.1 document, derived from the declared operations."""

import re
from collections.abc import Iterable
from typing import Any

from service.api.operations import Operation, Operations

_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_ALWAYS = {
    401: "not signed in",
    403: "not allowed",
    429: "too many calls: see Retry-After",
    503: "a backing service is down",
}
_PART = {
    "206": {
        "description": "the part that the header Range asks for",
        "content": {"application/octet-stream": {"schema": {}}},
    }
}
_WORDS = {
    400: "bad query, header or form",
    404: "not found",
    408: "the form was cut off on its way: send it again",
    409: "a rule refused it",
    410: "expired or refused: begin again",
    412: "another version of tus",
    413: "too large",
    416: "the part asked for lies beyond the end",
    415: "another media type is wanted",
    422: "bad input",
    423: "someone is at it: ask again",
    429: "too many at once",
    460: "the checksum does not match",
    507: "the disk is full",
}
_OF_FORMS = (400, 408)  # of those with files, which come in many pieces


def document(groups: Iterable[Operations], version: str) -> dict[str, Any]:
    """Return the whole document as JSON values."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {
        "Problem": {
            "type": "object",
            "required": ["status", "title"],
            "properties": {
                "type": {"type": "string"},
                "status": {"type": "integer"},
                "title": {"type": "string"},
                "code": {"type": "string"},
                "position": {"type": "integer"},
                "errors": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        }
    }
    for group in groups:
        for operation in group.found:
            paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(group.tag, operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Juanzong 卷宗",
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(tag: str, operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", operation.path)
    ]
    out: dict[str, Any] = {"operationId": operation.name, "summary": operation.summary, "tags": [tag]}
    if operation.query is not None:
        schema = _schema(operation.query, schemas)
        needed = schema.get("required", [])
        parameters += [
            {"name": name, "in": "query", "required": name in needed, "schema": part}
            for name, part in schema["properties"].items()
        ]
    if operation.body is not None:
        schema = _schema(operation.body, schemas)
        if operation.multipart:
            schema["properties"]["file"] = {"type": "string", "contentMediaType": "application/octet-stream"}
            schema["required"] = [*schema.get("required", []), "file"]
        media = "multipart/form-data" if operation.multipart else "application/json"
        out["requestBody"] = {"required": True, "content": {media: {"schema": schema}}}
    if parameters:
        out["parameters"] = parameters
    good: dict[str, Any] = {"description": "done"}
    if operation.status != 204:
        good["content"] = {
            operation.answer: {"schema": {} if operation.answer != "application/json" else {"type": "object"}}
        }
    answers = {str(operation.status): good, **(_PART if 416 in operation.problems else {})}
    codes = dict(_ALWAYS)
    if "{" in operation.path:
        codes[404] = _WORDS[404]
        codes[422] = _WORDS[422]  # what stands in the address is text
    if operation.body is not None or operation.query is not None:
        codes[422] = _WORDS[422]
    for code in (*operation.problems, *_OF_FORMS * operation.multipart):
        codes[code] = _WORDS[code]
    for code, words in sorted(codes.items()):
        answers[str(code)] = {"description": words, "content": _PROBLEM}
    out["responses"] = answers
    return out


def _schema(model: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schema.pop("title", None)
    schema.pop("description", None)
    return schema
