"""Inviting a mail address: a role that waits for whoever signs in with it, vouched for by the provider."""

from __future__ import annotations

from datetime import timedelta

import pytest

from suite.accounts.models import Membership, SignIn, User
from suite.accounts.oidc.claims import Claims
from suite.accounts.selectors import viewer_of
from suite.accounts.services.sign_ins import person_recognize, sign_in_begin
from suite.audit.models import Record
from suite.documents.services import document_create
from suite.kernel import clock
from suite.kernel.outbox import deliver_due
from suite.resources.models import Access, Invitation, ResourceRole
from suite.resources.services.accesses import access_grant
from suite.resources.services.invitations import A_DAY_MAX, invitation_send
from suite.resources.services.trash import resource_discard, resource_restore
from suite.resources.tasks import ATTEMPTS_MAX, empty_trash, mail_invitations
from tests.callers import Caller
from tests.people import organization
from tests.resources.channels import channel_of
from tests.resources.pages import browser

pytestmark = pytest.mark.django_db
EMAIL = "zoe.martin@ailleurs.example"


@pytest.fixture
def elsewhere(db):
    return organization("Ailleurs")


def claims(at, *, email=EMAIL, vouched=True, sub="zoe"):
    return Claims(
        issuer="https://provider.example",
        sub=sub,
        email=email,
        email_vouched=vouched,
        given_name="Zoé",
        usual_name="Martin",
        siret=at.siret,
        organizational_unit="",
        acr="eidas1",
        amr=("pwd",),
        sid="",
    )


def sign_in(at, **said):
    """A sign-in as the callback does it, and what the dispatcher delivers after it."""
    given = claims(at, **said)
    membership = person_recognize(claims=given, now=clock.now())
    number = SignIn.objects.count()
    sign_in_begin(membership=membership, claims=given, session_key=f"key-{number}", now=clock.now())
    deliver_due()
    return membership


def invite(viewer, resource, email=EMAIL, role="editor"):
    return Caller(viewer).post(f"/api/resources/{resource.id}/invitations/", email=email, role=role)


def test_an_invitation_waits_is_mailed_once_and_becomes_an_access_at_sign_in(awa, resource, elsewhere, mailoutbox):
    answer = invite(awa, resource, email="Zoe.Martin@Ailleurs.example")
    assert answer.status_code == 201
    assert [(one["email"], one["role"], one["mailed"]) for one in answer.json()["invitations"]] == [(EMAIL, "editor", False)]
    for _again in range(2):
        mail_invitations()
    (mail,) = mailoutbox
    assert mail.to == [EMAIL]
    assert "Note" in mail.subject
    assert f"/invitations/{Invitation.objects.get().id}/" in mail.body
    membership = sign_in(elsewhere)
    assert Access.objects.get(resource=resource, user_id=membership.user_id).role == "editor"
    assert Caller(awa).get(f"/api/resources/{resource.id}/sharing/").json()["invitations"] == []
    actions = set(Record.objects.filter(action__startswith="resources.invitation").values_list("action", flat=True))
    assert actions == {f"resources.invitation.{verb}" for verb in ("made", "mailed", "accepted")}
    assert sign_in(elsewhere).user_id == membership.user_id  # again: nothing more
    assert Access.objects.filter(resource=resource).count() == 2


def test_the_mails_link_leads_to_the_document_and_is_nobody_elses(awa, bruno, resource, elsewhere):
    invite(awa, resource)
    invitation = Invitation.objects.get()
    address = f"/invitations/{invitation.id}/"
    membership = person_recognize(claims=claims(elsewhere), now=clock.now())
    zoe = viewer_of(membership=Membership.objects.select_related("user", "organization").get(id=membership.id))
    early = browser(zoe).get(address)
    assert early.status_code == 200
    assert early["Refresh"].startswith("1; url=/invitations/")
    late = browser(zoe).get(address, {"waited": "....."})
    assert "Refresh" not in late
    assert EMAIL in late.content.decode()
    sign_in(elsewhere)
    other = document_create(
        organization_id=awa.organization_id, title="Autre", owner_id=awa.user_id, actor=awa.ref, now=clock.now()
    ).resource
    invite(awa, other)
    sign_in(elsewhere)
    for one in Invitation.objects.all():  # each leads to its own
        assert browser(zoe).get(f"/invitations/{one.id}/")["Location"] == f"/documents/{one.resource_id}/"
    for viewer in (bruno, awa):
        assert browser(viewer).get(address).status_code == 404


