"""Why some branches of the program are never taken, by the text of their line: each was read and reasoned about."""

from tests.fuzz.native import Untaken

RECOGNISED = "recognised() returns 1 always"
WHY = {
    "classify.h": {
        "return !is_dns_question(p) && recognised(p, PROTOCOL_WIREGUARD, opens);": RECOGNISED,
        "p->length >= 20 && !be32(at + 4) &&": "what is too short to be read to byte 20 has returned above",
        "be16(at + 6) && recognised(p, PROTOCOL_L2TP, CONTINUES);": RECOGNISED,
        "return be16(at + 2) && be16(at + 4) &&": RECOGNISED,
        "(be32(at) & 0xef7fffff) == 0x2001880b &&": RECOGNISED,
    },
    "ipsec.h": {
        "if (length < 28 || length % 4 || spi <= 255 || !sequence)": "nat_traversal() asks for 28 bytes first",
        "return readable(p, at, 1) && at[0] == 0xff &&": RECOGNISED,
        "return is_esp(at, p->length) && recognised(p, PROTOCOL_IKE, CONTINUES);": RECOGNISED,
    },
    "openvpn.h": {
        "switch (at[0]) {": "is_reset() knows these three bytes alone",
        "return is_openvpn_reset(p, at, length, 0) &&": RECOGNISED,
        "return is_openvpn_reset(p, at, length, 1) &&": RECOGNISED,
        "return is_openvpn_reset_v3(p, at, length) &&": RECOGNISED,
    },
    "prefixes.h": {
        "for (u32 i = 0; i < most && word && !(word & LENGTHS_HERE); i++) {": "behind the last bits nothing goes on",
        "for (u32 i = 0; i < most; i++) {": "behind the last length stands a 0",
        "if (!found)": "a word names no line that is not there",
    },
    "scratch.h": {
        "return &controls->policies[protocol < PROTOCOLS ? protocol : 0];": "classify() knows no other protocols",
    },
}
"""Of each line one way out: which number it has is the compiler's affair. Where more were not taken, nothing is known
of the others."""


def why(untaken: Untaken) -> str | None:
    """Return why that can never be taken; None where nobody has said."""
    return WHY.get(untaken.file, {}).get(untaken.text) if len(untaken.ways) == 1 else None
