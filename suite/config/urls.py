"""Every address of the Suite."""

from django.urls import include, path

from suite.config.views import home
from suite.kernel.http import healthz

handler404 = "suite.kernel.http.page_not_found"
handler500 = "suite.kernel.http.server_error"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", home, name="home"),
    path("", include("suite.meetings.urls")),
]
