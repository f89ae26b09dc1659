"""What is asked of scanners whose makers name the same things differently."""

import pytest

from intake.channels.scanning import ScanOrder, arguments, check_device, offered
from intake.errors import NotOffered

# As `scanimage --all-options` of SANE 1.1 prints them.
FUJITSU = """
All options specific to device `fujitsu:fi-7160:1':
  Standard:
    --source ADF Front|ADF Back|ADF Duplex [ADF Front]
        Selects the scan source (such as a document-feeder).
    --mode Lineart|Halftone|Gray|Color [Lineart]
        Selects the scan mode (e.g., lineart, monochrome, or color).
    --resolution 50..600dpi (in steps of 1) [600]
        Sets the resolution of the scanned image.
  Geometry:
    --page-width 0..221.121mm (in steps of 0.0211639) [215.872]
        Specifies the width of the media.
    --page-height 0..876.695mm (in steps of 0.0211639) [279.364]
    -l 0..215.872mm (in steps of 0.0211639) [0]
    -x 0..215.872mm (in steps of 0.0211639) [215.872]
    -y 0..279.364mm (in steps of 0.0211639) [279.364]
"""
EPSON = """
    --mode Lineart|Gray|Color [Lineart]
    --resolution 75|150|200|300|600dpi [75]
    --source Flatbed|Automatic Document Feeder [Flatbed]
    --adf-mode Simplex|Duplex [inactive]
    -x 0..215.9mm [215.9]
"""
OLD = EPSON.replace("[inactive]", "[Simplex]")
GLASS = """
    --mode Binary|True Gray|24bit Color [24bit Color]
    --preview[=(yes|no)] [no]
    --resolution 75..1200dpi [75]
"""


@pytest.mark.parametrize(
    ("device", "order", "expected"),
    [
        (FUJITSU, {}, ["--resolution=300", "--source=ADF Front", "--mode=Gray"]),
        (
            FUJITSU,
            {"source": "Duplex", "mode": "Lineart"},
            ["--resolution=300", "--source=ADF Duplex", "--mode=Lineart"],
        ),
        (EPSON, {"resolution": 200}, ["--resolution=200", "--source=Automatic Document Feeder", "--mode=Gray"]),
        (EPSON, {"source": "Flatbed", "resolution": 600}, ["--resolution=600", "--source=Flatbed", "--mode=Gray"]),
        (
            OLD,
            {"source": "Duplex"},
            ["--resolution=300", "--source=Automatic Document Feeder", "--adf-mode=Duplex", "--mode=Gray"],
        ),
        (GLASS, {"source": "Flatbed", "mode": "Color"}, ["--resolution=300", "--mode=24bit Color"]),
        (GLASS, {"source": "Flatbed", "mode": "Lineart"}, ["--resolution=300", "--mode=Binary"]),
    ],
)
def test_the_same_wish_in_the_words_of_each_device(device, order, expected):
    words = arguments(ScanOrder("x", **order), offered(device))
    assert words[: len(expected)] == expected


def test_a_feeder_is_emptied_and_glass_is_one_page():
    assert "--batch-count=1" in arguments(ScanOrder("x", source="Flatbed"), offered(EPSON))
    assert "--batch-count=1" not in arguments(ScanOrder("x"), offered(EPSON))


def test_the_foot_of_an_a4_page_is_not_left_out():
    assert arguments(ScanOrder("x"), offered(FUJITSU))[-6:] == [
        "--page-width=210",
        "--page-height=297",
        "-x",
        "210",
        "-y",
        "297",
    ]
    assert arguments(ScanOrder("x", paper="A3"), offered(EPSON))[-2:] == ["-x", "297"]


@pytest.mark.parametrize(
    ("device", "order", "names"),
    [
        (FUJITSU, {"source": "Flatbed"}, "ADF Duplex"),
        (FUJITSU, {"resolution": 1200}, "50 to 600"),
        (EPSON, {"resolution": 400}, "75, 150, 200, 300, 600"),
        (EPSON, {"source": "Duplex"}, "Flatbed, Automatic"),
        (GLASS, {}, "only one"),
        ("    --mode Gray|Color [Gray]\n    --source ADF [ADF]", {"mode": "Lineart"}, "Gray, Color"),
    ],
)
def test_what_a_device_cannot_is_named_with_what_it_can(device, order, names):
    with pytest.raises(NotOffered, match=names):
        arguments(ScanOrder("x", **order), offered(device))


@pytest.mark.parametrize("name", ["", "-d", "--help", "a\nb", "a\x00b", "a\x1b[31m", "x" * 501])
def test_a_hostile_name_is_no_device(name):
    with pytest.raises(NotOffered):
        check_device(name)


@pytest.mark.parametrize(
    ("pages", "expect", "off"), [(9, 10, "few"), (11, 10, "many"), (0, 1, "few"), (10, 10, ""), (10, 0, "")]
)
def test_pages_that_do_or_do_not_balance(pages, expect, off):
    assert ScanOrder("x", expect=expect).off(pages) == off
    assert ScanOrder("x", expect=expect).unsure(pages) == ""


@pytest.mark.parametrize(
    ("fronts", "pages", "off"),
    [
        (0, 2, "fronts_few"),
        (0, 3, "fronts_in"),
        (0, 5, "fronts_many"),
        (0, 6, "fronts_many"),  # as many as were counted, and no back among them
        (3, 3, "fronts_in"),
        (3, 4, "few"),
        (3, 6, ""),
        (3, 7, "many"),
        (4, 6, "uneven"),
    ],
)
def test_of_two_passes_the_first_never_passes_for_both(fronts, pages, off):
    order = ScanOrder("x", split=True, page_order="two_pass", expect=6, fronts=fronts)
    assert order.off(pages) == off
    assert order.unsure(pages) == ("" if off == "fronts_in" else off)


def test_half_a_sheet_of_a_duplex_stack():
    both = ScanOrder("x", source="Duplex")
    assert [both.half_sheet(count) for count in (4, 5)] == [False, True]
    assert [both.unsure(count) for count in (4, 5)] == ["", "half_sheet"]
    assert not ScanOrder("x").half_sheet(5)


def test_which_paper_a_page_is_on_and_what_comes_out_with_it():
    one, both = ScanOrder("x", expect=6), ScanOrder("x", source="Duplex", expect=6)
    turned = ScanOrder("x", split=True, page_order="two_pass", expect=6)
    assert [order.fed_for([5, 2]) for order in (one, both, turned)] == [[2, 5], [1, 2, 5, 6], [2, 5]]
    assert both.fed_for([3, 4]) == [3, 4]
    assert [one.lies_on(page) for page in (1, 6)] == [(1, ""), (6, "")]
    assert [both.lies_on(page) for page in (1, 2, 5)] == [(1, "front"), (1, "back"), (3, "front")]
    assert [turned.lies_on(page) for page in (3, 4, 6)] == [(3, "front"), (3, "back"), (1, "back")]
    assert [order.feeds([5, 2]) for order in (one, both, turned)] == [[[2, 5]], [[2, 5]], [[2], [5]]]
    assert [order.feeds([1, 2, 4]) for order in (both, turned)] == [[[1, 2, 4]], [[1, 2, 4]]]  # of three sheets
    assert ScanOrder("x", source="Flatbed").feeds([5, 2]) == [[2], [5]]
