"""A company's own forms, as data: a TOML file for each says by which words a form is known and what its labels mean.

words = ["客户准入评审单", "评审编号"]     # all of them stand on the form
category = "5.2"                            # optional: the code of RULES B1/B5
[labels]                                    # field (DESIGN.md, Field names) = labels as printed
name = ["准入单位"]
amount = ["建议授信"]

A file with `codes` in the same folder is a label of the company's own, see `intake.batches.own_labels`.
"""

import logging
import re
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from intake.batches import own_labels
from intake.batches.own_labels import BadLabel, OwnLabel
from intake.categories import may_say
from intake.folding import matching

_LOG = logging.getLogger(__name__)
_FIELD = re.compile(r"[a-z][a-z_]{0,40}")


class BadTemplate(ValueError):
    """The file describes no form; the message says what is wrong with it."""


@dataclass(frozen=True)
class Template:
    """One form. words and labels as they are matched: narrow and simplified. category: a code, or empty."""

    words: tuple[str, ...]
    category: str = ""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def fits(self, text: str) -> bool:
        """Tell whether the text of the pages (folded, without white space) has all the words of the form."""
        return all(word in text for word in self.words)


def parse(text: str) -> Template | OwnLabel:
    """Return the form, or the label, that a TOML text describes. Raises BadTemplate, BadLabel."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadTemplate(f"is no TOML: {error}") from error
    return own_labels.parse(data) if "codes" in data else _form(data)


def _form(data: dict[str, Any]) -> Template:
    unknown = sorted(set(data) - {"words", "category", "labels"})
    if unknown:
        raise BadTemplate(f"has {', '.join(unknown)}; only words, category and labels are known")
    words = _words(data.get("words"), "words")
    category = data.get("category", "")
    if not may_say(category):
        raise BadTemplate(f"has the category {category!r}, which RULES B1 and B5 do not name")
    labels = data.get("labels", {})
    if not isinstance(labels, dict) or not all(_FIELD.fullmatch(name) for name in labels):
        raise BadTemplate("must have a table [labels] with names of fields in small letters")
    return Template(words, category, {name: _words(value, f"labels.{name}") for name, value in labels.items()})


def _words(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) and len(v.strip()) > 1 for v in value):
        raise BadTemplate(f"must have {name} as a list of words of two letters or more")
    return tuple("".join(matching(c) for c in v if not c.isspace()) for v in value)


def load(folder: Path) -> tuple[Template | OwnLabel, ...]:
    """Return the forms and labels of all *.toml in a folder, in order of their names; none when it is missing.

    A file that is wrong is left out and named in the log: the documents of all other forms still have to be read.
    """
    found, wrong = _read(folder)
    for name, why in wrong.items():
        _LOG.warning("The form or label %s is not used: it %s.", folder / name, why)
    return tuple(found)


def unusable(folder: Path) -> dict[str, str]:
    """Return the files of a folder that describe neither a form nor a label, each with what is wrong with it."""
    return _read(folder)[1]


class Forms:
    """The forms and labels of a folder as they lie there, read anew when a file has come, gone or changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state: object = None
        self._forms: tuple[Template, ...] = ()
        self._labels: tuple[OwnLabel, ...] = ()

    def now(self) -> tuple[Template, ...]:
        """Return the forms."""
        self._follow()
        return self._forms

    def labels(self) -> tuple[OwnLabel, ...]:
        """Return the labels."""
        self._follow()
        return self._labels

    def _follow(self) -> None:
        state = []
        for path in sorted(self._folder.glob("*.toml")):
            with suppress(OSError):  # gone since it was listed, or a link to nothing
                status = path.stat()
                state.append((path.name, status.st_mtime_ns, status.st_size, status.st_ino))
        if state != self._state:
            found = load(self._folder)
            self._forms = tuple(one for one in found if isinstance(one, Template))
            self._labels = tuple(one for one in found if isinstance(one, OwnLabel))
            self._state = state


def _read(folder: Path) -> tuple[list[Template | OwnLabel], dict[str, str]]:
    found, wrong = list[Template | OwnLabel](), {}
    for path in sorted(folder.glob("*.toml")):
        try:
            found.append(parse(path.read_text(encoding="utf-8")))
        except (BadTemplate, BadLabel, OSError, UnicodeDecodeError, RecursionError) as error:
            wrong[path.name] = str(error)
    return found, wrong


def best(templates: Sequence[Template], text: str) -> Template | None:
    """Return the form that fits the text with the most letters; None when none does."""
    fitting = [t for t in templates if t.fits(text)]
    return max(fitting, key=lambda t: sum(map(len, t.words)), default=None)
