/* SPDX-License-Identifier: GPL-2.0 */
/* The exact sets: plain hosts in buckets, one load from memory for each. */
#ifndef WICKET_HOSTS_H
#define WICKET_HOSTS_H

#include "filter.h"
#include "hash.h"
#include "list.h"

enum in_set {
	NOT_IN_SET,
	IN_SET,
	OVERFLOWED, /* not in its bucket, but it may be among the entries */
};

/* Does the filter let this host pass to its set? */
static __always_inline int may_be_host(struct list *list, u32 hash)
{
	u32 index = hash >> (list->description->filter_shift & 31);
	struct line *found = line(list, list->description->filter + index / 8);

	return found && may_have(found->word[index & 7], hash);
}

/* IPv4, all 32 bits of each address: compared without branches, or the verifier
 * walks every combination. */
static __always_inline int in_wide(
	struct list *list, struct wide *bucket, u32 address)
{
	u32 hit = 0;

#pragma unroll
	for (int i = 0; i < WIDE_SLOTS; i++)
		hit |= (u32)(((u64)(bucket->address[i] ^ address) - 1) >> 63)
		       << i;
	if (!hit)
		return bucket->overflowed ? OVERFLOWED : NOT_IN_SET;
	if (list->mark && !(bucket->seen & hit))
		bucket->seen |= hit;
	return IN_SET;
}

#define LANES 0x0001000100010001ULL /* a bit for each of four 16-bit lanes */

/* The highest bit of each lane that is zero. A borrow can set further ones, but
 * only above a true one. */
static __always_inline u64 zero_lanes(u64 lanes)
{
	return (lanes - LANES) & ~lanes & LANES << 15;
}

/* IPv4, of each address only what the bucket's number does not say, plus 1. */
static __always_inline int in_narrow(
	struct list *list, struct narrow *bucket, u32 remainder)
{
	u64 *words = (u64 *)bucket, wanted = (remainder + 1) * LANES, hit;
	u32 bit;

	hit = zero_lanes(words[0] ^ wanted) |
	      zero_lanes(words[1] ^ wanted) >> 1 |
	      zero_lanes(words[2] ^ wanted) >> 2 |
	      zero_lanes((words[3] ^ wanted) | 0xffffffffULL << 32) >> 3;
	if (!hit)
		return bucket->overflowed ? OVERFLOWED : NOT_IN_SET;
	hit &= -hit; /* the true one */
	hit >>= 12;
	bit = (hit | hit >> 12 | hit >> 24 | hit >> 36) & 0xffff;
	if (list->mark && !(bucket->seen & bit))
		bucket->seen |= bit;
	return IN_SET;
}

static __always_inline int in_hosts4(
	struct list *list, u32 address, u32 hash)
{
	u32 shift = list->description->shift4 & 31, index = hash >> shift;
	void *found = line(list, list->description->hosts4 + index / 2);

	if (!found || !address) /* a free slot is 0 */
		return NOT_IN_SET;
	if (list->description->narrow)
		return in_narrow(list, (struct narrow *)found + (index & 1),
			hash & ((1U << shift) - 1));
	return in_wide(list, (struct wide *)found + (index & 1), address);
}

static __always_inline int in_hosts6(
	struct list *list, const u32 *address, u32 hash)
{
	const u64 *half = (const u64 *)address;
	struct bucket6 *bucket;
	u64 differs;
	u32 hit = 0;

	bucket = line(list, list->description->hosts6 +
				    (hash >> (list->description->shift6 & 31)));
	if (!bucket)
		return NOT_IN_SET;
#pragma unroll
	for (int i = 0; i < BUCKET6_SLOTS; i++) {
		differs = (*(u64 *)&bucket->address[i][0] ^ half[0]) |
			  (*(u64 *)&bucket->address[i][2] ^ half[1]);
		/* its upper bit is set where any is */
		hit |= (u32)(~(differs | -differs) >> 63) << i;
	}
	hit &= bucket->held;
	if (!hit)
		return bucket->overflowed ? OVERFLOWED : NOT_IN_SET;
	if (list->mark && !(bucket->seen & hit))
		bucket->seen |= hit;
	return IN_SET;
}

#endif
