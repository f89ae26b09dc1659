"""Keys: list the master keys, let another one follow, give a document another file key."""

from pathlib import Path

import click

from service.access.policy import Actor
from service.commands.common import json_option, out_json, table, with_house
from service.house import House

DAMAGE = 6
_FILE = click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path)


@click.group()
def keys() -> None:
    """The master key and what it wraps: list, rotate; renew the key of a document."""


@keys.command("list")
@json_option
@with_house
def keys_list(house: House, _actor: Actor, as_json: bool) -> None:
    """List the master keys at hand, and how many keys each has wrapped."""
    from service.bootstrap import open_keys
    from service.flow.trust.rotate import count

    at_hand = [key.key_id for key in open_keys(house.settings).candidates()]
    wrapped = count(house)
    for name in at_hand + sorted(wrapped.keys() - set(at_hand) - {""}):
        state = "wraps" if name == house.keys.key_id else "opens" if name in at_hand else "MISSING"
        if as_json:
            out_json({"key_id": name, "state": state.lower(), "wrapped": wrapped.get(name, 0)})
        else:
            table(("key", "", "wrapped"), [(name, state, str(wrapped.get(name, 0)))])


@keys.command("rotate")
@click.option("--passphrase", is_flag=True, help="The new key is made from the passphrase in JUANZONG_KEY_SECRET_FILE.")
@click.option("--pkcs11", "module", type=_FILE, help="The new key is made in a token: the token's PKCS#11 library.")
@click.option("--token", default="", help="The token's label.")
@click.option("--pin-file", type=_FILE, help="Where the token's PIN stands; its path is noted beside the key.")
@click.option(
    "--transit", "server", help="EXPERIMENTAL: the new key is made on this HashiCorp Vault or OpenBao server."
)
@click.option("--engine", default="transit", help="Where its transit engine is mounted.")
@click.option("--token-file", type=_FILE, help="Where the server's token stands; its path is noted beside the key.")
@json_option
@with_house
def keys_rotate(
    house: House,
    actor: Actor,
    *,
    passphrase: bool,
    module: Path | None,
    token: str,
    pin_file: Path | None,
    server: str | None,
    engine: str,
    token_file: Path | None,
    as_json: bool,
) -> int:
    """Let a new master key follow: all keys are wrapped anew while the service runs; objects stay. Broken off, run it again."""
    from service.bootstrap import open_keys
    from service.flow.trust.rotate import rotate
    from vault.adapters.files import secret_in
    from vault.adapters.keyfile import KeyFile
    from vault.adapters.passphrase import PassphraseKey
    from vault.adapters.pkcs11 import Pkcs11Key
    from vault.adapters.transit import TransitKey

    if bool(module) != bool(token and pin_file) or bool(server) != bool(token_file):
        raise click.UsageError("--pkcs11, --token and --pin-file belong together, and --transit and --token-file")
    if bool(module) + bool(server) + passphrase > 1:
        raise click.UsageError("the new key has one provider: --passphrase, --pkcs11 or --transit")

    def make(path: Path, root: bytes) -> object:
        if passphrase:
            word = secret_in(house.settings.key_secret_file, "the passphrase")
            return PassphraseKey.create(path, word, root)
        if module and pin_file:
            pin = secret_in(pin_file, "the token's PIN")
            return Pkcs11Key.create(path, pin, str(module), token, root, secret_file=str(pin_file))
        if server and token_file:
            word = secret_in(token_file, "the server's token")
            return TransitKey.create(path, word, server, engine, root, secret_file=str(token_file))
        return KeyFile.create(path, root)

    folder = open_keys(house.settings)
    done = rotate(house, actor, folder, make)
    new = folder.current().key_id
    if as_json:
        out_json({"key_id": new, "keys": done.keys, "rewrapped": done.changed, "lost": done.lost})
    else:
        click.echo(f"master key {new} wraps {done.keys} keys; copy {folder.path} to the safe now")
        click.echo("  the old key stays beside it (.old-…): backups made until now need it")
        for owner in done.lost:
            click.echo(f"  no key at hand opens that of {owner}")
    return DAMAGE if done.lost else 0


@keys.command("renew")
@click.argument("documents", nargs=-1, required=True, metavar="DOCUMENT...")
@click.option("--reason", required=True, help="Why: it stands in the audit trail.")
@json_option
@with_house
def keys_renew(house: House, actor: Actor, *, documents: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Give documents new file keys, because somebody may have copied theirs: all is sealed anew, and what the old key sealed goes.

    Broken off, the worker goes on, or the same command.
    """
    from service.flow.trust.renew import renew

    for document_id in documents:
        done = renew(house, actor, document_id, reason)
        if as_json:
            out_json(vars(done))
        else:
            after = "the old ones are gone" if done.removed else "the old ones are removed when all stores answer"
            click.echo(f"document {document_id}: {done.objects} objects are sealed under a new key, {after}")
