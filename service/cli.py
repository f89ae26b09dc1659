"""`juanzong`: the command line. Each command lives in `service/commands/` and is loaded when it is called."""

import gc
import os
import sys
from importlib import import_module

import click

# name -> the module it stands in, and what it does: help lists all of them and loads none
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("admin", "Make the archive: home, master key, database, and a one-time link for the first administrator."),
    "serve": ("admin", "Run the application: web and worker together."),
    "worker": ("admin", "Run one worker of a server set-up: it reads what was received."),
    "user": ("admin", "Accounts: add, list, change, invite, disable, enable."),
    "department": (
        "admin",
        "Departments: add, list, rename, close, open, and what they demand before a contract is signed.",
    ),
    "company": (
        "archive_room",
        "The group and its companies: list, add, change, close, and which department belongs to which.",
    ),
    "token": ("admin", "Bearer tokens for programs."),
    "paper": ("rights", "Confidentiality agreements and qualifications: add, list, revoke, lacking."),
    "grant": ("rights", "What is opened to a person for a time: give, list, end."),
    "ingest": (
        "intake",
        "Take PATHS in (files of the formats in docs/intake.md; a directory with all in it): seal, read, index.",
    ),
    "station": ("station", "The scanning station: hot folder and scanner."),
    "ledger": (
        "ledger",
        "The contract ledger: list, export, enter, finish, cancel; import one from XLSX; check numbers for gaps and duplicates.",
    ),
    "customers": ("customers", "The customer register: XLSX in and out, duplicates, a customer's card and facts."),
    "credit": (
        "credit",
        "Credit: look at all customers for warnings, bring receivables in, ask for a customer's status.",
    ),
    "check": ("check", "The four checks: of one case file, or of a sample of the archived ones."),
    "file": (
        "files",
        "Case files: list them, show what one holds and lacks, say what does not apply, print its sheets.",
    ),
    "transfer": ("files", "What is to be handed over by when, and why: list, hand over, accept, return (RULES B3)."),
    "loan": ("files", "Who asks to read which file: ask, list, lend, refuse, record the return (RULES B6)."),
    "statistics": ("files", "The half-year figures, and who owes which report (RULES B4)."),
    "incident": (
        "archive_room",
        "Lost, damaged or overdue files and leaked secrets: list, report, examine, close.",
    ),
    "schedule": (
        "archive_room",
        "The retention schedule: its versions, a draft, what it would change, letting it count.",
    ),
    "milestone": ("archive_room", "What contracts still have to perform or pay: list, add, done, drop."),
    "numbers": (
        "archive_room",
        "How archive numbers are made: templates, what one would give, a draft, letting it count; void numbers.",
    ),
    "batch": ("batch", "Batches of scanned stacks: look, count the paper, release, file as the separator sheets say."),
    "labels": (
        "labels",
        "Write labels for contracts and customers as a PDF of A4 sheets; without a number they only begin a new document.",
    ),
    "report": ("compliance", "Credit reports: of a customer, of the portfolio, on a schedule."),
    "compliance": ("compliance", "Training and regulations: who is due, which tasks are late."),
    "search": (
        "reading",
        'Find documents by any words on them: 逾期交货 "exact phrase" -not OR (…) field:value near:5.',
    ),
    "suggest": (
        "questions",
        "List what may be meant by what was TYPED so far: customers, parties, numbers, codes, titles.",
    ),
    "saved": ("questions", "List the saved searches of the account LOGIN, with how many documents are new in each."),
    "show": ("reading", "Show a document: what it is, what was read from it, where it lies."),
    "related": ("reading", "List the documents related to one, and why."),
    "get": ("reading", "Take a rendition out, verified; FILE appears only when it is complete."),
    "extraction": ("extraction", "What is read from pages, measured by what people said of it."),
    "reindex": ("checks", "Rebuild the search index from database and vault, while search goes on."),
    "fixity": (
        "checks",
        "Verify every sealed object against its recorded hash, and mend from the replica what is not sound.",
    ),
    "audit": ("trail", "The audit trail."),
    "evidence": (
        "trail",
        "Pack a document for a court: the original, its history with proofs, a readable report, and what verifies them.",
    ),
    "hold": (
        "appraisal",
        "Holds: list them, see what a query finds, freeze files for a matter, ask for the release, release as a second person.",
    ),
    "review": (
        "appraisal",
        "Appraisals: what is due, the board, propose, take off, stop, execute; persons sign on the page.",
    ),
    "outside": ("outside", "Files that go to an outside archive: package, handing over, receipt, removal."),
    "package": ("package", "A case file as a signed BagIt package: out of this archive, or into it."),
    "backup": ("backup", "Write one sealed archive of database, keys and objects to FILE, while the service runs."),
    "restore": ("backup", "Put a backup (FILES: it and those it rests on) into an empty system, and print the proof."),
    "destructions": (
        "backup",
        "The destruction register: outside the archive, where a restore needs it; signed, as PDF or XLSX.",
    ),
    "keys": ("keys", "The master key and what it wraps: list, rotate; renew the key of a document."),
    "doctor": ("checks", "Compare database, store and index."),
}


class LazyGroup(click.Group):
    """Loads a command's module only when that command is asked for: `search` starts without an OCR engine."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the manual."""
        return list(COMMANDS)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, what) for name, (_module, what) in COMMANDS.items()])

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, loaded now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"service.commands.{COMMANDS[cmd_name][0]}"), cmd_name)
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="juanzong", prog_name="juanzong")
def juanzong() -> None:
    """卷宗: contract and customer-credit archives, from the scanner to the certificate of destruction."""


def main() -> None:
    """Run the command line; exit codes are those of `service/errors.py`."""
    gc.disable()  # loading a command makes a great many objects and no garbage; looking for some takes a tenth of a search
    from service.commands.common import run

    os.umask(0o077)  # whatever the archive writes is its owner's alone
    sys.exit(run(juanzong))
