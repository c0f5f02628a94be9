"""Addresses of documents."""

from django.urls import path

from suite.documents import views
from suite.documents.api import views as api

app_name = "documents"
urlpatterns = [
    path("documents/", views.list_, name="list"),
    path("documents/start/", views.start, name="start"),
    path("documents/<uuid:id>/", views.document, name="document"),
    path("api/documents/", api.DocumentsView.as_view(), name="api-documents"),
    path("api/documents/<uuid:id>/", api.DocumentView.as_view(), name="api-document"),
]
