"""Where the server API and the checks of a failed join are."""

from __future__ import annotations

from django.urls import path

from suite.rtc import views, views_whip

app_name = "rtc"
urlpatterns = [
    path("rtc/validate", views.validate, {"single": False}, name="validate"),
    path("rtc/v1/validate", views.validate, {"single": True}, name="validate_v1"),
    path("whip/v1", views_whip.endpoint, {"watching": False}, name="whip"),
    path("whip/v1/<str:sid>", views_whip.session, {"watching": False}, name="whip_session"),
    path("whep/v1", views_whip.endpoint, {"watching": True}, name="whep"),
    path("whep/v1/<str:sid>", views_whip.session, {"watching": True}, name="whep_session"),
    path("twirp/livekit.<str:service>/<str:method>", views.twirp_call, name="twirp"),
]
