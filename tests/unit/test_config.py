"""The configuration: defaults, every kind of fault with its line, and the manual held against the settings."""

import re
import tomllib
from pathlib import Path

import pytest

from control.allowlist.entry import Bounds
from control.config import DEFAULT_PATH, ENVIRONMENT, Config, load, parse, reference
from control.config.quantity import BYTES, SECONDS, Quantity
from control.config.toml_lines import lines_of
from control.fault import Refused

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def test_everything_has_a_default() -> None:
    config = parse("")
    assert config == Config()
    assert (config.lease, config.sweep, config.list.max_body) == (3600, 5, 64 << 20)
    assert config.list.bounds == Bounds(8, 16)
    assert config.pins == Path("/sys/fs/bpf/wicketgate/main")
    assert config.state_dir == Path("/var/lib/wicketgate/main")
    assert config.socket == Path("/run/wicketgate/main/agent.sock")
    assert config.token_file == Path("/var/lib/wicketgate/main/api-token")


def test_what_is_set_is_read() -> None:
    config = parse("""
        instance = "edge-2"
        state = "/srv/wicket"
        lease = "90m"
        [list]
        max_body = "1 GiB"
        widest_ipv4 = 16
        [[interfaces]]
        name = "eth0"
        [[interfaces]]
        name = "ens1f0.100"
        mode = "native"
        [api]
        listen = "[::1]:9000"
    """)
    assert config.token_file == Path("/srv/wicket/edge-2/api-token")
    assert (config.lease, config.list.max_body, config.list.bounds.ipv4) == (5400, 1 << 30, 16)
    assert [(each.name, each.mode) for each in config.interfaces] == [("eth0", "auto"), ("ens1f0.100", "native")]
    assert config.api.listen == "[::1]:9000"


FAULTS = [
    # text, where, words of why and mend
    ('leese = "1h"', "line 1, leese", "is no setting; write lease"),
    ('\nlisten = "127.0.0.1:80"', "line 2, listen", "write api.listen"),
    ("nonsense = 1", "line 1, nonsense", "remove it: docs/configuration.md lists the settings"),
    ("[list]\nmax_entry = 5", "line 2, list.max_entry", "write max_entries"),
    ("[lists]\nx = 5", "line 1, lists", "write list"),
    ("list = 5", "line 1, list", "5 is no table; write [list]"),
    ("list.max_entries = true", "line 1, list.max_entries", "True is no number from 1"),
    ('[list]\n"generations" = 8', "line 2, list.generations", "8 is no number from 2 to 7"),
    ("[list]\nwidest_ipv4 = 0", "line 2, list.widest_ipv4", "0 is no number from 1 to 32"),
    ('lease = "9s"', "line 1, lease", "9s is too little; write at least 10s"),
    ("lease = 3600", "line 1, lease", "3600 is no duration; write a number and a unit in quotes, such as 10s"),
    ('sweep = "5 moons"', "line 1, sweep", "units are s, m, h and d"),
    ('[list]\nmax_body = "64MB"', "line 2, list.max_body", "units are B, KiB, MiB and GiB"),
    ('instance = "Main"', "line 1, instance", "Main is no name of an instance"),
    ("instance = 7", "line 1, instance", "7 is not text"),
    ('run = "run"', "line 1, run", "run is no absolute path"),
    (f'run = "/{"r" * 100}"', "line 1, run", "longer than a socket's path may be"),
    (f'instance = "i"\nstate = "/s"\nrun = "/{"r" * 100}"', "line 3, run", "set run to a shorter path"),
    ('[api]\nlisten = "8080"', "line 2, api.listen", "8080 is no host:port"),
    ('[api]\nlisten = "0.0.0.0:65536"', "line 2, api.listen", "is no host:port"),
    ("[api]\nworkers = 0", "line 2, api.workers", "0 is no number from 1 to 64"),
    ("[api]\ngateway = false", "line 2, api.gateway", "nothing to serve; write registry.enabled = true"),
    ('[log]\nlevel = "loud"', "line 2, log.level", "write one of debug, info, warning, error"),
    ('[log]\n\nformat = ["json"]', "line 3, log.format", "write one of auto, console, json, journal"),
    ('interfaces = "eth0"', "line 1, interfaces", "is no list of tables; write [[interfaces]]"),
    ('interfaces = ["eth0"]', "line 1, interfaces[0]", "eth0 is no table; write [[interfaces]]"),
    ("[[interfaces]]\nmode = 'auto'", "line 1, interfaces[0].name", "is missing"),
    ('[[interfaces]]\nname = "eth0"\n[[interfaces]]\nname = "a/b"', "line 4, interfaces[1].name", "a/b is no name"),
    ('[[interfaces]]\nname = "a-much-too-long-name"', "line 2, interfaces[0].name", "is no name of an interface"),
    ('[[interfaces]]\nname = "eth0"\nmod = "auto"', "line 3, interfaces[0].mod", "write mode"),
    ('[[interfaces]]\nname = "e"\nmode = "fast"', "line 3, interfaces[0].mode", "auto, native, generic"),
    ('[[interfaces]]\nname = "e"\n[[interfaces]]\nname = "e"', "line 1, interfaces", "e is there twice"),
    ("lease = \n", "line 1, column 9", "is no TOML: invalid value"),
    ('\n\nlease = "1h', "line 3, the end", "is no TOML: unterminated string"),
    ('lease = "1h"\nlease = "2h"\n', "line 2, column 13", "is no TOML: cannot overwrite"),
]


