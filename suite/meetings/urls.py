"""Addresses of meetings."""

from django.urls import path

from suite.meetings import views
from suite.meetings.api import views as api

app_name = "meetings"
urlpatterns = [
    path("meetings/", views.list_, name="list"),
    path("meetings/start/", views.start, name="start"),
    path("meetings/<uuid:id>/", views.meeting, name="meeting"),
    path("rooms/<uuid:id>/", views.room_by_id, name="room-by-id"),
    path("rooms/<slug:slug>/", views.room, name="room"),
    path("webhooks/livekit/", views.livekit_webhook, name="webhook"),
    path("api/rooms/", api.RoomsView.as_view(), name="api-rooms"),
    path("api/rooms/<slug:slug>/", api.RoomView.as_view(), name="api-room"),
    path("api/rooms/<slug:slug>/join/", api.JoinView.as_view(), name="api-join"),
]
