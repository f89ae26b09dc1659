"""`juanzong package`: a case file as a signed BagIt package, out of this archive or into it."""

from pathlib import Path

import click

from service.access.policy import Actor
from service.commands.common import done, json_option, new_file, out_json, with_house
from service.house import House


@click.group()
def package() -> None:
    """A case file as a signed BagIt package: out of this archive, or into it."""


@package.command("export")
@click.argument("file_id")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="FILE.zip")
@json_option
@with_house
def package_export(house: House, actor: Actor, file_id: str, output: Path, as_json: bool) -> None:
    """Write the package of a case file: originals, metadata by the names of DA/T 46, its history, a signed manifest."""
    from service.flow.archive.packages import export_package

    with new_file(output) as out:
        bag = export_package(house, actor, file_id, out)
    if as_json:
        found = {"documents": bag.documents, "files": len(bag.payload), "manifest": bag.manifest}
        out_json({**found, "public_key": bag.public_key, "file": str(output)})
    else:
        click.echo(f"wrote {output}: {bag.documents} documents, {len(bag.payload)} files, signed with {bag.public_key}")


@package.command("import")
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--public-key", "keys", multiple=True, metavar="KEY", help="Whose packages are believed; again for more.")
@click.option("--department", default="", help="The code of its department here, if it is another than there.")
@click.option("--handler", default="", help="The login of who handles its contract here.")
@json_option
@with_house
def package_import(
    house: House, actor: Actor, source: Path, keys: tuple[str, ...], department: str, handler: str, as_json: bool
) -> None:
    """Verify a package to the last byte and make the same file here, with its numbers and dates. Done twice it changes nothing."""
    from service.flow.archive.package_import import import_package

    made = import_package(house, actor, source, frozenset(keys), department=department, handler=handler)
    if as_json:
        out_json({**vars(made), "documents": list(made.documents)})
    else:
        click.echo(f"took in {made.archive_number or made.file_id}: {len(made.documents)} documents")


@package.command("receipt")
@click.argument("manifest")
@click.option("--by", "received_by", required=True, help="Who received it.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="FILE.json")
@json_option
@with_house
def package_receipt(
    house: House, actor: Actor, manifest: str, received_by: str, output: Path, *, as_json: bool
) -> None:
    """Sign the receipt for a package that was taken in here; MANIFEST is the SHA-256 its export printed."""
    from service.flow.archive.outside_receipts import make_receipt

    data = make_receipt(house, actor, manifest, received_by)
    with new_file(output) as out:
        out.write(data)
    done({"file": str(output)}, f"wrote {output}", as_json=as_json)


@package.command("record")
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--department", default="", help="The code of the department it belongs to.")
@json_option
@with_house
def package_record(house: House, actor: Actor, source: Path, department: str, *, as_json: bool) -> None:
    """Take in one record in XML by DA/T 48 (EEP), from any system: its bytes become a document."""
    from service.flow.archive.eep_import import import_record

    got = import_record(house, actor, source, department=department)
    said = {"document_id": got.document_id, "duplicate": got.duplicate}
    done(said, f"document {got.document_id}{' (was here already)' if got.duplicate else ''}", as_json=as_json)
