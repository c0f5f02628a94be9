"""Addresses of transcripts."""

from django.urls import path

from suite.transcripts import views

app_name = "transcripts"
urlpatterns = [
    path("transcripts/<uuid:id>/", views.transcript, name="transcript"),
    path("transcripts/<uuid:id>/progress/", views.progress, name="progress"),
    path("transcripts/<uuid:id>/sounds/<uuid:track_id>/", views.sound, name="sound"),
    path("transcripts/<uuid:id>/document/", views.document, name="document"),
    path("transcripts/<uuid:id>/export/", views.export, name="export"),
]
