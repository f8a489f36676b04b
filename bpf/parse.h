/* SPDX-License-Identifier: GPL-2.0 */
/* From the frame to the transport's payload: link layers, IP, TCP and UDP. */
#ifndef WICKET_PARSE_H
#define WICKET_PARSE_H

#include "numbers.h"
#include "packet.h"
#include "words.h"

#define LINK_HEADERS	  6 /* tags and labels that we look behind */
#define EXTENSION_HEADERS 8

/* Bytes of a header, or the fewest that it can have. */
#define VLAN_HEADER	 4  /* IEEE 802.1Q */
#define MPLS_HEADER	 4  /* RFC 3032, section 2.1 */
#define PPPOE_HEADER	 8  /* RFC 2516, section 4, and PPP's protocol */
#define IPV4_HEADER	 20 /* RFC 791, section 3.1 */
#define IPV6_HEADER	 40 /* RFC 8200, section 3 */
#define EXTENSION_HEADER 8  /* RFC 8200, section 4 */
#define UDP_HEADER	 8  /* RFC 768 */
#define TCP_HEADER	 20 /* RFC 9293, section 3.1 */

/* Masks for place(). */
#define FURTHEST_IP	 63   /* 14 bytes and six times 8 */
#define FURTHEST_PAYLOAD 4095 /* further than any frame is long */

/* Past one link header of the kind `type`; type becomes what it carries. */
static __always_inline u8 *behind(struct packet *p, u8 *at, u16 *type)
{
	switch (*type) {
	case ETH_P_8021Q:
	case ETH_P_8021AD:
	case ETH_P_QINQ1:
		if (!readable(p, at, VLAN_HEADER))
			return 0;
		*type = be16(at + 2);
		return at + VLAN_HEADER;
	case ETH_P_MPLS_UC:
	case ETH_P_MPLS_MC:
		if (!readable(p, at, MPLS_HEADER + 1))
			return 0;
		if (at[2] & 1) /* bottom of the stack: IP's version follows */
			*type = at[4] >> 4 == 4	  ? ETH_P_IP
				: at[4] >> 4 == 6 ? ETH_P_IPV6
						  : 0;
		return at + MPLS_HEADER;
	case ETH_P_PPP_SES: /* version 1, type 1, code 0 */
		if (!readable(p, at, PPPOE_HEADER))
			return 0;
		*type = be16(at) != 0x1100	   ? 0
			: be16(at + 6) == PPP_IP   ? ETH_P_IP
			: be16(at + 6) == PPP_IPV6 ? ETH_P_IPV6
						   : 0;
		return at + PPPOE_HEADER;
	}
	return at;
}

static __always_inline u32 parse_link(struct packet *p)
{
	u8 *at = p->start + ETH_HLEN, *next;
	u16 type;

	if (!readable(p, p->start, ETH_HLEN))
		return REASON_TRUNCATED;
	type = be16(p->start + 12);
	for (int i = 0; i < LINK_HEADERS; i++) {
		if (type == ETH_P_IP || type == ETH_P_IPV6)
			break;
		next = behind(p, at, &type);
		if (!next)
			return REASON_TRUNCATED;
		if (next == at)
			break;
		at = next;
	}
	p->ip = place(p, at, FURTHEST_IP);
	p->family = type == ETH_P_IP ? 4 : type == ETH_P_IPV6 ? 6 : 0;
	return p->family ? UNDECIDED : REASON_UNKNOWN;
}

/* RFC 791, section 3.1 */
static __always_inline u32 parse_ipv4(struct packet *p)
{
	u8 *ip = p->ip;
	u64 header, total;

	if (!readable(p, ip, IPV4_HEADER))
		return REASON_TRUNCATED;
	if (ip[0] >> 4 != 4)
		return REASON_UNKNOWN;
	header = (ip[0] & 15) * 4;
	if (header < IPV4_HEADER || !readable(p, ip, header))
		return REASON_TRUNCATED;
	total = be16(ip + 2);
	if (!total) /* left to the network card to fill in */
		total = p->end - ip;
	if (total < header)
		return REASON_TRUNCATED;
	if (be16(ip + 6) & IP_OFFSET)
		return REASON_FRAGMENT;
	p->ip_protocol = ip[9];
	p->length = total - header;
	p->payload = ip + header;
	return UNDECIDED;
}

