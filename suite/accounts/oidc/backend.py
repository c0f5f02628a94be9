"""Django's authentication by OpenID Connect: mozilla-django-oidc's flow with each of its open doors shut.

The stock class (5.0.2) accepts a token of another issuer or for another client, does not compare userinfo's subject with the ID
token's, takes unsigned userinfo, and finds people by mail address. Nothing of that is left here: `tokens.py` verifies, and
`services.sign_ins.person_recognize` decides who it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from suite.accounts.errors import SignInRefused
from suite.accounts.models import Membership, User
from suite.accounts.oidc.claims import Claims, claims_of
from suite.accounts.oidc.provider import Provider, ask, discover
from suite.accounts.oidc.tokens import verified_id_token, verified_userinfo
from suite.accounts.services.sign_ins import person_recognize
from suite.kernel import clock


@dataclass
class Transaction:
    """One sign-in as it goes: what was verified so far, for the session and for the audit of a refusal."""

    claims: Claims | None = None
    membership: Membership | None = None
    id_token: str = ""


class StrictBackend(OIDCAuthenticationBackend):
    """Signs in whom the configured provider's verified answer names; everything else raises `SignInRefused`."""

    def __init__(self) -> None:  # the stock one wants each endpoint as a setting; ours come from discovery
        self.UserModel = get_user_model()

    def authenticate(self, request: HttpRequest | None, **kwargs: Any) -> User | None:
        """Whom the code in `request` stands for; `nonce`, `code_verifier` and `transaction` come from the callback."""
        transaction = kwargs.get("transaction")
        if request is None or not isinstance(transaction, Transaction):
            return None
        provider = discover()
        answer = self.get_token(
            {
                "client_id": settings.OIDC_RP_CLIENT_ID,
                "client_secret": settings.OIDC_RP_CLIENT_SECRET,
                "grant_type": "authorization_code",
                "code": request.GET["code"],
                "redirect_uri": callback_url(),
                "code_verifier": kwargs["code_verifier"],
            }
        )
        access_token = answer.get("access_token")
        if not isinstance(access_token, str) or not access_token:
            raise SignInRefused("malformed")
        id_token = self.verify_token(answer.get("id_token"), nonce=kwargs["nonce"], access_token=access_token)
        userinfo = self._userinfo(provider, access_token, sub=id_token["sub"])
        transaction.claims = claims_of(id_token=id_token, userinfo=userinfo, vouches=settings.OIDC_VOUCHES_FOR_MAIL)
        transaction.membership = person_recognize(claims=transaction.claims, now=clock.now())
        transaction.id_token = str(answer["id_token"])
        return transaction.membership.user

    def verify_token(self, token: Any, **kwargs: Any) -> dict[str, Any]:
        """The claims of an ID token that answers our own request."""
        return verified_id_token(
            token,
            provider=discover(),
            client_id=settings.OIDC_RP_CLIENT_ID,
            nonce=kwargs["nonce"],
            access_token=kwargs["access_token"],
        )

    def get_token(self, payload: dict[str, str]) -> dict[str, Any]:
        """What the token endpoint gives for our code; raises `SignInRefused` (`code`) where it gives nothing."""
        answer = ask("POST", discover().token_endpoint, data=payload, headers={"Accept": "application/json"})
        if answer.status != 200:
            raise SignInRefused("code" if answer.status == 400 else "client")
        return answer.json()

    def get_userinfo(self, access_token: str, id_token: str, payload: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002  (theirs)
        return self._userinfo(discover(), access_token, sub=payload["sub"])

    def get_user(self, user_id: Any) -> User | None:
        """The active person of Django's session."""
        return User.objects.filter(pk=user_id, is_active=True).first()

    def _userinfo(self, provider: Provider, access_token: str, *, sub: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/jwt"}
        answer = ask("GET", provider.userinfo_endpoint, headers=headers)
        if answer.status != 200:
            raise SignInRefused("userinfo")
        if answer.content_type.split(";")[0].strip().lower() != "application/jwt":
            raise SignInRefused("userinfo_unsigned")
        try:
            token = answer.body.decode("ascii").strip()
        except UnicodeDecodeError as error:
            raise SignInRefused("malformed") from error
        return verified_userinfo(token, provider=provider, client_id=settings.OIDC_RP_CLIENT_ID, sub=sub)


def callback_url() -> str:
    """Where the provider sends people back: from PUBLIC_URL, never from a request's own Host."""
    return f"{settings.PUBLIC_URL}/oidc/callback/"
