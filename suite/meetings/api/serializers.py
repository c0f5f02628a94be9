"""What the meeting's API accepts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class RoomInput(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class JoinInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, required=False, default="", allow_blank=True)
    shared_microphone = serializers.BooleanField(required=False, default=False)
