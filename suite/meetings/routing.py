"""Sockets of meetings."""

from django.urls import path

from suite.meetings.consumers import MeetingSocket

websocket_urlpatterns = [path("meetings/<uuid:id>/", MeetingSocket.as_asgi())]
