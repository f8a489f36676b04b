/* SPDX-License-Identifier: GPL-2.0 */
/* Hashes of an address; control/datapath/generations/parts/hashes.py has the
 * same. */
#ifndef WICKET_HASH_H
#define WICKET_HASH_H

/* Of an IPv4 address: "lowbias32" of Wellons' hash prospector. It is a
 * permutation: who knows it knows the address. */
static __always_inline u32 mix(u32 x)
{
	x ^= x >> 16;
	x *= 0x7feb352dU;
	x ^= x >> 15;
	x *= 0x846ca68bU;
	return x ^ x >> 16;
}

/* Of an IPv6 address: what the two halves multiply to, folded. */
static __always_inline u32 mix6(const u32 *address)
{
	u64 hash = *(const u64 *)address * 0x9e3779b97f4a7c15ULL ^
		   *(const u64 *)(address + 2);

	hash ^= hash >> 32;
	hash *= 0xd6e8feb86659fd93ULL;
	return hash >> 32;
}

static __always_inline u32 fold(u32 *address)
{
	return mix(address[3] ^
		   mix(address[2] ^ mix(address[1] ^ mix(address[0]))));
}

#endif
