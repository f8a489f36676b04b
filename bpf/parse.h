/* SPDX-License-Identifier: GPL-2.0 */
/* From the frame to the transport's payload: link layers, IP, TCP and UDP. */
#ifndef WICKET_PARSE_H
#define WICKET_PARSE_H

#define LINK_HEADERS	  6 /* tags and labels that we look behind */
#define EXTENSION_HEADERS 8

#define UNDECIDED REASONS /* no reason to let it go yet: the next step */

/* A packet while its headers are read. */
struct packet {
	u8 *start, *end; /* of the frame; end is one past it */
	u8 *ip;		 /* the outermost IP header */
	u8 *payload;	 /* of TCP, UDP or of an IP protocol without ports */
	u32 length;	 /* of the payload, as the headers announce it */
	u16 source_port, destination_port; /* host order; 0: none */
	u8 family;			   /* 4 or 6 */
	u8 ip_protocol;
	u8 protocol, handshake; /* classify.h */
};

static __always_inline int readable(struct packet *p, u8 *at, u32 bytes)
{
	return at + bytes <= p->end;
}

static __always_inline u16 be16(const u8 *at)
{
	return __builtin_bswap16(*(u16 *)at);
}

static __always_inline u32 be32(const u8 *at)
{
	return __builtin_bswap32(*(u32 *)at);
}

/* The same place, `at`, by its offset: the verifier forgets by which of many
 * ways we came to it, and walks what follows once. */
static __always_inline u8 *place(struct packet *p, u8 *at, u32 mask)
{
	u64 offset = at - p->start;

	asm volatile("" : "+r"(offset));
	return p->start + (offset & mask);
}

/* Past one link header of the kind `type`; type becomes what it carries. */
static __always_inline u8 *behind(struct packet *p, u8 *at, u16 *type)
{
	switch (*type) {
	case 0x8100: /* IEEE 802.1Q */
	case 0x88a8: /* IEEE 802.1ad, QinQ */
	case 0x9100: /* QinQ before the standard */
		if (!readable(p, at, 4))
			return 0;
		*type = be16(at + 2);
		return at + 4;
	case 0x8847: /* MPLS, RFC 3032; 8848 is RFC 5332's */
	case 0x8848:
		if (!readable(p, at, 5))
			return 0;
		if (at[2] & 1) /* bottom of the stack */
			*type = at[4] >> 4 == 4	  ? 0x0800
				: at[4] >> 4 == 6 ? 0x86dd
						  : 0;
		return at + 4;
	case 0x8864: /* PPPoE session, RFC 2516; version and type 1, code 0 */
		if (!readable(p, at, 8))
			return 0;
		*type = be16(at) != 0x1100	 ? 0
			: be16(at + 6) == 0x0021 ? 0x0800
			: be16(at + 6) == 0x0057 ? 0x86dd
						 : 0;
		return at + 8;
	}
	return at;
}

static __always_inline u32 parse_link(struct packet *p)
{
	u8 *at = p->start + 14, *next;
	u16 type;

	if (!readable(p, p->start, 14))
		return REASON_TRUNCATED;
	type = be16(p->start + 12);
	for (int i = 0; i < LINK_HEADERS; i++) {
		if (type == 0x0800 || type == 0x86dd)
			break;
		next = behind(p, at, &type);
		if (!next)
			return REASON_TRUNCATED;
		if (next == at)
			break;
		at = next;
	}
	p->ip = place(p, at, 63); /* 14 bytes and six times 8 */
	p->family = type == 0x0800 ? 4 : type == 0x86dd ? 6 : 0;
	return p->family ? UNDECIDED : REASON_UNKNOWN;
}

