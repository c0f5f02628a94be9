"""Where the server API and the checks of a failed join are."""

from __future__ import annotations

from django.urls import path

from suite.rtc import views

app_name = "rtc"
urlpatterns = [
    path("rtc/validate", views.validate, {"single": False}, name="validate"),
    path("rtc/v1/validate", views.validate, {"single": True}, name="validate_v1"),
    path("twirp/livekit.<str:service>/<str:method>", views.twirp_call, name="twirp"),
]
