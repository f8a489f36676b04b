"""One address or prefix that a command asks about."""

from control.allowlist.entry import Entry
from control.allowlist.prefix import asked_prefix
from control.fault import BadValueError, Fault, Kind, Refused


def asked(where: str, text: str) -> str:
    """Return a prefix as the registry writes it, however it was written.

    Raises:
        Refused: "invalid": it is none.
    """
    try:
        return Entry(asked_prefix(text)).text
    except BadValueError as error:
        raise Refused(Kind.INVALID, "The address is not understood", [Fault(where, error.why, error.mend)]) from error
