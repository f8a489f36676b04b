/* SPDX-License-Identifier: GPL-2.0 */
/* A filter in front of a set: it says for certain that an address is not there,
 * and is small enough for the processor's second-level cache. */
#ifndef WICKET_FILTER_H
#define WICKET_FILTER_H

/* A word has one or both of two bits for each address in it. Both are there
 * before the address is: "perhaps" may be wrong, "no" never. */
static __always_inline int may_have(u64 word, u32 hash)
{
	u64 bits = 1ULL << (hash & 63) | 1ULL << (hash >> 6 & 63);

	return (word & bits) == bits;
}

#endif