@pytest.mark.parametrize("said", [{"vouched": False}, {"email": "zoe.martin@imposteur.example", "sub": "other"}])
def test_a_mail_address_that_nobody_vouches_for_opens_nothing(awa, resource, elsewhere, said):
    invite(awa, resource)
    sign_in(elsewhere, **said)
    assert Access.objects.filter(resource=resource).count() == 1
    assert Invitation.objects.get().accepted_at is None


def test_an_account_whose_address_was_another_at_sign_in_opens_nothing(awa, resource, elsewhere):
    """The account's address is the invited one, the provider vouches for a newer one: it is not the same person's word."""
    sign_in(elsewhere)
    invite(awa, resource)
    sign_in(elsewhere, email="zoe.roche@ailleurs.example")
    assert Invitation.objects.get().accepted_at is None


def test_withdrawn_it_opens_nothing(awa, bruno, resource, elsewhere, mailoutbox):
    (one,) = invite(awa, resource).json()["invitations"]
    address = f"/api/resources/{resource.id}/invitations/{one['id']}/"
    assert Caller(bruno).delete(address).status_code == 404
    assert Caller(awa).delete(address.replace(str(resource.id), str(channel_of(awa).pk))).status_code == 404
    assert Caller(awa).delete(address).json()["invitations"] == []
    assert Caller(awa).delete(address).status_code == 404
    mail_invitations()
    assert mailoutbox == []
    membership = sign_in(elsewhere)
    assert not Access.objects.filter(user_id=membership.user_id).exists()


def test_one_is_withdrawn_and_the_others_wait(awa, resource, elsewhere):
    for email in (EMAIL, "noe@ailleurs.example"):
        shown = invite(awa, resource, email=email).json()["invitations"]
    address = f"/api/resources/{resource.id}/invitations/{shown[1]['id']}/"
    assert [one["email"] for one in Caller(awa).delete(address).json()["invitations"]] == [EMAIL]
    noe = viewer_of(membership=sign_in(elsewhere, email="noe@ailleurs.example", sub="noe"))
    zoe = viewer_of(membership=sign_in(elsewhere))
    assert set(resource.accesses.values_list("user_id", flat=True)) == {awa.user_id, zoe.user_id}
    for viewer in (noe, zoe):  # its link leads nowhere any more
        assert browser(viewer).get(f"/invitations/{shown[1]['id']}/").status_code == 404


def test_what_lies_in_the_trash_opens_when_it_is_back(awa, resource, elsewhere):
    invite(awa, resource)
    resource_discard(resource=resource, viewer=awa, now=clock.now())
    zoe = sign_in(elsewhere)
    assert not Access.objects.filter(user_id=zoe.user_id).exists()
    resource_restore(resource=resource, viewer=awa, now=clock.now())
    sign_in(elsewhere)
    assert Access.objects.get(user_id=zoe.user_id).role == "editor"


def test_an_access_that_is_smaller_grows_by_what_was_offered_since(awa, resource, elsewhere):
    for role in ("reader", "editor"):
        invite(awa, resource, role=role)
        zoe = sign_in(elsewhere)
        assert Access.objects.get(user_id=zoe.user_id).role == role


def test_a_colleagues_address_is_given_the_access_at_once(awa, bruno, resource):
    answer = invite(awa, resource, email=bruno.email.upper()).json()
    assert answer["invitations"] == []
    assert [one["principal"]["name"] for one in answer["accesses"]] == ["Awa Diop", "Bruno Petit"]


def test_an_account_elsewhere_is_invited_as_anybody_and_learns_at_the_next_sign_in(awa, resource, stranger):
    User.objects.filter(id=stranger.user_id).update(email=EMAIL)
    answer = invite(awa, resource).json()
    assert [one["email"] for one in answer["invitations"]] == [EMAIL]
    assert not Access.objects.filter(user_id=stranger.user_id).exists()


