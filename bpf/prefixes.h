/* SPDX-License-Identifier: GPL-2.0 */
/* Which prefixes an address is in: a tree of nodes of 16 words, by the address
 * four bits at a time. However many lengths there are, an address costs a load
 * for each four bits in which it is like one of them. */
#ifndef WICKET_PREFIXES_H
#define WICKET_PREFIXES_H

#include "entry.h"
#include "scratch.h"

/* Where the lengths stand of the prefixes that an address is in, as the number
 * of a length among all that are in lines; 0: it is in none. `bits` are those
 * of the address. */
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
			return (word & ~LENGTHS_HERE) * LINE_LENGTHS;
	}
	return 0;
}

/* Those bits of a word of an address that a prefix of this length covers;
 * `before` are the bits in front of it. Without branches. */
static __always_inline u32 covered(u32 word, u32 length, u32 before)
{
	s64 within = (s64)length - before, left, sign = within >> 63;

	asm volatile(""
		     : "+r"(sign)); /* or the compiler makes a branch of it */
	within &= ~sign;
	left = 32 - within;
	sign = left >> 63;
	asm volatile("" : "+r"(sign));
	left &= ~sign;
	return word & (u32)(0xffffffffULL << left);
}

/* Asks for the entries of the prefixes that an address is in, the longest
 * first, for one that allows the packet. Each step has but one way to the next,
 * and all that changes is in the scratch: or the verifier walks each in many
 * states. */
static __always_inline int among_lengths(struct scratch *scratch,
	struct list *list, u32 side, const u32 *address, u32 translated,
	u32 most)
{
	struct prefix *key = &scratch->key;
	enum entered said;

#pragma clang loop unroll(disable)
	for (u32 i = 0; i < most; i++) {
		u32 at = *(volatile u32 *)&scratch->at;
		struct lengths *found = line(list, at / LINE_LENGTHS);

		if (!found)
			return 0;
		key->length = found->length[at % LINE_LENGTHS];
		if (!key->length)
			return 0;
		scratch->at = at + 1;
#pragma unroll
		for (int j = 0; j < 4; j++)
			key->address[j] =
				covered(address[j], key->length, 32 * j);
		said = among_entries(scratch, list, side, translated);
		if (said != REFUSED) /* no entry: it is being changed */
			return said == ALLOWED;
	}
	return 0;
}

static __always_inline int among_prefixes4(
	struct scratch *scratch, struct list *list, u32 side)
{
	u32 index = side - SIDE_SOURCE, root = list->description->root4;
	u32 address[4] = {0, 0, 0xffff, scratch->ipv4[index]};

	if (!has_ipv4(scratch, index) || !root)
		return 0;
	scratch->at = lengths_of(list, &scratch->ipv4[index], root, 32);
	return scratch->at && among_lengths(scratch, list, side, address,
				      scratch->nat64[index], LENGTHS4);
}

static __always_inline int among_prefixes6(
	struct scratch *scratch, struct list *list, u32 side)
{
	u32 *address = scratch->address[side - SIDE_SOURCE];
	u32 root = list->description->root6;

	if (scratch->answer.family != 6 || !root)
		return 0;
	scratch->at = lengths_of(list, address, root, 128);
	return scratch->at &&
	       among_lengths(scratch, list, side, address, 0, LENGTHS6);
}

#endif
