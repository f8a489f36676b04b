"""DNS, as far as it can be taken for something else."""

from tests.oracle.transport import Payload

PORTS = {53, 5353, 5355}  # DNS (RFC 1035), multicast DNS (RFC 6762), link-local multicast name resolution (RFC 4795)

# RFC 1035, section 4.1.1: id and flags, two bytes each, then how many there are of each: questions, answers,
# authorities, additional records. A message asks one question, or none where it brings a cookie (RFC 7873, section
# 5.4); one authority is what an IXFR knows (RFC 1995, section 3); additional are an OPT and a signature.
COUNTS_AT, COUNTS_END = 4, 12
MOST = (1, 0, 1, 2)


def may_be_question(payload: Payload) -> bool:
    """Return whether a datagram is on a port of DNS and its counts are a question's, or cannot be seen."""
    if PORTS.isdisjoint(payload.ports):
        return False
    if len(payload.data) < COUNTS_END:
        return True
    counts = [int.from_bytes(payload.data[at : at + 2]) for at in range(COUNTS_AT, COUNTS_END, 2)]
    return any(counts) and all(count <= most for count, most in zip(counts, MOST, strict=True))
