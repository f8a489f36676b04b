/* SPDX-License-Identifier: GPL-2.0 */
/* The IPv4 address inside an IPv6 address, where a NAT64 translates:
 * subscribers of mobile networks have IPv6 alone, and reach a registered IPv4
 * server so. */
#ifndef WICKET_NAT64_H
#define WICKET_NAT64_H

#include "maps.h"

/* RFC 6052, section 2.2: the address follows its prefix, but leaves out the
 * bits 64 to 71, which are zero. 0: it is none. */
static __always_inline u32 embedded(const u32 *address, u32 length)
{
	u64 upper = (u64)address[0] << 32 | address[1];
	u64 lower = (u64)address[2] << 32 | address[3];
	u32 before = (64 - length) & 63; /* bits of it in the upper half */

	if (length == 96)
		return address[3];
	if (lower >> 56)
		return 0;
	return (upper & ((1ULL << before) - 1)) << (32 - before) |
	       lower << 8 >> 32 >> before;
}

/* Notes the IPv4 address that is inside another, where one is. */
static __always_inline void look_into(
	struct nat64 *nat64, u32 count, struct scratch *scratch, u32 index)
{
	const u32 *address = scratch->address[index];

#pragma clang loop unroll(disable)
	for (u32 i = 0; i < TRANSLATIONS && i < count; i++) {
		const u32 *prefix = nat64->prefixes[i].address;
		const u32 *mask = nat64->masks[i].address;
		u32 length = nat64->prefixes[i].length;

		if (!length || (address[0] & mask[0]) != prefix[0] ||
			(address[1] & mask[1]) != prefix[1] ||
			(address[2] & mask[2]) != prefix[2])
			continue;
		scratch->nat64[index] = length;
		scratch->ipv4[index] = embedded(address, length);
		return;
	}
}

static __always_inline void look_inside(
	struct scratch *scratch, struct controls *controls)
{
	u32 zero = 0, count = controls->translations;
	struct nat64 *nat64;

	if (scratch->answer.family != 6 || !count)
		return;
	nat64 = translations.lookup(&zero);
	if (!nat64)
		return;
	look_into(nat64, count, scratch, 0);
	look_into(nat64, count, scratch, 1);
}

#endif