@pytest.mark.parametrize(("text", "where", "words"), FAULTS)
def test_faults(text: str, where: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(text)
    assert refused.value.kind == "bad-configuration"
    [fault] = refused.value.faults
    assert fault.where == where
    assert words in f"{fault.why}; {fault.mend}"


def test_several_faults_are_all_named_in_order() -> None:
    with pytest.raises(Refused) as refused:
        parse('[list]\ngenerations = 1\n[api]\nlisten = "x"\nthread = 2\n[log]\nlevel = 1\n')
    places = [fault.where for fault in refused.value.faults]
    assert places == ["line 2, list.generations", "line 4, api.listen", "line 5, api.thread", "line 7, log.level"]


def test_keys_are_found_where_they_are() -> None:
    text = 'a = """\nb = 1\n[c]\n"""\n[t . "u"]\n\'v\'.w = 1\n[[x]]\ny = [\n  1,\n]\n[[x]]\ny = 2\n[x.z]\nq = 1\n'
    tomllib.loads(text)
    assert lines_of(text) == {
        ("a",): 1,
        ("t", "u"): 5,
        ("t", "u", "v"): 6,
        ("t", "u", "v", "w"): 6,
        ("x",): 7,
        ("x", 0): 7,
        ("x", 0, "y"): 8,
        ("x", 1): 11,
        ("x", 1, "y"): 12,
        ("x", 1, "z"): 13,
        ("x", 1, "z", "q"): 14,
    }


def test_the_file_is_the_named_one_or_that_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text('instance = "one"')
    other.write_text('instance = "other"')
    monkeypatch.setenv(ENVIRONMENT, str(other))
    assert load(one).instance == "one"
    assert load().instance == "other"
    monkeypatch.delenv(ENVIRONMENT)
    if not DEFAULT_PATH.exists():
        assert load() == Config(bypass_file=str(DEFAULT_PATH.parent / "bypass"))


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read (No such file"), (b"a = '\xff'", "is not UTF-8 text (byte 5)")]
)
def test_a_file_that_is_not_to_be_read(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "wicket.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Refused) as refused:
        load(file)
    assert words in refused.value.faults[0].why
    assert refused.value.faults[0].where == str(file)


@pytest.mark.parametrize(("units", "number"), [(SECONDS, n) for n in (1, 90, 3600, 86400)] + [(BYTES, 3 << 20)])
def test_quantities_are_spelled_as_they_are_read(units: dict[str, int], number: int) -> None:
    quantity = Quantity("quantity", units)
    assert quantity.read(quantity.spell(number)) == number


def test_the_manual_has_every_setting() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \| `?([^|`]+)`? \| (.+) \|$", MANUAL.read_text(), re.MULTILINE)
    assert rows == [tuple(setting) for setting in reference()]


def test_the_manuals_example_is_a_configuration() -> None:
    example = re.search(r"```toml\n(.*?)```", MANUAL.read_text(), re.DOTALL)
    assert example
    assert parse(example[1]).interfaces[0].name == "eth0"
