/* SPDX-License-Identifier: GPL-2.0 */
/* Hashes of an address. */
#ifndef WICKET_HASH_H
#define WICKET_HASH_H

/* "lowbias32" of Wellons' hash prospector. */
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
