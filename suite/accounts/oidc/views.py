"""The doors of signing in and out: the page, the way to the provider, the way back, both ways out."""

from __future__ import annotations

import hmac
import json
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import auth, messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from mozilla_django_oidc.utils import add_state_and_verifier_and_nonce_to_session, generate_code_challenge
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from suite.accounts.errors import SignInRefused
from suite.accounts.oidc.backend import Transaction, callback_url
from suite.accounts.oidc.provider import ProviderUnavailable, discover
from suite.accounts.oidc.tokens import verified_logout_token
from suite.accounts.selectors import dormant_roles, get_sign_in
from suite.accounts.services.sign_ins import sign_in_begin, sign_in_end, sign_in_refuse, sign_ins_end_from_provider
from suite.kernel import clock
from suite.kernel.context import origin
from suite.kernel.errors import TooMany
from suite.kernel.limits import times_this_minute
from suite.kernel.logs import get_logger

log = get_logger(__name__)

SCOPES = "openid given_name usual_name email uid siret idp_id organizational_unit"
VERIFIER_CHARACTERS = 64  # RFC 7636, 4.1: 43 to 128
REFUSALS_A_MINUTE = 30
REPLAY_SECONDS = 24 * 3600
NEXT = "suite_next"
SIGNED_OUT = "/sign-in/?signed_out=1"
ID_TOKEN = "oidc_id_token"  # noqa: S105  (a session's key)


def safe_next(request: HttpRequest) -> str:
    """The page that `?next=` asks for, if it is one of ours; else the home page."""
    wanted = request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=settings.SECURE)
    return wanted if ours and wanted.startswith("/") else "/"


def sign_in_page(request: HttpRequest) -> HttpResponse:
    """One button; whoever is signed in already goes on."""
    if getattr(request, "viewer", None) is not None:
        return HttpResponseRedirect(safe_next(request))
    way = reverse("oidc-authenticate") + "?" + urlencode({"next": safe_next(request)})
    return render(
        request,
        "accounts/sign_in.html",
        {"way": way, "demonstration": settings.OIDC_DEMONSTRATION_PROVIDER, "signed_out": "signed_out" in request.GET},
    )


