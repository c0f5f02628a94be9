"""The addresses of the audit."""

from django.urls import path

from suite.audit import views

app_name = "audit"
urlpatterns = [
    path("audit/", views.log, name="log"),
    path("audit/contexts/<uuid:context_id>/", views.context, name="context"),
]
