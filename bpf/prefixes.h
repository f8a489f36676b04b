/* SPDX-License-Identifier: GPL-2.0 */
/* Which prefixes an address is in: a tree of nodes of 16 words, by the address
 * four bits at a time. However many lengths there are, an address costs a load
 * for each four bits in which it is like one of them. */
#ifndef WICKET_PREFIXES_H
#define WICKET_PREFIXES_H

#include "entry.h"

/* Where the lengths stand of the prefixes that an address is in; 0: it is in
 * none. `bits` are those of the address. */
static __always_inline u32 lengths_of(
	struct list *list, const u32 *address, u32 root, u32 bits)
{
	u32 word = root + (address[0] >> (32 - ROOT_BITS));

#pragma clang loop unroll(disable)
	for (u32 i = ROOT_BITS; i < bits; i += NODE_BITS) {
		struct node *node = line(list, word);

		if (!node)
			return 0;
		word = node->word[address[i / 32] >> (28 - i % 32) & 15];
		if (!word)
			return 0;
		if (word & LENGTHS_HERE)
			return word & ~LENGTHS_HERE;
	}
	return 0;
}

/* Those bits of a word of an address that a prefix of this length covers;
 * `before` are the bits in front of it. Without branches. */
static __always_inline u32 covered(u32 word, u32 length, u32 before)
{
	s64 within = (s64)length - before, left, sign = within >> 63;

	asm volatile("" : "+r"(sign)); /* or the compiler makes a branch of it */
	within &= ~sign;
	left = 32 - within;
	sign = left >> 63;
	asm volatile("" : "+r"(sign));
	left &= ~sign;
	return word & (u32)(0xffffffffULL << left);
}

/* Goes on with the prefixes of the address itself, or of the IPv4 address that
 * is inside of it or that it is. */
static __always_inline void seek(
	struct scratch *scratch, u32 index, u32 *lengths)
{
	struct sought *sought = &scratch->sought;
	int own = lengths == &sought->lengths6;

	sought->at = *lengths * LINE_LENGTHS;
	*lengths = 0;
	sought->translated = own ? 0 : scratch->nat64[index];
	sought->address[0] = own ? scratch->address[index][0] : 0;
	sought->address[1] = own ? scratch->address[index][1] : 0;
	sought->address[2] = own ? scratch->address[index][2] : 0xffff;
	sought->address[3] = own ? scratch->address[index][3]
				 : scratch->ipv4[index];
}

/* Asks for the entries of the prefixes that an end is in, the longest first, for
 * one that allows the packet. All that changes from step to step is in the
 * scratch, or the verifier walks each of them in several states. */
static __always_inline int among_prefixes(
	struct scratch *scratch, struct list *list, u32 side)
{
	struct sought *sought = &scratch->sought;
	u32 index = side - SIDE_SOURCE;
	struct prefix key = {};

	if (sought->lengths6)
		seek(scratch, index, &sought->lengths6);
	else if (sought->lengths4)
		seek(scratch, index, &sought->lengths4);
	else
		return 0;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < MOST_LENGTHS; i++) {
		u32 at = *(volatile u32 *)&sought->at;
		struct lengths *found = line(list, at / LINE_LENGTHS);

		if (!found)
			return 0;
		key.length = found->length[at % LINE_LENGTHS];
		if (!key.length) {
			if (!sought->lengths4)
				return 0;
			seek(scratch, index, &sought->lengths4);
			continue;
		}
		sought->at = at + 1;
		key.address[0] = covered(sought->address[0], key.length, 0);
		key.address[1] = covered(sought->address[1], key.length, 32);
		key.address[2] = covered(sought->address[2], key.length, 64);
		key.address[3] = covered(sought->address[3], key.length, 96);
		if (among_entries(scratch, list, side, &key,
			    sought->translated))
			return 1;
	}
	return 0;
}

#endif
