"""The addresses of sharing, the same for every kind."""

from django.urls import path

from suite.resources.api import views

app_name = "resources"
urlpatterns = [
    path("api/resources/<uuid:id>/sharing/", views.SharingView.as_view(), name="api-sharing"),
    path("api/resources/<uuid:id>/sharing/<uuid:access_id>/", views.AccessView.as_view(), name="api-access"),
    path("api/resources/<uuid:id>/link/", views.LinkView.as_view(), name="api-link"),
]
