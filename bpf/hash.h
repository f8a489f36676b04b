/* SPDX-License-Identifier: GPL-2.0 */
/* Hashes of an address; control/datapath/generations/parts/hashes.py has the
 * same. */
#ifndef WICKET_HASH_H
#define WICKET_HASH_H

/* Of an IPv4 address, for the exact set and its filter, with two primes of
 * xxHash. It is a permutation: who knows it knows the address. */
static __always_inline u32 spread(u32 x)
{
	x *= 0x9e3779b1U;
	x ^= x >> 15;
	return x * 0x85ebca77U;
}

/* Two words that were stored one by one: read as one, they would have to be in
 * the cache first. */
static __always_inline u64 both(const u32 *words)
{
	return words[0] | (u64)words[1] << 32;
}

/* Of an IPv6 address: what the two halves multiply to, folded. */
static __always_inline u32 spread6(const u32 *address)
{
	u64 hash = both(address) * 0x9e3779b97f4a7c15ULL ^ both(address + 2);

	hash ^= hash >> 32;
	hash *= 0xd6e8feb86659fd93ULL;
	return hash >> 32;
}

/* For what is to stay as it is from version to version, the share: "lowbias32"
 * of Wellons' hash prospector. */
static __always_inline u32 mix(u32 x)
{
	x ^= x >> 16;
	x *= 0x7feb352dU;
	x ^= x >> 15;
	x *= 0x846ca68bU;
	return x ^ x >> 16;
}

static __always_inline u32 fold(u32 *address)
{
	return mix(address[3] ^
		   mix(address[2] ^ mix(address[1] ^ mix(address[0]))));
}

#endif