def test_an_access_that_is_there_is_not_made_smaller(awa, resource, elsewhere):
    membership = sign_in(elsewhere)
    invite(awa, resource, role="reader")
    access_grant(resource=resource, role=ResourceRole.ADMINISTRATOR, actor=awa.ref, now=clock.now(), user_id=membership.user_id)
    sign_in(elsewhere)
    assert Access.objects.get(user_id=membership.user_id).role == "administrator"


def test_again_changes_the_role_and_writes_no_second_mail(awa, resource, mailoutbox):
    for role in ("reader", "editor"):
        invite(awa, resource, role=role)
        mail_invitations()
    assert Invitation.objects.get().role == "editor"
    assert len(mailoutbox) == 1


def test_it_expires(awa, resource, elsewhere):
    invite(awa, resource)
    Invitation.objects.update(invited_at=clock.now() - timedelta(days=31))
    assert Caller(awa).get(f"/api/resources/{resource.id}/sharing/").json()["invitations"] == []
    sign_in(elsewhere)
    assert Access.objects.filter(resource=resource).count() == 1
    empty_trash()
    assert not Invitation.objects.exists()


def test_who_does_not_administer_invites_nobody(awa, bruno, resource):
    access_grant(resource=resource, role=ResourceRole.EDITOR, actor=awa.ref, now=clock.now(), user_id=bruno.user_id)
    assert invite(bruno, resource).status_code == 403
    assert invite(awa, resource, role="owner").status_code == 400
    assert invite(awa, resource, email="nobody").status_code == 400
    assert not Invitation.objects.exists()


def test_without_a_mail_server_nobody_is_invited(awa, resource, settings):
    settings.MAIL_LEAVES = False
    answer = invite(awa, resource)
    assert answer.status_code == 503
    assert answer.json()["code"] == "no_mail"
    assert not Invitation.objects.exists()


def test_a_mail_server_that_is_down_is_asked_again(awa, resource, settings, mailoutbox):
    invite(awa, resource)
    works, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    mail_invitations()
    invitation = Invitation.objects.get()
    assert (invitation.mailed_at, invitation.mail_attempts) == (None, 1)
    settings.EMAIL_BACKEND = works
    Invitation.objects.update(mail_attempts=ATTEMPTS_MAX)
    mail_invitations()
    assert not mailoutbox  # not for ever
    Invitation.objects.update(mail_attempts=ATTEMPTS_MAX - 1)
    mail_invitations()
    assert len(mailoutbox) == 1


def test_what_was_withdrawn_is_forgotten_a_day_later_and_may_be_offered_again(awa, resource):
    for _again in range(2):
        (one,) = invite(awa, resource).json()["invitations"]
        Caller(awa).delete(f"/api/resources/{resource.id}/invitations/{one['id']}/")
    assert Invitation.objects.count() == 2  # they count among the day's
    Invitation.objects.update(withdrawn_at=clock.now() - timedelta(days=2))
    empty_trash()
    assert not Invitation.objects.exists()


def test_nobody_writes_to_the_whole_world(awa, bruno, resource):
    now = clock.now()

    def invited(viewer, first, at):
        Invitation.objects.bulk_create(
            Invitation(resource=resource, email=f"{n}@e.example", role="reader", invited_by_id=viewer.user_id, invited_at=at)
            for n in range(first, first + A_DAY_MAX)
        )

    invited(bruno, 0, now)
    invited(awa, A_DAY_MAX, now - timedelta(days=1, minutes=1))
    assert invite(awa, resource).status_code == 201  # what others wrote, and what was yesterday, is not hers of today
    invited(awa, 2 * A_DAY_MAX, now)
    assert invite(awa, resource, email="noe@ailleurs.example").status_code == 429


def test_a_mail_is_written_once_whoever_asks_for_it_again(awa, resource, mailoutbox):
    invite(awa, resource)
    invite(awa, resource, email="noe@ailleurs.example")
    first, second = Invitation.objects.order_by("invited_at")
    assert [invitation_send(invitation_id=second.id, now=clock.now()) for _again in range(2)] == [True, False]
    assert [mail.to for mail in mailoutbox] == [["noe@ailleurs.example"]]
    assert invitation_send(invitation_id=first.id, now=clock.now())
