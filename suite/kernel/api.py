"""The API's one handler for errors, and strict input."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import set_rollback

from suite.kernel.answers import answer_to
from suite.kernel.context import origin
from suite.kernel.errors import BadInput


def exception_handler(error: Exception, _context: dict[str, Any]) -> Response | None:
    """`{code, message, correlation_id, …}` with the error's status, for every error that is an answer."""
    if isinstance(error, ValidationError):
        error = BadInput(fields=error.detail)
    answer = answer_to(error)
    if answer is not None:
        set_rollback()
        return _answer(answer.code, answer.sentence, answer.status, **answer.fields)
    if isinstance(error, APIException):
        set_rollback()
        return _answer(str(error.default_code), str(error.detail), error.status_code)
    return None


def _answer(code: str, message: str, status: int, **fields: object) -> Response:
    body = {"code": code, "message": message, "correlation_id": str(origin().correlation_id), **fields}
    return Response(body, status=status)


def validated(serializer: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """What `serializer` accepts of `data`; raises `ValidationError` naming each field that is wrong."""
    form = serializer(data=data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)
