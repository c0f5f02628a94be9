"""The addresses of the chat's sockets."""

from django.urls import path

from suite.chat.consumers import ChatSocket

websocket_urlpatterns = [path("chat/", ChatSocket.as_asgi())]
