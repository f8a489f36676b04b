/* SPDX-License-Identifier: GPL-2.0 */
/* Is an end of the packet on the live list? */
#ifndef WICKET_LOOKUP_H
#define WICKET_LOOKUP_H

#include "hash.h"
#include "maps.h"
#include "nat64.h"

/* A list, whether a look-up leaves its mark in it, and whether it is the live
 * one. */
struct list {
	struct generation *description;
	void *buckets, *entries;
	u32 mark, live;
};

/* Without branches, or the verifier walks every combination of rules: a
 * difference below 0 has its upper bits set. Rules that are not there allow no
 * protocol. */
static __always_inline u32 allows(struct entry *entry, u32 protocol, u32 port)
{
	u64 any_port = (s64)((u64)port - 1) >> 63;
	u64 allowed = ((u64)entry->rules - 1) >> 63;
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

/* The length of the NAT64 prefix that is in front of an IPv4 address; 0 where
 * it is the packet's own. */
static __always_inline u32 translated(
	struct scratch *scratch, u32 *address, u32 index)
{
	return address == scratch->address4[index] ? scratch->nat64[index] : 0;
}

/* Asks for the prefix of this length that an address of this side is in. */
static __always_inline int among_entries(struct scratch *scratch,
	struct list *list, u32 side, u32 *address, struct prefix *length)
{
	u32 index = side - SIDE_SOURCE;
	struct prefix key = {.length = length->length};
	struct entry *entry;

#pragma unroll
	for (int i = 0; i < 4; i++)
		key.address[i] = address[i] & length->address[i];
	entry = bpf_map_lookup_elem(list->entries, &key);
	if (!entry)
		return 0;
	if (!allows(entry, scratch->answer.protocol, scratch->port[index])) {
		if (list->live && !scratch->answer.other) {
			scratch->answer.other = side;
			scratch->answer.other_length = length->length;
			scratch->answer.translated =
				translated(scratch, address, index);
		}
		return 0;
	}
	if (list->mark && entry->seen != list->description->tick)
		entry->seen = list->description->tick;
	scratch->answer.length = length->length;
	scratch->answer.rules = entry->rules;
	scratch->answer.translated = translated(scratch, address, index);
	return 1;
}

/* A plain IPv4 host stands in its bucket; or, where that overflowed, it may be
 * among the entries. */
static __always_inline int in_bucket(
	struct scratch *scratch, struct list *list, u32 side)
{
	u32 *address4 = scratch->address4[side - SIDE_SOURCE];
	u32 address = address4[3];
	u32 index = mix(address) >> (list->description->shift & 31), hit = 0;
	struct bucket *bucket = bpf_map_lookup_elem(list->buckets, &index);

	scratch->overflowed = 0;
	if (!bucket || !address) /* a free slot is 0 */
		return 0;
#pragma unroll
	for (int i = 0; i < BUCKET_SLOTS; i++) /* without branches, as above */
		hit |= (u32)(((u64)(bucket->address[i] ^ address) - 1) >> 63)
		       << i;
	if (!hit) {
		scratch->overflowed = bucket->overflowed;
		return 0;
	}
	if (list->mark && !(bucket->seen & hit))
		bucket->seen |= hit;
	scratch->answer.bucket = 1;
	scratch->answer.length = 128;
	scratch->answer.translated =
		translated(scratch, address4, side - SIDE_SOURCE);
	return 1;
}

static __always_inline int is_registered4(
	struct scratch *scratch, struct list *list, u32 side)
{
	u32 *address = scratch->address4[side - SIDE_SOURCE];
	struct prefix *length = list->description->lengths4;

	if (in_bucket(scratch, list, side))
		return 1;
	/* The first length is a host's. Hosts are among the entries only where
	 * their bucket overflowed: else begin behind it. */
	length += !*(volatile u32 *)&scratch->overflowed;
	for (int i = 0; i < LENGTHS4 - 1 && length->length; i++, length++)
		if (among_entries(scratch, list, side, address, length))
			return 1;
	return 0;
}

static __always_inline int is_registered6(
	struct scratch *scratch, struct list *list, u32 side)
{
	u32 *address = scratch->address[side - SIDE_SOURCE];
	struct prefix *length = list->description->lengths6;

	for (int i = 0; i < LENGTHS6 && length->length; i++, length++)
		if (among_entries(scratch, list, side, address, length))
			return 1;
	return 0;
}

/* An IPv6 address by itself, and by the IPv4 address that may be inside. */
static __always_inline int is_registered(
	struct scratch *scratch, struct list *list, u32 side)
{
	if (scratch->answer.family == 6 && is_registered6(scratch, list, side))
		return 1;
	return scratch->address4[side - SIDE_SOURCE][2] &&
	       is_registered4(scratch, list, side);
}

/* Which end is registered. Either will do: the server's address, or the
 * office's. The destination first: a flood's packets have a thousand sources
 * and one destination. */
static __always_inline u32 registered_side(
	struct scratch *scratch, struct list *list)
{
	if (is_registered(scratch, list, SIDE_DESTINATION))
		return SIDE_DESTINATION;
	if (is_registered(scratch, list, SIDE_SOURCE))
		return SIDE_SOURCE;
	return SIDE_NONE;
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
	if (is_there(&list, &generation) && registered_side(scratch, &list))
		return REASON_CUT;
	return UNDECIDED;
}

/* An entry that changes in place is for a moment where nobody who began to look
 * before it finds it: behind a reader's back it goes from a bucket to the
 * entries or back, or its element is exchanged for another. Who finds no end,
 * and sees that something moved meanwhile, knows nothing, and lets it go. */
static __always_inline u32 look_up(struct scratch *scratch, u32 mark)
{
	u32 zero = 0, *generation = active.lookup(&zero);
	struct list list = {.mark = mark, .live = 1};
	u32 before;

	if (!generation)
		return REASON_NO_LIST;
	scratch->answer.generation = *generation;
	if (!is_there(&list, generation))
		return REASON_NO_LIST;
	look_inside(scratch);
	before = moves(&list);
	scratch->answer.side = registered_side(scratch, &list);
	if (scratch->answer.side)
		return REASON_REGISTERED;
	return before & 1 || before != moves(&list) ? REASON_MOVED : UNDECIDED;
}

#endif
