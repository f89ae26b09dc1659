"""One access decision, and the index tokens that mirror it."""

from itertools import combinations, product

import pytest

from service.access.policy import ACTIONS, ROLES, STATION, TIERS, Actor, Reach, decide, document_tokens, reader_tokens

DEPARTMENTS = ("xs", "cg", None)


@pytest.mark.parametrize(("role", "clearance", "department"), list(product(ROLES, TIERS, DEPARTMENTS)))
def test_tokens_and_decision_agree_for_everyone_on_everything(role, clearance, department):
    actor = Actor("person:a", person_id="1", roles=frozenset({role}), department_id=department, clearance=clearance)
    held = reader_tokens(actor)
    assert held is not None
    for tier, owner_department, received_by in product(TIERS, DEPARTMENTS, ("person:a", "person:b")):
        reach = Reach(owner_department, tier, received_by)
        visible = bool(held & set(document_tokens(reach)))
        assert visible == decide(actor, "document.read", reach).allowed, reach


@pytest.mark.parametrize("role", ["administrator", "auditor"])
def test_administrator_and_auditor_read_no_document_by_virtue_of_the_part(role):
    actor = Actor("person:a", roles=frozenset({role}), department_id="xs", clearance="core")
    assert decide(actor, "document.read", Reach("xs", "public")).reason == "role_missing"
    assert reader_tokens(actor) == frozenset()


def test_the_reason_is_said():
    handler = Actor("person:a", roles=frozenset({"handler"}), department_id="xs")
    assert decide(handler, "document.read", Reach("cg", "internal")).reason == "other_department"
    assert decide(handler, "document.read", Reach("xs", "secret")).reason == "tier_too_high"
    assert decide(handler, "audit.read").reason == "role_missing"
    assert decide(Actor("cli:root", owner=True), "audit.read").reason == "owner"


@pytest.mark.parametrize("pair", list(combinations(ROLES, 2)), ids=" ".join)
def test_two_roles_open_what_one_of_them_opens_and_nothing_more(pair):
    """A role that works for all departments does not widen where another one of the same person works."""
    both, *each = (
        Actor("person:a", person_id="1", roles=frozenset(roles), department_id="xs", clearance="secret")
        for roles in (pair, *((role,) for role in pair))
    )
    for action, department, tier in product(ACTIONS, DEPARTMENTS, TIERS):
        reach = Reach(department, tier, "person:b")
        alone = any(decide(one, action, reach).allowed for one in each)
        assert decide(both, action, reach).allowed == alone, (action, reach)


def test_every_action_names_known_roles():
    assert all(roles and roles <= {*ROLES, STATION} for roles in ACTIONS.values())
