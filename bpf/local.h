/* SPDX-License-Identifier: GPL-2.0 */
/* Is an end of the packet the network's own? Routers speak AH, ESP, IKE, L2TP
 * and GRE with one another; what is refused of that takes the network down, and
 * with it every registered VPN behind it. */
#ifndef WICKET_LOCAL_H
#define WICKET_LOCAL_H

#include "maps.h"

/* What no router forwards: IPv4 multicast (RFC 5771), link-local (RFC 3927) and
 * limited broadcast (RFC 919); IPv6 multicast and link-local (RFC 4291,
 * sections 2.7 and 2.5.6). Multicast that is routed is no subscriber's VPN
 * either. */
static __always_inline int stays_in_the_network(const u32 *address, u32 is_ipv6)
{
	if (is_ipv6)
		return address[0] >> 24 == 0xff || address[0] >> 22 == 0x3fa;
	return address[3] >> 28 == 0xe || address[3] >> 16 == 0xa9fe ||
	       address[3] == 0xffffffff;
}

static __always_inline int is_local(
	struct scratch *scratch, struct controls *controls, u32 index)
{
	const u32 *address = scratch->address[index];
	u32 is_ipv6 = scratch->answer.family == 6;
	u32 hash = is_ipv6 ? scratch->hash6[index] : scratch->hash4[index];
	u32 first = address[is_ipv6 ? 0 : 3] >> 24;
	struct local key;

	/* Nearly no address begins as those do. */
	if ((first >= 0xe0 || first == 0xa9) &&
		stays_in_the_network(address, is_ipv6))
		return 1;
	/* One of a filter's two bits will do: they are few. */
	if (!(controls->locals[hash >> 26] >> (hash & 63) & 1))
		return 0;
#pragma unroll
	for (int i = 0; i < 4; i++)
		key.address[i] = address[i];
	return locals.lookup(&key) != 0;
}

static __always_inline u32 look_for_local(
	struct scratch *scratch, struct controls *controls)
{
	return is_local(scratch, controls, 1) || is_local(scratch, controls, 0)
		       ? REASON_LOCAL
		       : UNDECIDED;
}

#endif
