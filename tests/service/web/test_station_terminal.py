"""The station as its operator has it before them: the real program at a real terminal, in Chinese, with a network scanner.

With JUANZONG_PICTURES=FOLDER the pictures of the manual are taken on the way: the terminal, and the pages that show what came of it.
"""

import io
import re
import shutil
from pathlib import Path

from PIL import Image

from service.flow.intake.process import process_waiting
from tests.servers.office_scanner import office_scanner
from tests.service.conftest import DIGITAL, SCANS
from tests.service.terminal import as_page, at_terminal, plain
from tests.service.web.conftest import Site
from tests.service.web.test_browser import PICTURES
from tests.service.web.test_credit_story import Shoot, shoot

__all__ = ["shoot"]


def crooked(path: Path, degrees: float) -> bytes:
    """The same page, fed askew."""
    with Image.open(path) as page:
        turned, out = (
            page.convert("L").rotate(degrees, fillcolor="white", resample=Image.Resampling.BILINEAR),
            io.BytesIO(),
        )
    turned.save(out, "JPEG", dpi=(200, 200), quality=85)
    return out.getvalue()


def test_a_stack_is_counted_and_its_crooked_page_scanned_again(
    site: Site, sane: dict[str, str], tmp_path: Path, shoot: Shoot
) -> None:
    env = site.office.env | sane | {"LC_ALL": "zh_CN.UTF-8"}
    first, second = ((SCANS / name).read_bytes() for name in ("payment.jpg", "acceptance.jpg"))
    with office_scanner([first, crooked(SCANS / "acceptance.jpg", 8)]) as scanner:
        config = Path(sane["SANE_CONFIG_DIR"])
        (config / "dll.conf").write_text("escl\n")
        (config / "escl.conf").write_text(f"device {scanner.device.removeprefix('escl:')} Feeder\n")

        def once_more() -> str:
            scanner.feeder.append(second)
            return ""

        words = ["station", "scan", "--device", scanner.device, "--resolution", "200", "--batch", "三月合同"]
        code, short = at_terminal(
            env, tmp_path, *words, answers=[("进纸器里放了几张纸？", "3"), ("按回车重新扫描", once_more)]
        )
        said = plain(short)
        assert code == 4, said
        assert re.search(r"第 2 页请重新扫描：歪了 9(\.\d)?°，请放正", said), said
        assert "扫了 2 页，纸上数的是 3 页，少了 1 页；2 页都留着，这一叠叫 " in said
        (name,) = set(re.findall(r"resume (\d{8}-\d{6})", said))
        scanner.feeder.append((SCANS / "supplement.jpg").read_bytes())
        code, whole = at_terminal(env, tmp_path, "station", "resume", name, "--scan")
    assert code == 0, whole
    (document_id,) = re.findall(r"三月合同  3 页，应有 3 页  (\S{36})$", plain(whole), re.MULTILINE)
    page = site.signed_in("administrator").get(f"/documents/{document_id}").text
    assert "纸张 3 张 × 1 面，应有 3 页，收到 3 页" in page
    sessions = [("juanzong " + " ".join(words), short), (f"juanzong station resume {name} --scan", whole)]
    shoot("administrator", as_page(tmp_path / "scan.html", *sessions), "station-scan")
    if PICTURES:
        site.office.until_read(document_id)
    shoot("administrator", f"/documents/{document_id}", "scan-document")


def test_a_hot_folder_is_watched(site: Site, tmp_path: Path, shoot: Shoot) -> None:
    env = site.office.env | {"LC_ALL": "zh_CN.UTF-8"}
    hot = tmp_path / "scan"
    hot.mkdir()
    shutil.copy(DIGITAL, hot / "技术服务合同.pdf")
    (hot / "说明.pdf").write_bytes(b"no pdf")
    (hot / "写了一半.jpg").write_bytes((SCANS / "payment.jpg").read_bytes()[:-2000])
    if PICTURES:  # they take long to read
        shutil.copy(SCANS / "licence-portrait.jpg", hot / "营业执照.jpg")
        (hot / "验收单.jpg").write_bytes(crooked(SCANS / "acceptance.jpg", 8))
    words = ["station", "watch", str(hot), "--once", "--settle", "0.3"]
    code, said = at_terminal(env, tmp_path, *words)
    assert code == 3, said
    lines = plain(said)
    assert re.search(r"^received  \S+/scan/技术服务合同\.pdf  \S{36}$", lines, re.MULTILINE), lines
    assert re.search(r"^rejected  \S+/scan/说明\.pdf  不是能收的文件类型", lines, re.MULTILINE), lines
    assert re.search(r"^waiting  \S+/scan/写了一半\.jpg  还没有写完$", lines, re.MULTILINE), lines
    assert "\x1b[32mreceived\x1b[0m" in said
    if PICTURES:
        process_waiting(site.office.house)
    shown = [text.replace(str(tmp_path), "/srv") for text in ("juanzong " + " ".join(words), said)]
    shoot("administrator", as_page(tmp_path / "watch.html", (shown[0], shown[1])), "station-watch")
    shoot("administrator", "/to-review?reason=all", "station-queue")