static __always_inline int is_extension(u8 next)
{
	switch (next) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
	case IPPROTO_HIP:
	case IPPROTO_SHIM6:
		return 1;
	}
	return 0;
}

/* RFC 8200, sections 3 and 4 */
static __always_inline u32 parse_ipv6(struct packet *p)
{
	u8 *at = p->ip + IPV6_HEADER, next;
	u64 left, size;

	if (!readable(p, p->ip, IPV6_HEADER))
		return REASON_TRUNCATED;
	if (p->ip[0] >> 4 != 6)
		return REASON_UNKNOWN;
	next = p->ip[6];
	left = be16(p->ip + 4);
	if (!left) /* a jumbogram, or left to the network card to fill in */
		left = p->end - at;
	for (int i = 0; i < EXTENSION_HEADERS && is_extension(next); i++) {
		if (!readable(p, at, EXTENSION_HEADER))
			return REASON_TRUNCATED;
		size = next == IPPROTO_FRAGMENT ? 8 : (at[1] + 1) * 8;
		if (left < size)
			return REASON_TRUNCATED;
		if (next == IPPROTO_FRAGMENT && be16(at + 2) & IP6_OFFSET)
			return REASON_FRAGMENT;
		left -= size;
		next = at[0];
		at += size;
	}
	if (!readable(p, at, 0)) /* the last one is not all there */
		return REASON_TRUNCATED;
	if (is_extension(next))
		return REASON_UNKNOWN;
	p->ip_protocol = next;
	p->length = left;
	if (at - p->start > FURTHEST_PAYLOAD)
		return REASON_TRUNCATED;
	p->payload = place(p, at, FURTHEST_PAYLOAD);
	return UNDECIDED;
}

/* RFC 768 */
static __always_inline u32 parse_udp(struct packet *p)
{
	u8 *udp = p->payload;
	u64 length;

	if (!readable(p, udp, UDP_HEADER) || p->length < UDP_HEADER)
		return REASON_TRUNCATED;
	p->source_port = *(u16 *)udp;
	p->destination_port = *(u16 *)(udp + 2);
	/* UDP's own length: IP's is short in a datagram's first fragment. */
	length = be16(udp + 4);
	if (length < UDP_HEADER)
		return REASON_TRUNCATED;
	p->length = length - UDP_HEADER;
	p->payload = udp + UDP_HEADER;
	return UNDECIDED;
}

/* RFC 9293, section 3.1 */
static __always_inline u32 parse_tcp(struct packet *p)
{
	u8 *tcp = p->payload;
	u64 header;

	if (!readable(p, tcp, TCP_HEADER))
		return REASON_TRUNCATED;
	p->source_port = *(u16 *)tcp;
	p->destination_port = *(u16 *)(tcp + 2);
	header = (tcp[12] >> 4) * 4;
	if (header < TCP_HEADER || header > p->length)
		return REASON_TRUNCATED;
	p->length -= header;
	p->payload = tcp + header;
	return readable(p, tcp, header) ? UNDECIDED : REASON_TRUNCATED;
}

/* IP and what it carries, of the packet whose p->ip is known. */
static __always_inline u32 parse_ip(struct packet *p)
{
	u32 reason = p->family == 4 ? parse_ipv4(p) : parse_ipv6(p);

	if (reason != UNDECIDED)
		return reason;
	if (p->ip_protocol == IPPROTO_UDP)
		return parse_udp(p);
	if (p->ip_protocol == IPPROTO_TCP)
		return parse_tcp(p);
	return UNDECIDED;
}

/* Right behind Ethernet's header IPv4's without options, or IPv6's without
 * extensions: nearly all packets. The compiler then knows where everything is,
 * and keeps nothing in memory for it. */
static __always_inline int is_plain_ipv4(struct packet *p)
{
	u8 *ip = p->start + ETH_HLEN;

	return ip + IPV4_HEADER <= p->end && be16(p->start + 12) == ETH_P_IP &&
	       ip[0] == 0x45;
}

static __always_inline int is_plain_ipv6(struct packet *p)
{
	u8 *ip = p->start + ETH_HLEN;

	return ip + IPV6_HEADER <= p->end &&
	       be16(p->start + 12) == ETH_P_IPV6 && !is_extension(ip[6]);
}

#endif
