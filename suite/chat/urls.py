"""Addresses of the chat."""

from django.urls import path

from suite.chat import views
from suite.chat.api import views as api

app_name = "chat"
urlpatterns = [
    path("messages/", views.home, name="home"),
    path("messages/<uuid:id>/", views.channel, name="channel"),
    path("api/channels/", api.ChannelsView.as_view(), name="api-channels"),
    path("api/channels/direct/", api.DirectView.as_view(), name="api-direct"),
    path("api/channels/<uuid:id>/", api.ChannelView.as_view(), name="api-channel"),
    path("api/channels/<uuid:id>/people/", api.PeopleView.as_view(), name="api-people"),
    path("api/channels/<uuid:id>/messages/", api.MessagesView.as_view(), name="api-messages"),
    path("api/channels/<uuid:id>/read/", api.ReadView.as_view(), name="api-read"),
]
