"""Frames to begin with: the table's, the lab's, and what captures hold."""

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.accuracy.corpus import BadCorpusError, NoCorpusError, unpack
from control.datapath.probe.frames import PAYLOADS, frame
from control.replay.capture import DamagedCaptureError, NotACaptureError, packets
from control.replay.link import UnsupportedLinkError, ethernet_frame
from lab.packets import CLIENT4, CLIENT6, LINKS, SERVER4, SERVER6, ip4, ip6, noise, udp
from tests.fuzz.mutations import fitting
from tests.kernel.table import ROWS

ROOT = Path(__file__).parents[2]
EACH = 8  # packets of a capture: most of them have a few flows, which begin with what there is to know


def table() -> list[bytes]:
    """Return the frames of the table of tests/kernel, and those that explain asks about."""
    asked = [frame(name, *ends) for name in PAYLOADS for ends in ((CLIENT4, SERVER4), (CLIENT6, SERVER6))]
    carried = [bytes(link / ip / udp(noise(40), 53)) for link in LINKS.values() for ip in (ip4(), ip6())]
    return _once([*(row.frame for row in ROWS), *asked, *carried])


def captured() -> tuple[list[bytes], str]:
    """Return frames of captures, the project's own and those of the corpus, and which these are in words."""
    own = [path for folder in ("tests", "lab") for path in (ROOT / folder).rglob("*.pcap*")]
    try:
        with tempfile.TemporaryDirectory(prefix="wicket-corpus-") as directory:
            corpus = unpack(Path(directory)).captures
            return _read([*own, *corpus]), f"{len(own)} captures of the project and {len(corpus):,} of the corpus"
    except NoCorpusError as absent:
        return _read(own), f"{len(own)} captures of the project ({absent})"
    except BadCorpusError as bad:
        raise SystemExit(f"fuzz: {bad}") from None


def _read(captures: list[Path]) -> list[bytes]:
    return _once([each for path in captures for each in itertools.islice(_frames(path), EACH)])


def _frames(path: Path) -> Iterator[bytes]:
    try:
        for packet in packets(path):
            yield fitting(ethernet_frame(packet.link, packet.content))
    except (NotACaptureError, DamagedCaptureError, UnsupportedLinkError):
        return


def _once(frames: list[bytes]) -> list[bytes]:
    return list(dict.fromkeys(map(fitting, frames)))
