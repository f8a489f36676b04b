/* SPDX-License-Identifier: GPL-2.0 */
/* Questions to a name server, of which some look like VPN: their first four
 * bytes are a random number and flags that may all be zero. */
#ifndef WICKET_DNS_H
#define WICKET_DNS_H

#include "numbers.h"
#include "packet.h"

/* DNS itself, and what has its header: multicast DNS (RFC 6762), LLMNR (RFC
 * 4795). */
static __always_inline int is_dns_port(u16 port)
{
	return port == PORT_DNS || port == PORT_MULTICAST_DNS ||
	       port == PORT_LLMNR;
}

/* The header's four counts, RFC 1035, section 4.1.1, as questions have them: of
 * questions none or one (none: RFC 7873, section 5.4), no answers, at most one
 * authority (IXFR: RFC 1995, section 3), at most two additional records (EDNS:
 * RFC 6891; a signature: RFC 8945). All four zero: there is nothing asked. */
static __always_inline int is_dns_question(struct packet *p)
{
	u32 asked, more;

	if (!is_dns_port(__builtin_bswap16(p->source_port)) &&
		!is_dns_port(__builtin_bswap16(p->destination_port)))
		return 0;
	if (!readable(p, p->payload, 12))
		return 1; /* it may be one */
	asked = be32(p->payload + 4);
	more = be32(p->payload + 8);
	return (asked == 0x00010000 || (!asked && more)) && more >> 16 <= 1 &&
	       (more & 0xffff) <= 2;
}

#endif
