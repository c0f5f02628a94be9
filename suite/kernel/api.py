"""The API's one handler for errors, and strict input."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import set_rollback

from suite.kernel.context import origin
from suite.kernel.errors import BadInput, NotFound, SuiteError


def exception_handler(error: Exception, _context: dict[str, Any]) -> Response | None:
    """`{code, message, correlation_id, …}` with the error's status, for every error that is an answer."""
    if isinstance(error, Http404):
        error = NotFound()
    if isinstance(error, ValidationError):
        error = BadInput(fields=error.detail)
    if isinstance(error, SuiteError):
        set_rollback()
        return _answer(error.code, error.sentence, error.status, **error.fields)
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
