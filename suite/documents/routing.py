"""The addresses of the documents' sockets."""

from django.urls import path

from suite.documents.consumers import DocumentSocket

websocket_urlpatterns = [path("documents/<uuid:document_id>/", DocumentSocket.as_asgi())]
