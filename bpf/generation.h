/* SPDX-License-Identifier: GPL-2.0 */
/* What a list of the registered is made of in the kernel: cache lines in one
 * array, and entries in a hash map. The control plane reads these structures
 * from this file, as those of words.h. */
#ifndef WICKET_GENERATION_H
#define WICKET_GENERATION_H

#define RULES	      8 /* ways in which one entry can be narrowed */
#define WIDE_SLOTS    7 /* addresses in a bucket of the exact sets */
#define NARROW_SLOTS  14
#define BUCKET6_SLOTS 3
#define LINE_LENGTHS  64 /* lengths of prefixes in a line */
#define LENGTHS4      33 /* that an address can be in, and a 0 behind them */
#define LENGTHS6      129
#define LENGTHS_HERE  0x80000000 /* in a word of a node */
#define SKIP_HERE     0x40000000
#define NODE_BITS     4	 /* of an address, that choose a word of a node */
#define ROOT_BITS     12 /* the first ones, that choose one of a root's nodes */

/* A list's array: each of its lines is one of the processor's cache lines, and
 * one of the following: eight words of the filter, two buckets of IPv4 hosts, a
 * bucket of IPv6 hosts, a node of the prefixes, or lengths of some. */
struct line {
	u64 word[8];
};

/* IPv4 hosts, of a list that is small: in host order; 0: free. */
struct wide {
	u32 address[WIDE_SLOTS];
	u16 seen; /* a bit a slot, that the kernel sets and the agent clears: of
		   * part j of the bucket's 64-bit word i it is 4 * j + 3 - i */
	u8 overflowed; /* a host of this bucket is among the entries. In a byte
			* of its own: the kernel's `seen |=` is no atomic
			* operation and would undo the agent's store */
	u8 spare;
};

/* IPv4 hosts, of a large list, in half the room: the bucket's number is the
 * upper bits of its hash, so the others are enough; plus 1, 0: free. What
 * follows them is as in struct wide. */
struct narrow {
	u16 remainder[NARROW_SLOTS];
	u16 seen;
	u8 overflowed;
	u8 spare;
};

struct bucket6 {
	u32 address[BUCKET6_SLOTS][4]; /* host order */
	u8 seen, overflowed;
	u8 held; /* a bit a slot: an address is there, and all of it */
	u8 spare;
	u32 more[3];
};

/* A step of four bits of an address on the way to the prefixes that it is in.
 * 0: in none; a line's number: of the node for the next four bits, with
 * SKIP_HERE of a skip, or with LENGTHS_HERE of the lengths of them all. */
struct node {
	u32 word[16];
};

/* A step of all the bits that those have in common who go on from here: an
 * address in two halves, IPv4 in the upper half of the first. */
struct skip {
	u64 mask[2], wanted[2];
	u32 then, otherwise; /* words as a node's, for who has them or not */
	u32 bits;	     /* of an address that have been looked at then */
	u32 spare[5];
};

/* Of prefixes, the longest first, as in struct prefix; a 0 behind the last. */
struct lengths {
	u8 length[LINE_LENGTHS];
};

/* A prefix of either family; in the map of entries, which holds all that is
 * allowed and not in the exact set: prefixes, IPv6, narrowed entries, and
 * the hosts that their bucket had no room for. */
struct prefix {
	u32 length;	/* of the prefix in address: 96 + n for an IPv4 /n */
	u32 address[4]; /* host order words, IPv4 as ::ffff:0:0/96 */
};

struct rule {
	u16 protocols;	 /* bit p: enum protocol p */
	u16 first, last; /* ports of the registered end, inclusive */
};

struct entry {
	u32 seen;  /* the generation's tick when last looked up */
	u32 rules; /* how many of them follow; 0: every protocol and port */
	struct rule rule[RULES];
};

struct generation {
	/* The number of the line with which each part begins, and how far a
	 * hash is shifted to become a number in it. A root of 0: it has no such
	 * prefix. */
	u32 filter, filter_shift, filtered; /* of words; is it to be asked */
	u32 hosts4, shift4, narrow;	    /* of buckets; are they narrow */
	u32 hosts6, shift6;
	u32 root4, root6;
	u32 root_bits; /* ROOT_BITS */
	u32 next;      /* line that nobody uses yet */
	u32 tick;      /* the agent's sweeps, counted from 1 */
	u32 moves;    /* odd while an entry is being moved in place, and another
		       * number afterwards: who has not found an end meanwhile has
		       * not looked everywhere */
	u64 revision; /* of the list that it holds */
	/* What it is, for who starts after us: the union of two lists, where
	 * each of them had got to, and a digest of all that is in it. */
	u64 digest, local_serial, followed_serial;
	u8 followed_epoch[16];
};

#endif
