"""The addresses of sharing, of the trash, of asking for access: the same for every kind."""

from django.urls import path

from suite.resources import views
from suite.resources.api import views as api

app_name = "resources"
urlpatterns = [
    path("api/resources/<uuid:id>/sharing/", api.SharingView.as_view(), name="api-sharing"),
    path("api/resources/<uuid:id>/sharing/<uuid:access_id>/", api.AccessView.as_view(), name="api-access"),
    path("api/resources/<uuid:id>/link/", api.LinkView.as_view(), name="api-link"),
    path("api/resources/<uuid:id>/requests/<uuid:request_id>/", api.RequestView.as_view(), name="api-request"),
    path("api/resources/<uuid:id>/invitations/", api.InvitationsView.as_view(), name="api-invitations"),
    path("api/resources/<uuid:id>/invitations/<uuid:invitation_id>/", api.InvitationView.as_view(), name="api-invitation"),
    path("api/resources/<uuid:id>/favourite/", api.FavouriteView.as_view(), name="api-favourite"),
    path("resources/asked/", views.asked, name="asked"),
    path("resources/requests/<uuid:request_id>/read/", views.read_answer, name="read-answer"),
    path("resources/<uuid:id>/ask/", views.ask, name="ask"),
    path("resources/<uuid:id>/requests/<uuid:request_id>/", views.answer, name="answer"),
    path("resources/<uuid:id>/favourite/", views.favourite, name="favourite"),
    path("resources/<uuid:id>/discard/", views.discard, name="discard"),
    path("trash/", views.trash, name="trash"),
    path("trash/<uuid:id>/restore/", views.restore, name="restore"),
    path("trash/<uuid:id>/delete/", views.delete, name="delete"),
    path("invitations/<uuid:id>/", views.invitation, name="invitation"),
]
