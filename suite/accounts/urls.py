"""The addresses of people."""

from django.urls import path

from suite.accounts import views
from suite.accounts.api.colleagues import ColleaguesView

app_name = "accounts"
urlpatterns = [
    path("api/colleagues/", ColleaguesView.as_view(), name="api-colleagues"),
    path("people/", views.people, name="people"),
    path("people/add/", views.add, name="add"),
    path("people/<uuid:user_id>/", views.person, name="person"),
    path("people/<uuid:user_id>/move/", views.move, name="move"),
    path("people/<uuid:user_id>/leave/", views.leave, name="leave"),
    path("people/<uuid:user_id>/deactivate/", views.deactivate, name="deactivate"),
    path("people/<uuid:user_id>/reactivate/", views.reactivate, name="reactivate"),
]
