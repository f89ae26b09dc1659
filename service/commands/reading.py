"""Find, look at, take out."""

import sys
from pathlib import Path

import click

from service.access.policy import Actor
from service.commands.common import Typed, json_option, new_file, out_json, plain, table, with_house
from service.house import House

# Those of `search.orders`, written out: it would be loaded for every command's help.
_ORDERS = ("relevance", "newest_received", "oldest_received", "newest_signed", "oldest_signed", "number")


@click.command(cls=Typed)
@click.argument("words", nargs=-1, metavar="[QUERY]")
@click.option(
    "--saved",
    nargs=2,
    metavar="LOGIN NAME",
    help="In place of QUERY, the search that the account LOGIN saved as NAME; what comes are all documents it finds.",
)
@click.option("--limit", default=20, type=click.IntRange(1, 200))
@click.option("--offset", default=0, type=click.IntRange(0))
@click.option("--near", is_flag=True, help="Near-misses of one character, too.")
@click.option("--sort", default="relevance", type=click.Choice(_ORDERS), help="What comes first.")
@click.option("--cursor", default="", help="Go on where `next` of --json says; the rest of the command as before.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write the whole list, up to 5,000 documents, to FILE.xlsx or FILE.csv.",
)
@json_option
@with_house
def search(
    house: House,
    actor: Actor,
    words: tuple[str, ...],
    saved: tuple[str, str] | None,
    limit: int,
    offset: int,
    near: bool,
    sort: str,
    cursor: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """Find documents by any words on them: 逾期交货 "exact phrase" -not OR (…) field:value near:5."""
    from service.flow.search.find import find

    query, filters = " ".join(words), dict[str, str]()
    if saved is not None:
        from service.flow.search.saved_searches import saved_by_name

        if query:
            raise click.UsageError("either QUERY or --saved")
        kept = saved_by_name(house, actor, *saved)
        query, filters = kept.query, kept.filters
    if output is not None:
        _export(house, actor, query, output, filters, near=near, order=sort, as_json=as_json)
        return
    found = find(house, actor, query, limit=limit, offset=offset, filters=filters, near=near, order=sort, cursor=cursor)
    if as_json:
        hits = [
            {
                "document_id": hit.document_id,
                "title": hit.title,
                "category": hit.category,
                "page": hit.page,
                "snippet": hit.snippet,
                "boxes": [list(box) for box in hit.boxes],
                "archive_number": hit.archive_number or None,
                "score": round(hit.score, 4),
                "approximate": hit.approximate,
                "verification": hit.verification or None,
            }
            for hit in found.hits
        ]
        out_json({"total": found.total, "took_ms": found.took_ms, "hits": hits, "next": found.next or None})
        return
    for hit in found.hits:
        click.echo(
            f"{click.style(plain(hit.title), bold=True)}  {hit.category}  {plain(hit.customer)}  {hit.archive_number}".rstrip()
            + ("  ≈" if hit.approximate else "")
        )
        click.echo(f"  {_marked(hit.snippet, hit.marks)}")
        click.echo(click.style(f"  page {hit.page}  {hit.document_id}", dim=True))
    click.echo(f"{found.total} found in {found.took_ms} ms", err=True)


def _export(
    house: House,
    actor: Actor,
    query: str,
    output: Path,
    filters: dict[str, str],
    *,
    near: bool,
    order: str,
    as_json: bool,
) -> None:
    from service.flow.search.find_export import FOUND_COLUMNS, export_found
    from service.reports.sheets import FORMATS, Table, write

    form = output.suffix.lower().lstrip(".")
    if form not in FORMATS:
        raise click.BadParameter("the file's name must end in .xlsx or .csv", param_hint="--output")
    with new_file(output) as part:
        rows = export_found(house, actor, query, form, filters=filters, near=near, order=order)
        part.write(write(Table("search", FOUND_COLUMNS, rows), form))
    if as_json:
        out_json({"file": str(output), "rows": len(rows)})
    else:
        click.echo(f"wrote {output} ({len(rows)} rows)")


def _marked(snippet: str, marks: tuple[tuple[int, int], ...]) -> str:
    parts, at = [], 0
    for start, end in marks:
        parts += [plain(snippet[at:start]), click.style(plain(snippet[start:end]), bg="yellow", fg="black")]
        at = end
    return "".join([*parts, plain(snippet[at:])])


@click.command()
@click.argument("document_id")
@json_option
@with_house
def show(house: House, actor: Actor, document_id: str, as_json: bool) -> None:
    """Show a document: what it is, what was read from it, where it lies."""
    from service.flow.common.checks import checks
    from service.flow.common.values import state_of
    from service.flow.intake.documents import get_document, sheets_at_hand, told

    if as_json:
        out_json(told(house, actor, document_id))
        return
    document = get_document(house, actor, document_id)
    title = click.style(plain(document.title or document.filename), bold=True)
    click.echo(f"{title}  {document.category}  {document.status}")
    click.echo(
        f"  {plain(document.filename)}  {document.pages} page(s)  {document.size} bytes  sha256 {document.sha256}"
    )
    if document.case_file:
        click.echo(f"  file: {plain(document.case_file.title)}  {document.case_file.archive_number or ''}")
    if document.review_reasons:
        click.echo(click.style(f"  look at: {', '.join(document.review_reasons)}", fg="yellow"))
    sheets = sheets_at_hand(house, actor, document_id)
    rows = [
        (f.name, f.value, state_of(f), str(f.page), f"{f.confidence:.2f}", " ".join(checks(f, sheets)))
        for f in document.fields
    ]
    table(("field", "value", "state", "page", "confidence", ""), rows)


@click.command()
@click.argument("document_id")
@json_option
@with_house
def related(house: House, actor: Actor, document_id: str, as_json: bool) -> None:
    """List the documents related to one, and why."""
    from service.flow.search.related import related_to

    for found in related_to(house, actor, document_id):
        other, reasons = found.document, found.reasons
        if as_json:
            out_json(
                {
                    "document_id": other.id,
                    "title": other.title or other.filename,
                    "category": other.category,
                    "reasons": [{"kind": r.kind, "value": r.value, "zh": r.zh, "en": r.en} for r in reasons],
                }
            )
        else:
            click.echo(f"{click.style(plain(other.title or other.filename), bold=True)}  {other.category}  {other.id}")
            click.echo(f"  {plain('; '.join(reason.en for reason in reasons))}")


@click.command()
@click.argument("document_id")
@click.option("--rendition", default="original", type=click.Choice(("original", "preservation", "text")))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, allow_dash=True), help="FILE, or - for stdout."
)
@json_option
@with_house
def get(house: House, actor: Actor, document_id: str, rendition: str, output: Path, as_json: bool) -> None:
    """Take a rendition out, verified; FILE appears only when it is complete."""
    from service.flow.intake.render import open_rendition

    with open_rendition(house, actor, document_id, rendition) as opened:
        if str(output) == "-":
            while block := opened.stream.read(1 << 20):
                sys.stdout.buffer.write(block)
            return
        with new_file(output) as part:
            while block := opened.stream.read(1 << 20):
                part.write(block)
    if as_json:
        out_json({"document_id": document_id, "rendition": rendition, "file": str(output), "size": opened.size})
    else:
        click.echo(f"wrote {output} ({opened.size} bytes)")
