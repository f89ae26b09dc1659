"""What helps to ask: saved searches, and what may be meant by what was typed."""

import click

from service.access.policy import Actor
from service.commands.common import json_option, out_json, plain, table, with_house
from service.house import House


@click.command()
@click.argument("login")
@json_option
@with_house
def saved(house: House, actor: Actor, login: str, as_json: bool) -> None:
    """List the saved searches of the account LOGIN, with how many documents are new in each."""
    from service.flow.saved_searches import saved_of

    found = saved_of(house, actor, login)
    if as_json:
        for one in found:
            out_json(
                {"name": one.search.name, "query": one.search.query, "filters": one.search.filters, "news": one.news}
            )
        return
    rows = [
        (one.search.name, one.search.query, " ".join(f"{k}={v}" for k, v in one.search.filters.items()), str(one.news))
        for one in found
    ]
    table(("name", "query", "only", "new"), rows)


@click.command()
@click.argument("typed")
@json_option
@with_house
def suggest(house: House, actor: Actor, typed: str, as_json: bool) -> None:
    """List what may be meant by what was TYPED so far: customers, parties, numbers, codes, titles."""
    from service.flow.suggest import suggest as suggestions

    for one in suggestions(house, actor, typed):
        if as_json:
            out_json({"text": one.text, "kind": one.kind, "query": one.query})
        else:
            click.echo(f"{plain(one.text)}  {click.style(one.kind, dim=True)}")
