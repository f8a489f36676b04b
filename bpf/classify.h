/* SPDX-License-Identifier: GPL-2.0 */
/* Which standard VPN protocol a packet is, from its bytes alone, and whether it
 * opens a session. One function a protocol, the longer ones in headers of their
 * own; each says where its numbers come from. Only protocols that identify
 * themselves: nothing disguised is looked for, and a port alone is never a
 * signature. */
#ifndef WICKET_CLASSIFY_H
#define WICKET_CLASSIFY_H

#include "dns.h"
#include "ipsec.h"
#include "numbers.h"
#include "openvpn.h"
#include "packet.h"
#include "parse.h"
#include "words.h"

static __always_inline int either_port(struct packet *p, u16 port)
{
	port = __builtin_bswap16(port);
	return p->source_port == port || p->destination_port == port;
}

/* WireGuard, whitepaper section 5.4: a type and three reserved zero bytes; its
 * numbers begin with their lowest byte. */
static __always_inline int wireguard(struct packet *p)
{
	int opens = 0;
	u32 type;

	if (!readable(p, p->payload, 4))
		return 0;
	type = *(u32 *)p->payload;
	if (type > 4) /* what most packets have there */
		return 0;
	switch (type) {
	case 1: /* handshake initiation */
		if (p->length != 148)
			return 0;
		opens = OPENS;
		break;
	case 2: /* handshake response */
		if (p->length != 92)
			return 0;
		break;
	case 3: /* cookie reply */
		if (p->length != 64)
			return 0;
		break;
	case 4: /* transport data */
		if (p->length < 32 || p->length % 16)
			return 0;
		break;
	default:
		return 0;
	}
	return !is_dns_question(p) && recognised(p, PROTOCOL_WIREGUARD, opens);
}

/* RFC 2661, section 3.1 */
static __always_inline int l2tp(struct packet *p)
{
	u8 *at = p->payload;
	u16 flags;

	if (!readable(p, at, 12) || p->length < 12)
		return 0;
	flags = be16(at);
	if (flags == 0xc802) { /* control: type, length, sequence; version 2 */
		if (be16(at + 2) != p->length)
			return 0;
		if (p->length >= 20 && !readable(p, at, 20))
			return 0; /* what it opens nobody can know */
		/* Tunnel 0, session 0, and the first attribute says SCCRQ:
		 * mandatory or not, 8 bytes, vendor 0, type 0, value 1. */
		return recognised(p, PROTOCOL_L2TP,
			p->length >= 20 && !be32(at + 4) &&
				readable(p, at, 20) &&
				(be32(at + 12) & 0x7fffffff) == 0x00080000 &&
				be32(at + 16) == 1);
	}
	/* Data: no T bit, no reserved bit, version 2, a tunnel. */
	if ((flags & 0xb4ff) != 0x0002)
		return 0;
	if (flags & 0x4000)
		return be16(at + 2) == p->length && be16(at + 4) &&
		       be16(at + 6) && recognised(p, PROTOCOL_L2TP, CONTINUES);
	return be16(at + 2) && be16(at + 4) &&
	       recognised(p, PROTOCOL_L2TP, CONTINUES);
}

/* RFC 2637, section 2: a length, type 1, the magic cookie, then the control
 * message's type, 1 for a start-control-connection-request (156 bytes). */
static __always_inline int pptp(struct packet *p)
{
	u8 *at = p->payload;
	u16 type;

	if (!readable(p, at, 12) || p->length < 12)
		return 0;
	type = be16(at + 8);
	if (be16(at) > p->length || be16(at) < 12 || be16(at + 2) != 1 ||
		be32(at + 4) != 0x1a2b3c4d || type < 1 || type > 15)
		return 0;
	return recognised(p, PROTOCOL_PPTP, type == 1 && be16(at) == 156);
}

/* RFC 2637, section 4.1: version 1, protocol 880b, a key; a sequence or an
 * acknowledgement number may be there, nothing else may. */
static __always_inline int gre(struct packet *p)
{
	u8 *at = p->payload;

	return readable(p, at, 8) && p->length >= 8 &&
	       (be32(at) & 0xef7fffff) == 0x2001880b &&
	       recognised(p, PROTOCOL_GRE_PPTP, CONTINUES);
}

static __always_inline void udp(struct packet *p)
{
	if (wireguard(p) || openvpn(p, p->payload, p->length))
		return;
	if (either_port(p, PORT_IKE) && isakmp(p, p->payload, p->length))
		return;
	if (either_port(p, PORT_NAT_TRAVERSAL) && nat_traversal(p))
		return;
	if (either_port(p, PORT_L2TP))
		l2tp(p);
}

static __always_inline void tcp(struct packet *p)
{
	u8 *at = p->payload;

	/* OpenVPN puts its length in front: doc/protocol-overview. A segment
	 * has several of its packets where the stack sends bytes again: the
	 * first one counts. */
	if (p->length > 2 && readable(p, at, 2) && be16(at) <= p->length - 2 &&
		openvpn(p, at + 2, be16(at)))
		return;
	if (either_port(p, PORT_PPTP))
		pptp(p);
}

static __always_inline u32 classify(struct packet *p)
{
	switch (p->ip_protocol) {
	case IPPROTO_UDP:
		udp(p);
		break;
	case IPPROTO_TCP:
		tcp(p);
		break;
	case IPPROTO_GRE:
		gre(p);
		break;
	case IPPROTO_ESP: /* here the protocol number says it all */
		recognised(p, PROTOCOL_ESP, CONTINUES);
		break;
	case IPPROTO_AH:
		recognised(p, PROTOCOL_AH, CONTINUES);
		break;
	}
	return p->protocol ? UNDECIDED : REASON_ORDINARY;
}

static __always_inline u32 inspect_ip(struct packet *p)
{
	u32 reason = parse_ip(p);

	return reason == UNDECIDED ? classify(p) : reason;
}

/* Parses and classifies: the same steps, three times over for three shapes;
 * once for who asks, who has the time. */
static __always_inline u32 inspect(struct packet *p, const u32 asked)
{
	u32 reason;

	p->ip = p->start + ETH_HLEN;
	if (!asked && is_plain_ipv4(p)) {
		p->family = 4;
		return inspect_ip(p);
	}
	if (!asked && is_plain_ipv6(p)) {
		p->family = 6;
		return inspect_ip(p);
	}
	reason = parse_link(p);
	return reason == UNDECIDED ? inspect_ip(p) : reason;
}

#endif
