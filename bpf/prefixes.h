/* SPDX-License-Identifier: GPL-2.0 */
/* Which prefixes an address is in: a tree of nodes of 16 words, by the address
 * four bits at a time or more. However many lengths there are, an address costs
 * a load for each place where prefixes part that it is like. */
#ifndef WICKET_PREFIXES_H
#define WICKET_PREFIXES_H

#include "entry.h"
#include "scratch.h"

/* The word with which the way of an address through the tree ends: an address
 * in two halves, IPv4 in the upper half of the first. Each step looks at four
 * bits of it or more, so there are no more than `most`. */
static __always_inline u32 climb(
	struct list *list, u32 word, u64 upper, u64 lower, u32 most)
{
	/* Read from memory, or the verifier walks each step with many numbers.
	 */
	u32 bits = list->description->root_bits;

#pragma clang loop unroll(disable)
	for (u32 i = 0; i < most && word && !(word & LENGTHS_HERE); i++) {
		void *found = line(list, word & ~SKIP_HERE);
		struct node *node = found;
		struct skip *skip = found;
		u64 left;

		if (!found)
			return 0;
		bits &= 127;
		if (word & SKIP_HERE) {
			left = (upper ^ skip->wanted[0]) & skip->mask[0];
			left |= (lower ^ skip->wanted[1]) & skip->mask[1];
			word = left ? skip->otherwise : skip->then;
			bits = skip->bits;
		} else {
			left = (bits & 64 ? lower : upper) << (bits & 63);
			word = node->word[left >> (64 - NODE_BITS)];
			bits += NODE_BITS;
		}
	}
	return word;
}

/* Where the lengths stand of the prefixes that an address is in, as the number
 * of a length among all that are in lines; 0: it is in none. */
static __always_inline u32 lengths4_of(struct list *list, u32 address, u32 root)
{
	u32 word = climb(list, root + (address >> (32 - ROOT_BITS)),
		(u64)address << 32, 0, (32 - ROOT_BITS) / NODE_BITS);

	return (word & ~LENGTHS_HERE) * LINE_LENGTHS;
}

static __always_inline u32 lengths6_of(
	struct list *list, const u32 *address, u32 root)
{
	u64 upper = (u64)address[0] << 32 | address[1];
	u64 lower = (u64)address[2] << 32 | address[3];
	u32 word = climb(list, root + (upper >> (64 - ROOT_BITS)), upper, lower,
		(128 - ROOT_BITS) / NODE_BITS);

	return (word & ~LENGTHS_HERE) * LINE_LENGTHS;
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
	scratch->at = lengths4_of(list, address[3], root);
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
	scratch->at = lengths6_of(list, address, root);
	return scratch->at &&
	       among_lengths(scratch, list, side, address, 0, LENGTHS6);
}

#endif
