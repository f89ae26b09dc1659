"""What helps to ask: saved searches, and what may be meant by what was typed."""

import click

from service.access.policy import Actor
from service.commands.common import Typed, json_option, out_json, plain, table, with_house
from service.house import House


@click.command()
@click.argument("login")
@click.option("--mail", metavar="NAME", default="", help="tell of what is new in the search NAME by e-mail, too")
@click.option("--no-mail", metavar="NAME", default="", help="tell of it by e-mail no more")
@json_option
@with_house
def saved(house: House, actor: Actor, login: str, mail: str, no_mail: str, as_json: bool) -> None:
    """List the saved searches of the account LOGIN, with how many documents are new in each."""
    from service.flow.search.saved_searches import mail_by_name, saved_of

    for name, on in ((mail, True), (no_mail, False)):
        if name:
            mail_by_name(house, actor, login, name, mail=on)
    found = saved_of(house, actor, login)
    if as_json:
        for one in found:
            search = one.search
            said = {"name": search.name, "query": search.query, "filters": search.filters, "news": one.news}
            out_json({**said, "mail": search.mail})
        return
    rows = [
        (
            *(one.search.name, one.search.query, " ".join(f"{k}={v}" for k, v in one.search.filters.items())),
            *(str(one.news), "yes" if one.search.mail else ""),
        )
        for one in found
    ]
    table(("name", "query", "only", "new", "e-mail"), rows)


@click.command(cls=Typed)
@click.argument("typed")
@json_option
@with_house
def suggest(house: House, actor: Actor, typed: str, as_json: bool) -> None:
    """List what may be meant by what was TYPED so far: customers, parties, numbers, codes, titles."""
    from service.flow.search.suggest import suggest as suggestions

    for one in suggestions(house, actor, typed):
        if as_json:
            out_json({"text": one.text, "kind": one.kind, "query": one.query})
        else:
            click.echo(f"{plain(one.text)}  {click.style(one.kind, dim=True)}")
