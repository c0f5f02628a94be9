"""The addresses of people."""

from django.urls import path

from suite.accounts import views

app_name = "accounts"
urlpatterns = [
    path("people/", views.people, name="people"),
    path("people/<uuid:user_id>/", views.person, name="person"),
    path("people/<uuid:user_id>/deactivate/", views.deactivate, name="deactivate"),
    path("people/<uuid:user_id>/reactivate/", views.reactivate, name="reactivate"),
]
