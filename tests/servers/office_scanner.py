"""A network scanner with a duplex feeder, as SANE's eSCL driver meets one: the protocol of the Mopria Alliance, the pages given by the test."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_SPACES = 'xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"'
_RESOLUTION = "<scan:DiscreteResolution><scan:XResolution>{0}</scan:XResolution><scan:YResolution>{0}</scan:YResolution></scan:DiscreteResolution>"
_INPUT = (
    "<scan:{name}><scan:MinWidth>16</scan:MinWidth><scan:MaxWidth>2550</scan:MaxWidth>"
    "<scan:MinHeight>16</scan:MinHeight><scan:MaxHeight>4200</scan:MaxHeight>"
    "<scan:SettingProfiles><scan:SettingProfile><scan:ColorModes><scan:ColorMode>Grayscale8</scan:ColorMode>"
    "<scan:ColorMode>RGB24</scan:ColorMode></scan:ColorModes><scan:DocumentFormats>"
    "<pwg:DocumentFormat>image/jpeg</pwg:DocumentFormat><scan:DocumentFormatExt>image/jpeg</scan:DocumentFormatExt>"
    "</scan:DocumentFormats><scan:SupportedResolutions><scan:DiscreteResolutions>"
    + _RESOLUTION.format(75)
    + _RESOLUTION.format(200)
    + "</scan:DiscreteResolutions></scan:SupportedResolutions></scan:SettingProfile></scan:SettingProfiles></scan:{name}>"
)
_CAPABILITIES = (
    f'<?xml version="1.0" encoding="UTF-8"?><scan:ScannerCapabilities {_SPACES}><pwg:Version>2.63</pwg:Version>'
    "<pwg:MakeAndModel>Duplex feeder</pwg:MakeAndModel>"
    f"<scan:Platen>{_INPUT.format(name='PlatenInputCaps')}</scan:Platen>"
    f"<scan:Adf>{_INPUT.format(name='AdfSimplexInputCaps')}{_INPUT.format(name='AdfDuplexInputCaps')}"
    "<scan:AdfOptions><scan:AdfOption>DetectPaperLoaded</scan:AdfOption><scan:AdfOption>Duplex</scan:AdfOption></scan:AdfOptions></scan:Adf>"
    "</scan:ScannerCapabilities>"
)


@dataclass
class Scanner:
    """device: its name for SANE. feeder: the sides that lie in it, JPEGs, in the order it gives them. ordered: the scans it was asked for."""

    device: str = ""
    feeder: list[bytes] = field(default_factory=list)
    ordered: list[str] = field(default_factory=list)

    def status(self) -> str:
        """Return what it says of itself."""
        paper = "ScannerAdfLoaded" if self.feeder else "ScannerAdfEmpty"
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><scan:ScannerStatus {_SPACES}><pwg:Version>2.63</pwg:Version>'
            f"<pwg:State>Idle</pwg:State><scan:AdfState>{paper}</scan:AdfState></scan:ScannerStatus>"
        )


@contextmanager
def office_scanner(sides: Sequence[bytes]) -> Iterator[Scanner]:
    """Yield a scanner that listens on this machine, with these sides of paper in its feeder."""
    scanner = Scanner(feeder=list(sides))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def answer(self, code: int, body: bytes = b"", kind: str = "text/xml", **more: str) -> None:
            self.send_response(code)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            if self.path == "/eSCL/ScannerCapabilities":
                self.answer(200, _CAPABILITIES.encode())
            elif self.path == "/eSCL/ScannerStatus":
                self.answer(200, scanner.status().encode())
            elif self.path == "/eSCL/ScanJobs/1/NextDocument" and scanner.feeder:
                self.answer(200, scanner.feeder.pop(0), "image/jpeg")
            else:
                self.answer(404)

        def do_POST(self) -> None:
            scanner.ordered.append(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
            self.answer(201, Location="/eSCL/ScanJobs/1")

        def do_DELETE(self) -> None:
            self.answer(200)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        scanner.device = f"escl:http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield scanner
        finally:
            server.shutdown()
