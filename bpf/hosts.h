/* SPDX-License-Identifier: GPL-2.0 */
/* The exact sets: plain hosts in buckets, one load from memory for each. */
#ifndef WICKET_HOSTS_H
#define WICKET_HOSTS_H

#include "filter.h"
#include "hash.h"
#include "list.h"

#define LANES	0x0001000100010001ULL /* a bit for each of four lanes */
#define NO_SLOT 0xffffffff00000000ULL /* of a bucket's fourth word */

enum in_set {
	NOT_IN_SET,
	IN_SET,
	OVERFLOWED, /* not in its bucket, but it may be among the entries */
};

/* Does the filter let this host pass to its set? */
static __always_inline int may_be_host(struct list *list, u32 hash)
{
	u32 index = hash >> (list->description->filter_shift & 31);
	struct line *found;

	if (!list->description->filtered)
		return 1;
	found = line(list, list->description->filter + index / 8);
	return found && may_have(found->word[index & 7], hash);
}

/* Which slot holds this, as its bit in `seen`; 0: none does. */
static __always_inline u32 in_wide(const struct wide *bucket, u32 address)
{
#pragma unroll
	for (int i = 0; i < WIDE_SLOTS; i++)
		if (bucket->address[i] == address)
			return 1U << (i % 2 * 4 + 3 - i / 2);
	return 0;
}

/* The highest bit of each 16-bit lane that is zero. A borrow can set further
 * ones, but only above a true one. */
static __always_inline u64 zero_lanes(u64 lanes)
{
	return (lanes - LANES) & ~lanes & LANES << 15;
}

/* The same; four slots at a time, without branches that nobody foresees. */
static __always_inline u32 in_narrow(const u64 *words, u32 remainder)
{
	u64 wanted = (remainder + 1) * LANES, hit;

	hit = zero_lanes(words[0] ^ wanted) |
	      zero_lanes(words[1] ^ wanted) >> 1 |
	      zero_lanes(words[2] ^ wanted) >> 2 |
	      zero_lanes((words[3] ^ wanted) | NO_SLOT) >> 3;
	hit &= -hit; /* the true one */
	hit >>= 12;
	return (hit | hit >> 12 | hit >> 24 | hit >> 36) & 0xffff;
}

static __always_inline int in_hosts4(struct list *list, u32 address, u32 hash)
{
	u32 shift = list->description->shift4 & 31, index = hash >> shift;
	struct wide *bucket = line(list, list->description->hosts4 + index / 2);
	u32 hit;

	if (!bucket || !address) /* a free slot is 0 */
		return NOT_IN_SET;
	bucket += index & 1;
	asm volatile("" : "+r"(bucket)); /* one sum, not one a slot */
	hit = list->description->narrow
		      ? in_narrow((u64 *)bucket, hash & ((1U << shift) - 1))
		      : in_wide(bucket, address);
	if (!hit)
		return bucket->overflowed ? OVERFLOWED : NOT_IN_SET;
	if (list->mark && !(bucket->seen & hit))
		bucket->seen |= hit;
	return IN_SET;
}

static __always_inline int in_hosts6(
	struct list *list, const u32 *address, u32 hash)
{
	u64 first = both(address), second = both(address + 2);
	struct bucket6 *bucket;
	u64 differs;
	u32 hit = 0;

	bucket = line(list, list->description->hosts6 +
				    (hash >> (list->description->shift6 & 31)));
	if (!bucket)
		return NOT_IN_SET;
#pragma unroll
	for (int i = 0; i < BUCKET6_SLOTS; i++) {
		differs = (*(u64 *)&bucket->address[i][0] ^ first) |
			  (*(u64 *)&bucket->address[i][2] ^ second);
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
