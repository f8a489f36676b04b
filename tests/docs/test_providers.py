"""What else speaks VPN protocols at a provider: the preview's table, the page and the starter list say the same."""

import re

import pytest

from control.allowlist import formats
from control.allowlist.entry import DEFAULT_BOUNDS, Entry
from control.allowlist.space import DOCUMENTATION
from control.cli.elsewhere import PAGE, SERVICES, Service, hints
from control.fault import Refused
from control.protocols import with_companions
from control.vocabulary import BPF_DIRECTORY, VPN_PROTOCOLS

ROOT = BPF_DIRECTORY.parent
TEXT = (ROOT / PAGE).read_text()
STARTER = (ROOT / "packaging" / "examples" / "local-exceptions.csv").read_text()
PARTS = re.split(r"^## (.+)$", TEXT, flags=re.MULTILINE)
SECTIONS = dict(zip(PARTS[1::2], PARTS[2::2], strict=True))


def edited(text: str) -> str:
    """The list as it is when every row is meant."""
    return re.sub(r"^# (\S+,[a-z0-9_ ]+,\S*,.*)$", r"\1", text, flags=re.MULTILINE)


def rows(text: str) -> dict[str, list[Entry]]:
    """The entries below each of the starter list's headings."""
    found: dict[str, list[Entry]] = {}
    header = re.search(r"^prefix,.*$", text, re.MULTILINE)
    assert header
    for part in edited(text)[header.end() :].split("\n#\n")[1:]:
        lines = part.splitlines()
        name = lines[0].removeprefix("# ").partition(":")[0]
        body = "\n".join([header[0], *lines[1:], ""])
        found[name] = list(formats.read(body.encode(), formats.CSV, DEFAULT_BOUNDS).entries())
    return found


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_the_page_has_a_section_of_each(service: Service) -> None:
    section = SECTIONS[service.name]
    told = section[section.rindex("Protocol") :]
    assert set(re.findall(r"`(\w+)`", told)) == set(service.protocols)
    assert all(source in " ".join(told.split()) for source in service.source.split(", ")), service.source
    (line,) = re.findall(rf"^\| \[{service.name}\]\(#\S+\) \| (.+?) \|", TEXT, re.MULTILINE)
    assert tuple(re.findall(r"`(\w+)`", line)) == service.protocols


def test_the_page_has_no_other() -> None:
    assert list(SECTIONS) == ["Find your own", "What to do", *(service.name for service in SERVICES)]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_the_starter_list_has_rows_for_each_which_can_be_read(service: Service) -> None:
    entries = rows(STARTER)[service.name]
    assert entries and {name for entry in entries for name in entry.protocols} <= set(
        with_companions(service.protocols)
    )
    assert all(entry.note and entry.protocols for entry in entries)
    for entry in entries:
        networks = [network for network in DOCUMENTATION if network.version == entry.prefix.version]
        assert any(entry.prefix.subnet_of(network) for network in networks), entry  # type: ignore[arg-type]


def test_the_starter_list_has_no_other_and_reads_as_a_whole() -> None:
    found = rows(STARTER)
    assert list(found) == [service.name for service in SERVICES]
    whole = formats.read(edited(STARTER).encode(), None, DEFAULT_BOUNDS)
    assert len(whole) == sum(map(len, found.values()))


def test_as_it_stands_it_is_an_empty_list_and_refused() -> None:
    with pytest.raises(Refused, match="The list is empty"):
        formats.read(STARTER.encode(), None, DEFAULT_BOUNDS)


def test_a_slip_in_a_row_is_named_by_its_line() -> None:
    slip = edited(STARTER).replace("192.0.2.10,ike esp", "192.0.2.10,ikee esp")
    with pytest.raises(Refused) as refused:
        formats.read(slip.encode(), formats.CSV, DEFAULT_BOUNDS)
    (fault,) = refused.value.faults
    line = int(re.findall(r"row (\d+)", fault.where)[0])
    assert slip.splitlines()[line - 1].startswith("192.0.2.10,")


def test_a_hint_names_who_speaks_the_protocol() -> None:
    (hint,) = hints(["ah"])
    assert PAGE in hint and hint.startswith("before enforcing ah") and hint.endswith("Routing protocols")
    told = list(hints(VPN_PROTOCOLS))
    assert [line.split()[2].rstrip(",") for line in told] == list(VPN_PROTOCOLS)
