/* SPDX-License-Identifier: GPL-2.0 */
/* Copy a packet's addresses, ports and offsets into the per-CPU scratch. */
#ifndef WICKET_SCRATCH_H
#define WICKET_SCRATCH_H

#include "maps.h"
#include "packet.h"

static __always_inline void read_address(
	struct packet *p, u32 *address, u32 offset)
{
	u8 *at = p->ip + offset;

	if (p->family == 4 && readable(p, at, 4)) {
		*(u64 *)address = 0;
		address[2] = 0xffff;
		address[3] = be32(at);
	} else if (p->family == 6 && readable(p, at, 16)) {
#pragma unroll
		for (int i = 0; i < 4; i++)
			address[i] = be32(at + 4 * i);
	}
}

/* Only who asks is told where in the frame things are. */
static __always_inline void note_places(struct answer *answer, struct packet *p)
{
	answer->ip_protocol = p->ip_protocol;
	answer->source_port = __builtin_bswap16(p->source_port);
	answer->destination_port = __builtin_bswap16(p->destination_port);
	answer->ip_offset = p->family ? p->ip - p->start : 0;
	answer->payload_offset = p->payload ? p->payload - p->start : 0;
	answer->payload_length = p->length;
	answer->short_read = p->short_read;
}

/* By words, not by members, of which there are many. */
static __always_inline void clear(struct scratch *scratch)
{
	u64 *words = (u64 *)&scratch->answer;

	for (int i = 0; i < sizeof(scratch->answer) / sizeof(*words); i++)
		words[i] = 0;
	*(u64 *)scratch->nat64 = 0;
}

static __always_inline struct scratch *scratch_of(
	struct packet *p, const u32 asked)
{
	u32 zero = 0;
	struct scratch *scratch = scratches.lookup(&zero);

	if (!scratch)
		return 0;
	scratch->port[0] = __builtin_bswap16(p->source_port);
	scratch->port[1] = __builtin_bswap16(p->destination_port);
	scratch->bytes = p->end - p->start;
	clear(scratch);
	scratch->answer.protocol = p->protocol;
	scratch->answer.handshake = p->handshake;
	scratch->answer.family = p->family;
	if (asked)
		note_places(&scratch->answer, p);
	/* What differed is in memory now, where the verifier does not follow
	 * it: the rest is walked once. */
	asm volatile("" ::: "memory");
	read_address(p, scratch->address[0], p->family == 4 ? 12 : 8);
	read_address(p, scratch->address[1], p->family == 4 ? 16 : 24);
	/* Of IPv6 nothing, as long as no NAT64 says so. */
	scratch->ipv4[0] = p->family == 4 ? scratch->address[0][3] : 0;
	scratch->ipv4[1] = p->family == 4 ? scratch->address[1][3] : 0;
	return scratch;
}

/* Is an end an IPv4 address, or has it one inside? */
static __always_inline int has_ipv4(struct scratch *scratch, u32 index)
{
	return scratch->answer.family == 4 || scratch->nat64[index];
}

static __always_inline struct policy *policy_of(
	struct scratch *scratch, struct controls *controls)
{
	u32 protocol = scratch->answer.protocol;

	return &controls->policies[protocol < PROTOCOLS ? protocol : 0];
}

#endif
