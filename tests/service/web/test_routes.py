"""Addresses are built when someone asks for one: starting compiles none."""

import pytest
from werkzeug.routing import Rule

from service.web import app as application
from service.web.routes import Route


def test_no_route_is_compiled_before_an_address_is_asked_for(site, monkeypatch):
    compiled = []
    compile_ = Rule._compile_builder
    monkeypatch.setattr(
        Rule, "_compile_builder", lambda rule, unknown=True: compiled.append(rule.rule) or compile_(rule, unknown)
    )
    app = application.create_app(site.office.house, secret=b"a secret for tests, not for use.")
    pages = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("web.")]
    assert len(pages) > 100
    assert all(isinstance(rule, Route) for rule in pages)
    assert set(compiled) == {"/static/<path:filename>"}  # which Flask itself brings
    compiled.clear()
    with app.test_request_context():
        for _ in range(2):
            assert app.url_for("web.document", document_id="a b", page=2) == "/documents/a%20b?page=2"
    assert compiled == ["/documents/<document_id>"]
    with app.test_request_context(), pytest.raises(Exception, match="document_id"):
        app.url_for("web.document")
