/* SPDX-License-Identifier: GPL-2.0 */
/* Is an end of the packet on the live list? */
#ifndef WICKET_LOOKUP_H
#define WICKET_LOOKUP_H

#include "hash.h"
#include "maps.h"

/* The live list, and whether a look-up leaves its mark in it. */
struct list {
	struct generation *description;
	void *buckets, *entries;
	u32 mark;
};

/* Without branches, or the verifier walks every combination of rules: a
 * difference below 0 has its upper bits set. Rules that are not there allow no
 * protocol. */
static __always_inline u32 allows(struct entry *entry, u32 protocol, u32 port)
{
	u64 any_port = (s64)((u64)port - 1) >> 63, allowed = !entry->rules;
	struct rule *rule = entry->rule;

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
static __always_inline int among_entries(struct scratch *scratch,
	struct list *list, u32 side, struct prefix *length)
{
	u32 index = side - SIDE_SOURCE;
	struct prefix key = {.length = length->length};
	struct entry *entry;

#pragma unroll
	for (int i = 0; i < 4; i++)
		key.address[i] =
			scratch->address[index][i] & length->address[i];
	entry = bpf_map_lookup_elem(list->entries, &key);
	if (!entry ||
		!allows(entry, scratch->answer.protocol, scratch->port[index]))
		return 0;
	if (list->mark && entry->seen != list->description->tick)
		entry->seen = list->description->tick;
	scratch->answer.length = length->length;
	scratch->answer.rules = entry->rules;
	return 1;
}

enum bucket_answer {
	MISS,
	HIT,
	OVERFLOWED, /* no hit, but hosts of this bucket are among the entries */
};

/* A plain IPv4 host stands in its bucket. */
static __always_inline enum bucket_answer in_bucket(
	struct scratch *scratch, struct list *list, u32 address)
{
	u32 index = mix(address) >> (list->description->shift & 31), hit = 0;
	struct bucket *bucket = bpf_map_lookup_elem(list->buckets, &index);

	if (!bucket || !address) /* a free slot is 0 */
		return MISS;
#pragma unroll
	for (int i = 0; i < BUCKET_SLOTS; i++) /* without branches, as above */
		hit |= (u32)(((u64)(bucket->address[i] ^ address) - 1) >> 63)
		       << i;
	if (!hit)
		return bucket->overflowed ? OVERFLOWED : MISS;
	if (list->mark && !(bucket->seen & hit))
		bucket->seen |= hit;
	scratch->answer.bucket = 1;
	scratch->answer.length = 128;
	return HIT;
}

static __always_inline int is_registered(
	struct scratch *scratch, struct list *list, u32 side)
{
	struct prefix *length = list->description->lengths6;
	enum bucket_answer answer;
	int most = LENGTHS6;

	if (scratch->answer.family == 4) {
		answer = in_bucket(
			scratch, list, scratch->address[side - SIDE_SOURCE][3]);
		if (answer == HIT)
			return 1;
		/* The first length is a host's. Hosts are among the entries
		 * only where their bucket overflowed: after a miss, begin
		 * behind it. */
		length = list->description->lengths4 + (answer == MISS);
		most = LENGTHS4 - 1;
	}
	for (int i = 0; i < most && length->length; i++, length++)
		if (among_entries(scratch, list, side, length))
			return 1;
	return 0;
}

/* The number of moves, read from memory each time. */
static __always_inline u32 moves(struct list *list)
{
	return *(volatile u32 *)&list->description->moves;
}

static __always_inline int is_there(struct list *list, u32 *generation)
{
	list->description = generations.lookup(generation);
	list->buckets = buckets.lookup(generation);
	list->entries = entries.lookup(generation);
	return list->description && list->buckets && list->entries;
}

/* Lets an end go that was registered until it was cut over the limits, where
 * its protocol is enforced, and leaves a mark: the agent undoes such a cut. */
static __always_inline u32 look_up_cut(struct scratch *scratch, u32 mark)
{
	u32 zero = 0, *after = cut.lookup(&zero), generation;
	u32 protocol = scratch->answer.protocol;
	struct policy *policy = policies.lookup(&protocol);
	struct list list = {.mark = mark};

	if (!after || !*after || !policy || policy->mode != MODE_ENFORCE)
		return UNDECIDED;
	generation = *after - 1;
	if (is_there(&list, &generation) &&
		(is_registered(scratch, &list, SIDE_DESTINATION) ||
			is_registered(scratch, &list, SIDE_SOURCE)))
		return REASON_CUT;
	return UNDECIDED;
}

/* An entry that changes in place is for a moment where nobody who began to look
 * before it finds it: behind a reader's back it goes from a bucket to the
 * entries or back, or its element is exchanged for another. Who finds no end,
 * and sees that something moved meanwhile, knows nothing, and lets it go.
 *
 * Either end will do: the server's address, or the office's. The destination
 * first: a flood's packets have a thousand sources and one destination. */
static __always_inline u32 look_up(struct scratch *scratch, u32 mark)
{
	u32 zero = 0, *generation = active.lookup(&zero);
	struct list list = {.mark = mark};
	u32 before;

	if (!generation)
		return REASON_NO_LIST;
	scratch->answer.generation = *generation;
	if (!is_there(&list, generation))
		return REASON_NO_LIST;
	before = moves(&list);
	if (is_registered(scratch, &list, SIDE_DESTINATION))
		scratch->answer.side = SIDE_DESTINATION;
	else if (is_registered(scratch, &list, SIDE_SOURCE))
		scratch->answer.side = SIDE_SOURCE;
	if (scratch->answer.side)
		return REASON_REGISTERED;
	return before & 1 || before != moves(&list) ? REASON_MOVED : UNDECIDED;
}

#endif
