"""What cannot be taken back is asked once, on the page itself: without a script, from the keyboard, in both languages."""

import re
from datetime import date
from pathlib import Path

import pytest

from service.flow.archive import holds
from tests.service.web.conftest import Site, new_contract

TEMPLATES = Path(__file__).parents[3] / "service" / "web" / "templates"
# Where a single press would end something for good. What is executed wants its number typed as well.
FINAL = ("web.archive_file", "web.release", "primary.action")


@pytest.mark.parametrize("target", FINAL)
def test_no_page_has_a_button_that_does_it_at_once(target: str) -> None:
    called = re.compile(rf"(\w+)\((?:url_for\(\"{re.escape(target)}\"|{re.escape(target)},)")
    macros = [name for path in TEMPLATES.glob("*.html") for name in called.findall(path.read_text())]
    assert set(macros) == {"ask"}
    forms = [line for path in TEMPLATES.glob("*.html") for line in re.findall(r"<form.*?</form>", path.read_text())]
    assert all(
        'name="named"' in form for form in forms if f'action="{{{{ {target} }}}}"' in form
    )  # the number is typed
    assert not [form for form in forms if f"action=\"{{{{ url_for('{target}'" in form]


@pytest.mark.parametrize(
    ("language", "step", "yes"), [("zh", "解除冻结", "确认：解除冻结"), ("en", "Release", "Confirm: Release")]
)
def test_releasing_a_hold_opens_what_it_means_and_the_button(site: Site, language: str, step: str, yes: str) -> None:
    house, office = site.office.house, site.office
    _contract, file_id = new_contract(office)
    house.clock.move_to(date(2037, 1, 4))
    hold_id = holds.place_hold(house, office["archivist"], "（2026）川01民初118号", "诉讼保全", [file_id]).id
    holds.ask_release(house, office["archivist"], hold_id, "判决已生效")
    head = site.signed_in("head")
    head.client.set_cookie("language", language, path="/")
    page = head.get("/holds").text
    (asked,) = re.findall(r'<details class="ask">.*?</details>', page, re.DOTALL)
    assert re.search(r"<summary[^>]*>(.*?)</summary>", asked).group(1) == step  # a summary is opened by Enter or Space
    form = asked.partition("</summary>")[2]
    assert f'action="/holds/{hold_id}/release"' in form
    assert re.search(r"<p>.+</p>", form)
    assert re.search(r"<button[^>]*>(.*?)</button>", form).group(1) == yes
    assert "<script" not in asked
    assert page.count(f"/holds/{hold_id}/release") == 1
