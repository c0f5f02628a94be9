"""The operators' commands: the first organisation, its units, its first people and their roles."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from suite.accounts.models import Membership, Organization, Role, RoleAssignment, Unit
from suite.audit.models import Record

pytestmark = pytest.mark.django_db
SIRET = "12345678900011"


def run(*words: str) -> str:
    said = io.StringIO()
    call_command(*words, stdout=said)
    return said.getvalue()


@pytest.fixture
def town() -> Organization:
    run("organization_create", SIRET, "Ville", "--unit", "Ressources humaines", "--unit", "Voirie")
    run("person_create", SIRET, "claire@ville.example", "Claire", "Petit", "--unit", "Ressources humaines")
    return Organization.objects.get(siret=SIRET)


def test_from_nothing_to_an_administrator(town: Organization) -> None:
    run("role_grant", SIRET, "Claire@ville.example", "hr")
    run("unit_create", SIRET, "Paie", "--parent", "Ressources humaines")
    claire = Membership.objects.get(organization=town)
    assert claire.unit is not None
    assert claire.unit.name == "Ressources humaines"
    assert RoleAssignment.objects.get(user=claire.user).role == Role.HR_ADMINISTRATOR
    paie = Unit.objects.get(name="Paie")
    assert paie.parent is not None
    assert paie.parent.name == "Ressources humaines"
    said = run("role_list")
    assert f"{SIRET}  Ville" in said
    assert "hr       Claire Petit <claire@ville.example>" in said
    run("role_revoke", SIRET, "claire@ville.example", "hr")
    assert not RoleAssignment.objects.exists()


def test_every_act_is_recorded_with_who_ran_it(town: Organization) -> None:
    run("role_grant", SIRET, "claire@ville.example", "auditor", "--unit", "Voirie")
    run("role_revoke", SIRET, "claire@ville.example", "auditor", "--unit", "Voirie")
    records = Record.objects.filter(organization_id=town.id).order_by("id")
    assert [record.action for record in records] == [
        "accounts.organization.created",
        "accounts.unit.created",
        "accounts.unit.created",
        "accounts.person.provisioned",
        "accounts.role.granted",
        "accounts.role.revoked",
    ]
    assert {record.actor_kind for record in records} == {"operator"}
    assert all(record.actor_label.startswith("manage.py (") for record in records)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("organization_create", "123", "Bourg"), "A SIRET number has 14 digits"),
        (("organization_create", SIRET, "Bourg"), "is there already"),
        (("organization_create", "1" * 14, " "), "A name has 1 to 200 characters"),
        (("unit_create", SIRET, "Voirie"), "A unit of this name is there already"),
        (("unit_create", SIRET, "Paie", "--parent", "Nulle part"), "has no unit named 'Nulle part'"),
        (("unit_create", "1" * 14, "Paie"), "No organisation has the SIRET"),
        (("person_create", SIRET, "claire", "C", "P"), "is not a mail address"),
        (("person_create", SIRET, "c@ville.example", " ", "P"), "have 1 to 100 characters"),
        (("person_create", SIRET, "CLAIRE@ville.example", "C", "P"), "is a member of this organisation already"),
        (("role_grant", SIRET, "nobody@ville.example", "hr"), "Nobody in Ville has the mail address"),
        (("role_grant", SIRET, "claire@ville.example", "king"), "invalid choice"),
        (("role_grant", SIRET, "claire@ville.example", "hr", "--unit", "Nulle part"), "has no unit named"),
        (("role_revoke", SIRET, "claire@ville.example", "hr"), "does not hold this role there"),
    ],
)
@pytest.mark.usefixtures("town")
def test_bad_input_is_a_sentence_and_changes_nothing(words: tuple[str, ...], sentence: str) -> None:
    def state() -> tuple[int, ...]:
        return tuple(model.objects.count() for model in (Organization, Unit, Membership, RoleAssignment, Record))

    before = state()
    with pytest.raises(CommandError, match=sentence.replace("(", r"\(")):
        run(*words)
    assert state() == before


def test_an_organisation_comes_whole_or_not_at_all() -> None:
    with pytest.raises(CommandError, match="A unit of this name"):
        run("organization_create", SIRET, "Ville", "--unit", "Voirie", "--unit", "Voirie")
    assert not Organization.objects.exists()


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(("first", "second"), [("hr", "auditor"), ("auditor", "hr")])
def test_administering_people_and_auditing_exclude_each_other(first: str, second: str) -> None:
    run("role_grant", SIRET, "claire@ville.example", first)
    with pytest.raises(CommandError, match="cannot both administer people and audit"):
        run("role_grant", SIRET, "claire@ville.example", second, "--unit", "Voirie")
    assert RoleAssignment.objects.count() == 1
