"""An association's file: thousands of members, each with an application, and ten kinds of slips on demand."""

from collections.abc import Callable

COLUMNS = ("registrant", "kind", "name", "email", "category", "provider", "prefix", "protocols", "ports", "documents")
PROVIDERS = ("Northern Net", "Southern Net")
SHA256 = "5e" * 32
PAPERS = {
    "organisation": f"identity=shelf/1={SHA256};incorporation=shelf/2={SHA256}",
    "individual": f"identity=shelf/1={SHA256};letter=shelf/2={SHA256}",
}

Row = dict[str, str]


def address(number: int) -> str:
    """Return an address of the private space, another for each number."""
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def member(number: int) -> Row:
    """Return the row of one member: a company, or every fifth time a freelancer."""
    kind = "organisation" if number % 5 else "individual"
    return {
        "registrant": f"M-{number}",
        "kind": kind,
        "name": f"Member {number}",
        "email": f"desk@member{number}.example",
        "category": "company" if kind == "organisation" else "freelancer",
        "provider": PROVIDERS[number % 2],
        "prefix": address(number),
        "protocols": "wireguard;openvpn" if number % 3 else "",
        "ports": "51820 1194" if number % 3 else "",
        "documents": PAPERS[kind],
    }


SLIPS: tuple[tuple[str, Callable[[Row], str], str, str], ...] = (
    ("prefix", lambda row: row["prefix"] + ".1", "is no address", "write an address or a prefix"),
    ("prefix", lambda row: row["prefix"].replace("10.", "127.", 1), "is not routed", "write the public, static"),
    ("prefix", lambda row: address(1), "is in row 3 already", "keep one of them"),
    ("category", lambda row: "companies", "is no category", "write one of company"),
    ("provider", lambda row: "Nothern Net", "is no provider", "write Northern Net"),
    ("protocols", lambda row: "wiregard", "is no protocol", "write wireguard"),
    ("ports", lambda row: "70000", "is not within 1 to 65535", "write a port"),
    ("documents", lambda row: row["documents"].partition(";")[0], "lack the", "refer to that document"),
    ("kind", lambda row: "company", "is no kind of registrant", "write organisation or individual"),
    ("email", lambda row: "desk at example", "is no address for mail", "write one such as"),
)
"""Ten kinds of slips: the column, what is written instead, and what the fault says and mends."""


def csv_of(rows: list[Row]) -> bytes:
    """Return rows as CSV with a header, which is row 1."""
    return "\n".join([",".join(COLUMNS), *(",".join(row[name] for name in COLUMNS) for row in rows), ""]).encode()
