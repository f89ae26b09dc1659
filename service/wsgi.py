"""The web entry point: `gunicorn service.wsgi:app`."""

import os

from flask import Flask

from service.api.app import blueprint, watch
from service.bootstrap import build
from service.jobs.queue import attach, open_queue
from service.settings import Settings, load
from service.web.app import create_app


def make(settings: Settings) -> Flask:
    """Return the whole web application: pages, API and what machines watch."""
    house = build(settings)
    house.hint = attach(open_queue(settings), lambda: house)
    _ = house.reader  # made before there are threads that would each make one
    # Every machine that opens the archive signs form tokens alike, and the key itself never signs anything.
    secret = house.keys.derive(b"page tokens")
    app = create_app(house, secret=secret)
    for part in (blueprint(house), watch(house)):
        app.extensions["csrf"].exempt(part)  # bearer tokens only, no cookie
        app.register_blueprint(part)
    return app


os.umask(0o077)  # whatever the archive writes is its owner's alone
app = make(load())
