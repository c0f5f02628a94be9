"""What the provider says of a person, once it is verified, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suite.accounts.errors import SignInRefused
from suite.kernel.text import one_line


@dataclass(frozen=True, kw_only=True)
class Claims:
    """ProConnect's claims; `siret` is empty where it gave none that has 14 digits."""

    issuer: str
    sub: str
    email: str
    email_vouched: bool
    given_name: str
    usual_name: str
    siret: str
    organizational_unit: str
    acr: str
    amr: tuple[str, ...]
    sid: str


def claims_of(*, id_token: dict[str, Any], userinfo: dict[str, Any], vouches: bool) -> Claims:
    """The claims of a verified answer; `vouches` where the provider checks every mail address itself.

    Raises `SignInRefused` (`mail_missing`) where there is no mail address to write to.
    """
    said = {**id_token, **userinfo}
    email = _line(said.get("email"), 254)
    if email.count("@") != 1:
        raise SignInRefused("mail_missing")
    siret = _line(said.get("siret"), 14)
    amr = id_token.get("amr")
    return Claims(
        issuer=str(id_token["iss"]),
        sub=str(id_token["sub"]),
        email=email,
        email_vouched=vouches or said.get("email_verified") is True,
        given_name=_line(said.get("given_name"), 100),
        usual_name=_line(said.get("usual_name") or said.get("family_name"), 100) or email.split("@", 1)[0],
        siret=siret if len(siret) == 14 and siret.isascii() and siret.isdigit() else "",
        organizational_unit=_line(said.get("organizational_unit"), 200),
        acr=_line(id_token.get("acr"), 120),
        amr=tuple(_line(one, 40) for one in amr[:10]) if isinstance(amr, list) else (),
        sid=_line(id_token.get("sid"), 255),
    )


def _line(value: Any, longest: int) -> str:
    return one_line(value, longest) if isinstance(value, str) else ""
