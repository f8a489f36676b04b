/* SPDX-License-Identifier: GPL-2.0 */
/* Is an end of the packet on the live list? */
#ifndef WICKET_LOOKUP_H
#define WICKET_LOOKUP_H

#include "hosts.h"
#include "nat64.h"
#include "prefixes.h"

/* A host that its bucket had no room for, or that is narrowed. */
static __always_inline int is_host_among_entries(struct scratch *scratch,
	struct list *list, u32 side, const u32 *address, u32 translated)
{
	struct prefix *key = &scratch->key;

	key->length = 128;
#pragma unroll
	for (int i = 0; i < 4; i++)
		key->address[i] = address[i];
	return among_entries(scratch, list, side, translated) == ALLOWED;
}

static __always_inline int is_plain_host(
	struct scratch *scratch, u32 translated)
{
	scratch->answer.bucket = 1;
	scratch->answer.length = 128;
	scratch->answer.translated = translated;
	return 1;
}

static __always_inline int is_host4(
	struct scratch *scratch, struct list *list, u32 side)
{
	u32 index = side - SIDE_SOURCE;
	u32 address[4] = {0, 0, 0xffff, scratch->ipv4[index]};
	u32 hash = spread(address[3]), in_set;

	scratch->hash4[index] = hash;
	in_set = may_be_host(list, hash) ? in_hosts4(list, address[3], hash)
					 : NOT_IN_SET;
	if (in_set == IN_SET)
		return is_plain_host(scratch, scratch->nat64[index]);
	return in_set == OVERFLOWED &&
	       is_host_among_entries(
		       scratch, list, side, address, scratch->nat64[index]);
}

static __always_inline int is_host6(
	struct scratch *scratch, struct list *list, u32 side)
{
	u32 *address = scratch->address[side - SIDE_SOURCE];
	u32 hash = spread6(address), in_set;

	scratch->hash6[side - SIDE_SOURCE] = hash;
	in_set = may_be_host(list, hash) ? in_hosts6(list, address, hash)
					 : NOT_IN_SET;
	if (in_set == IN_SET)
		return is_plain_host(scratch, 0);
	return in_set == OVERFLOWED &&
	       is_host_among_entries(scratch, list, side, address, 0);
}

/* An IPv6 address by itself, and by the IPv4 address that may be inside. As a
 * host first, then by the prefixes that it is in. */
static __always_inline int is_registered(
	struct scratch *scratch, struct list *list, u32 side)
{
	if (scratch->answer.family == 6 && is_host6(scratch, list, side))
		return 1;
	if (has_ipv4(scratch, side - SIDE_SOURCE) &&
		is_host4(scratch, list, side))
		return 1;
	return has_prefixes(list) &&
	       (among_prefixes6(scratch, list, side) ||
		       among_prefixes4(scratch, list, side));
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

/* Lets an end go that was registered until it was cut over the limits, where
 * its protocol is enforced, and leaves a mark: the agent undoes such a cut. */
static __always_inline u32 look_up_cut(
	struct scratch *scratch, struct controls *controls, u32 mark)
{
	struct list list;

	if (!controls->cut ||
		policy_of(scratch, controls)->mode != MODE_ENFORCE)
		return UNDECIDED;
	list.mark = mark;
	list.live = 0;
	if (is_there(&list, controls, controls->cut - 1) &&
		registered_side(scratch, &list))
		return REASON_CUT;
	return UNDECIDED;
}

/* An entry that changes in place is for a moment where nobody who began to look
 * before it finds it: behind a reader's back it goes from a bucket to the
 * entries or back, or its element is exchanged for another. Who finds no end,
 * and sees that something moved meanwhile, knows nothing, and lets it go. */
static __always_inline u32 look_up(
	struct scratch *scratch, struct controls *controls, u32 mark)
{
	struct list list;
	u32 before;

	list.mark = mark;
	list.live = 1;
	scratch->answer.generation = controls->active;
	if (!is_there(&list, controls, scratch->answer.generation))
		return REASON_NO_LIST;
	look_inside(scratch, controls);
	before = moves(&list);
	scratch->answer.side = registered_side(scratch, &list);
	if (scratch->answer.side)
		return REASON_REGISTERED;
	return before & 1 || before != moves(&list) ? REASON_MOVED : UNDECIDED;
}

#endif