/* RFC 791, section 3.1 */
static __always_inline u32 parse_ipv4(struct packet *p)
{
	u8 *ip = p->ip;
	u32 header, total;

	if (!readable(p, ip, 20))
		return REASON_TRUNCATED;
	if (ip[0] >> 4 != 4)
		return REASON_UNKNOWN;
	header = (ip[0] & 15) * 4;
	if (header < 20)
		return REASON_TRUNCATED;
	if (be16(ip + 6) & 0x1fff)
		return REASON_FRAGMENT;
	total = be16(ip + 2);
	if (!total) /* left to the network card to fill in */
		total = p->end - ip;
	if (total < header)
		return REASON_TRUNCATED;
	p->ip_protocol = ip[9];
	p->length = total - header;
	p->payload = ip + header;
	return UNDECIDED;
}

static __always_inline int is_extension(u8 next)
{
	switch (next) {
	case 0:	  /* hop-by-hop options, RFC 8200, section 4 */
	case 43:  /* routing */
	case 44:  /* fragment */
	case 60:  /* destination options */
	case 135: /* mobility, RFC 6275 */
	case 139: /* HIP, RFC 7401 */
	case 140: /* shim6, RFC 5533 */
		return 1;
	}
	return 0;
}

/* RFC 8200, sections 3 and 4 */
static __always_inline u32 parse_ipv6(struct packet *p)
{
	u8 *at = p->ip + 40, next;
	u32 left, size;

	if (!readable(p, p->ip, 40))
		return REASON_TRUNCATED;
	if (p->ip[0] >> 4 != 6)
		return REASON_UNKNOWN;
	next = p->ip[6];
	left = be16(p->ip + 4);
	if (!left) /* a jumbogram, or left to the network card to fill in */
		left = p->end - at;
	for (int i = 0; i < EXTENSION_HEADERS && is_extension(next); i++) {
		if (!readable(p, at, 8))
			return REASON_TRUNCATED;
		if (next == 44 && be16(at + 2) & 0xfff8)
			return REASON_FRAGMENT;
		size = next == 44 ? 8 : (at[1] + 1) * 8;
		if (left < size)
			return REASON_TRUNCATED;
		left -= size;
		next = at[0];
		at += size;
	}
	if (is_extension(next))
		return REASON_UNKNOWN;
	p->ip_protocol = next;
	p->length = left;
	if (at - p->start > 4095) /* further than any frame is long */
		return REASON_TRUNCATED;
	p->payload = place(p, at, 4095);
	return UNDECIDED;
}

/* RFC 768 */
static __always_inline u32 parse_udp(struct packet *p)
{
	u8 *udp = p->payload;
	u32 length;

	if (!readable(p, udp, 8))
		return REASON_TRUNCATED;
	p->source_port = be16(udp);
	p->destination_port = be16(udp + 2);
	/* UDP's own length: IP's is short in a datagram's first fragment. */
	length = be16(udp + 4);
	if (length < 8)
		return REASON_TRUNCATED;
	p->length = length - 8;
	p->payload = udp + 8;
	return UNDECIDED;
}

/* RFC 9293, section 3.1 */
static __always_inline u32 parse_tcp(struct packet *p)
{
	u8 *tcp = p->payload;
	u32 header;

	if (!readable(p, tcp, 20))
		return REASON_TRUNCATED;
	p->source_port = be16(tcp);
	p->destination_port = be16(tcp + 2);
	header = (tcp[12] >> 4) * 4;
	if (header < 20 || header > p->length)
		return REASON_TRUNCATED;
	p->length -= header;
	p->payload = tcp + header;
	return UNDECIDED;
}

static __always_inline u32 parse(struct packet *p)
{
	u32 reason = parse_link(p);

	if (reason != UNDECIDED)
		return reason;
	reason = p->family == 4 ? parse_ipv4(p) : parse_ipv6(p);
	if (reason != UNDECIDED)
		return reason;
	if (p->ip_protocol == 17)
		return parse_udp(p);
	if (p->ip_protocol == 6)
		return parse_tcp(p);
	return UNDECIDED;
}

#endif
