/* SPDX-License-Identifier: GPL-2.0 */
/* Is an end of the packet on the live list? */
#ifndef WICKET_LOOKUP_H
#define WICKET_LOOKUP_H

#include "hash.h"
#include "maps.h"

/* The lists of one generation, and whether a look-up leaves its mark. */
struct lists {
	struct generation *description;
	void *buckets, *ends;
	u32 mark;
};

/* Without branches, or the verifier walks every combination of rules: a
 * difference below 0 has its upper bits set. Rules that are not there allow no
 * protocol. */
static __always_inline u32 allows(struct end *end, u32 protocol, u32 port)
{
	u64 any_port = (s64)((u64)port - 1) >> 63, allowed = !end->rules;
	struct rule *rule = end->rule;

#pragma unroll
	for (int i = 0; i < RULES; i++, rule++) {
		u64 below = (u64)port - rule->first;
		u64 above = (u64)rule->last - port;

		allowed |= rule->protocols >> protocol &
			   (any_port | ~((s64)(below | above) >> 63));
	}
	return allowed & 1;
}

/* Asks for the prefix of this length that the address is in. */
static __always_inline int among_ends(struct flow *flow, struct lists *lists,
	u32 side, struct end_key *length)
{
	struct end_key key = {.length = length->length};
	struct end *end;

#pragma unroll
	for (int i = 0; i < 4; i++)
		key.address[i] = flow->address[side][i] & length->address[i];
	end = bpf_map_lookup_elem(lists->ends, &key);
	if (!end || !allows(end, flow->answer.protocol, flow->port[side]))
		return 0;
	if (lists->mark && end->seen != lists->description->tick)
		end->seen = lists->description->tick;
	flow->answer.length = length->length;
	flow->answer.rules = end->rules;
	return 1;
}

/* A plain IPv4 host stands in its bucket; -1: that bucket overflowed. */
static __always_inline int in_bucket(
	struct flow *flow, struct lists *lists, u32 address)
{
	u32 index = mix(address) >> (lists->description->shift & 31), hit = 0;
	struct bucket *bucket = bpf_map_lookup_elem(lists->buckets, &index);

	if (!bucket || !address) /* a free slot is 0 */
		return 0;
#pragma unroll
	for (int i = 0; i < SLOTS; i++) /* without branches, as above */
		hit |= (u32)(((u64)(bucket->address[i] ^ address) - 1) >> 63)
		       << i;
	if (!hit)
		return bucket->overflowed ? -1 : 0;
	if (lists->mark && !(bucket->seen & hit))
		bucket->seen |= hit;
	flow->answer.bucket = 1;
	flow->answer.length = 128;
	return 1;
}

static __always_inline int is_registered(
	struct flow *flow, struct lists *lists, u32 side)
{
	struct end_key *length = lists->description->lengths6;
	int found, most = LENGTHS6;

	if (flow->answer.family == 4) {
		found = in_bucket(flow, lists, flow->address[side][3]);
		if (found > 0)
			return 1;
		length = lists->description->lengths4 + !found;
		most = LENGTHS4 - 1;
	}
	for (int i = 0; i < most && length->length; i++, length++)
		if (among_ends(flow, lists, side, length))
			return 1;
	return 0;
}

/* Either end will do: the server's address, or the office's. The destination
 * first: a flood's packets have a thousand sources and one destination. */
static __always_inline u32 look_up(struct flow *flow, u32 mark)
{
	u32 zero = 0, *generation = active.lookup(&zero);
	struct lists lists = {.mark = mark};

	if (!generation)
		return REASON_NO_LIST;
	flow->answer.generation = *generation;
	lists.description = generations.lookup(generation);
	lists.buckets = buckets.lookup(generation);
	lists.ends = ends.lookup(generation);
	if (!lists.description || !lists.buckets || !lists.ends)
		return REASON_NO_LIST;
	if (is_registered(flow, &lists, 1))
		flow->answer.end = 2;
	else if (is_registered(flow, &lists, 0))
		flow->answer.end = 1;
	return flow->answer.end ? REASON_REGISTERED : UNDECIDED;
}

#endif
