/* SPDX-License-Identifier: GPL-2.0 */
/* A packet while it is read, and how to read bytes of it. */
#ifndef WICKET_PACKET_H
#define WICKET_PACKET_H

/* A packet while its headers are read. */
struct packet {
	u8 *start, *end; /* of the frame; end is one past it */
	u8 *ip;		 /* the outermost IP header */
	u8 *payload;	 /* of TCP, UDP or of an IP protocol without ports */
	u64 length;	 /* of the payload, as the headers announce it */
	u16 source_port, destination_port; /* network order; 0: none */
	u8 family;			   /* 4 or 6 */
	u8 ip_protocol;
	u8 protocol, handshake; /* as recognised() says */
	u8 short_read;		/* something was not readable() */
};

static __always_inline int readable(struct packet *p, u8 *at, u32 bytes)
{
	if (at + bytes <= p->end)
		return 1;
	p->short_read = 1;
	return 0;
}

static __always_inline u16 be16(const u8 *at)
{
	return __builtin_bswap16(*(u16 *)at);
}

static __always_inline u32 be32(const u8 *at)
{
	return __builtin_bswap32(*(u32 *)at);
}

enum handshake {
	CONTINUES, /* or whatever else opens no session */
	OPENS,	   /* a session */
};

/* Notes what the packet was recognised as; returns 1, for its caller to return.
 */
static __always_inline int recognised(
	struct packet *p, u8 protocol, int handshake)
{
	p->protocol = protocol;
	p->handshake = handshake;
	return 1;
}

/* Recompute `at` as start + bounded offset, so that the verifier merges the
 * states of all the paths that lead here, and walks what follows once. */
static __always_inline u8 *place(struct packet *p, u8 *at, u32 mask)
{
	u64 offset = at - p->start;

	asm volatile("" : "+r"(offset));
	return p->start + (offset & mask);
}

#endif