class AuthenticateView(OIDCAuthenticationRequestView):
    """Sends the browser to the provider with state, nonce, PKCE and the assurance that Suite asks for."""

    def __init__(self, **kwargs: Any) -> None:  # the stock one wants the endpoint as a setting
        View.__init__(self, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        provider = discover()
        state, nonce, verifier = get_random_string(32), get_random_string(32), get_random_string(VERIFIER_CHARACTERS)
        levels = settings.OIDC_ACR_STRONG if request.GET.get("level") == "strong" else settings.OIDC_ACR_ACCEPTED
        parameters = {
            "response_type": "code",
            "client_id": settings.OIDC_RP_CLIENT_ID,
            "redirect_uri": callback_url(),
            "scope": SCOPES,
            "state": state,
            "nonce": nonce,
            "code_challenge": generate_code_challenge(verifier, "S256"),
            "code_challenge_method": "S256",
            "claims": json.dumps({"id_token": {"acr": {"essential": True, "values": levels}, "amr": {"essential": True}}}),
        }
        add_state_and_verifier_and_nonce_to_session(request, state, parameters, verifier)
        request.session[NEXT] = safe_next(request)
        return HttpResponseRedirect(f"{provider.authorization_endpoint}?{urlencode(parameters)}")


class CallbackView(OIDCAuthenticationCallbackView):
    """Takes the provider's answer; whatever is wrong with it ends in one page and one record, and nobody is signed in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        transaction = Transaction()
        try:
            return self._signed_in(request, transaction)
        except SignInRefused as refused:
            return refusal_page(request, refused, transaction)
        except ProviderUnavailable:
            sign_in_refuse(reason="provider_unavailable", claims=transaction.claims, now=clock.now())
            raise

    def _signed_in(self, request: HttpRequest, transaction: Transaction) -> HttpResponse:
        kept = self._kept(request)
        self._check_answering_issuer(request)
        if request.GET.get("error"):
            raise SignInRefused("declined")
        if not request.GET.get("code"):
            raise SignInRefused("malformed")
        user = auth.authenticate(request, nonce=kept["nonce"], code_verifier=kept["code_verifier"], transaction=transaction)
        if user is None or transaction.membership is None or transaction.claims is None:
            raise SignInRefused("malformed")
        next_url = request.session.get(NEXT) or "/"
        self._leave_former_session(request)
        auth.login(request, user)
        request.session[ID_TOKEN] = transaction.id_token
        request.session.save()
        sign_in = sign_in_begin(membership=transaction.membership, claims=transaction.claims,
                                session_key=str(request.session.session_key), now=clock.now())  # fmt: skip
        if dormant_roles(membership=sign_in.membership, acr=sign_in.acr):
            messages.warning(request, _dormant_notice())
        return HttpResponseRedirect(next_url)

    def _kept(self, request: HttpRequest) -> dict[str, str]:
        """What we kept under the answer's state, taken out: a state serves once. Raises `SignInRefused` (`state`)."""
        states = request.session.get("oidc_states")
        given = request.GET.get("state", "")
        if not isinstance(states, dict) or not given or given not in states:
            raise SignInRefused("state")
        kept: dict[str, str] = states.pop(given)
        request.session["oidc_states"] = states
        request.session.save()
        return kept

    def _check_answering_issuer(self, request: HttpRequest) -> None:
        """RFC 9207: an answer that names another issuer is a mix-up; one that should name itself must."""
        provider, said = discover(), request.GET.get("iss")
        if (said is None and provider.answers_with_issuer) or (said is not None and not _same(said, provider.issuer)):
            raise SignInRefused("issuer")

    def _leave_former_session(self, request: HttpRequest) -> None:
        """Nothing of the browser's former session is left, its key least of all (session fixation)."""
        former = get_sign_in(session_key=request.session.session_key)
        if former is not None:
            sign_in_end(sign_in=former, actor=former.user.ref, reason="replaced", now=clock.now())
        request.session.flush()


def _dormant_notice() -> str:
    said = _("Your administrator's rights need a sign-in with a second factor: they are not active now.")
    way = reverse("oidc-authenticate") + "?level=strong"
    return format_html('{} <a class="fr-link" href="{}">{}</a>', said, way, _("Sign in again with a second factor"))


def refusal_page(request: HttpRequest, refused: SignInRefused, transaction: Transaction) -> HttpResponse:
    """Record the refusal and say what to do; raises `TooMany` for an address that is refused again and again.

    Anybody may knock here: without a limit, a stranger could fill the log. The first refusal over it is recorded as `too_many`.
    """
    count = times_this_minute(f"sign-in-refused:{origin().address}")
    if count > REFUSALS_A_MINUTE:
        if count == REFUSALS_A_MINUTE + 1:
            sign_in_refuse(reason="too_many", claims=None, now=clock.now())
        raise TooMany
    sign_in_refuse(reason=refused.reason, claims=transaction.claims, now=clock.now())
    log.warning("sign_in_refused", reason=refused.reason)
    context = {"error": refused, "correlation_id": origin().correlation_id}
    return render(request, "accounts/sign_in_refused.html", context, status=refused.status)


class SignOutView(View):
    """Ends our session, then the provider's (RP-Initiated Logout 1.0)."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        session_key = request.session.session_key
        id_token = request.session.get(ID_TOKEN)
        sign_in = get_sign_in(session_key=session_key)
        auth.logout(request)
        if sign_in is not None:
            sign_in_end(sign_in=sign_in, actor=sign_in.user.ref, reason="person", now=clock.now())
        return HttpResponseRedirect(self._provider_way(id_token) or SIGNED_OUT)

    def _provider_way(self, id_token: str | None) -> str:
        try:
            endpoint = discover().end_session_endpoint
        except ProviderUnavailable:
            return ""
        if not endpoint or not id_token:
            return ""
        parameters = {
            "id_token_hint": id_token,
            "client_id": settings.OIDC_RP_CLIENT_ID,
            "post_logout_redirect_uri": f"{settings.PUBLIC_URL}{SIGNED_OUT}",
            "state": get_random_string(32),
        }
        return f"{endpoint}?{urlencode(parameters)}"


@method_decorator(csrf_exempt, name="dispatch")  # the provider calls; its signature is what we check
class BackChannelLogoutView(View):
    """The provider says that one of its sessions is over (Back-Channel Logout 1.0, 2.5 to 2.8)."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            provider = discover()
            claims = verified_logout_token(
                request.POST.get("logout_token"), provider=provider, client_id=settings.OIDC_RP_CLIENT_ID
            )
            refuse_replay(claims)
        except SignInRefused as refused:
            log.warning("back_channel_logout_refused", reason=refused.reason)
            return JsonResponse({"error": "invalid_request", "error_description": refused.reason}, status=400)
        ended = sign_ins_end_from_provider(
            issuer=provider.issuer, sid=claims.get("sid", ""), sub=claims.get("sub", ""), now=clock.now()
        )
        log.info("back_channel_logout", ended=ended)
        return HttpResponse(status=200)


def refuse_replay(claims: dict[str, Any]) -> None:
    """A logout token serves once; raises `SignInRefused` (`replay`)."""
    if not cache.add(f"oidc-logout:{claims['jti']}", 1, timeout=REPLAY_SECONDS):
        raise SignInRefused("replay")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
