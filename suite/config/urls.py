"""Every address of the Suite."""

from django.urls import include, path
from django.views.i18n import set_language

from suite.accounts.oidc import views as sign_in
from suite.config.views import home
from suite.kernel.http import healthz

handler404 = "suite.kernel.http.page_not_found"
handler500 = "suite.kernel.http.server_error"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", home, name="home"),
    path("language/", set_language, name="language"),
    path("sign-in/", sign_in.sign_in_page, name="sign-in"),
    path("sign-out/", sign_in.SignOutView.as_view(), name="sign-out"),
    path("oidc/authenticate/", sign_in.AuthenticateView.as_view(), name="oidc-authenticate"),
    path("oidc/callback/", sign_in.CallbackView.as_view(), name="oidc-callback"),
    path("oidc/back-channel-logout/", sign_in.BackChannelLogoutView.as_view(), name="oidc-back-channel-logout"),
    path("", include("suite.accounts.urls")),
    path("", include("suite.audit.urls")),
    path("", include("suite.resources.urls")),
    path("", include("suite.documents.urls")),
    path("", include("suite.chat.urls")),
    path("", include("suite.meetings.urls")),
    path("", include("suite.transcripts.urls")),
    path("", include("suite.rtc.urls")),
]
