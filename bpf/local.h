/* SPDX-License-Identifier: GPL-2.0 */
/* Is an end of the packet the network's own? Routers speak AH, ESP, IKE, L2TP
 * and GRE with one another; what is refused of that takes the network down, and
 * with it every registered VPN behind it. */
#ifndef WICKET_LOCAL_H
#define WICKET_LOCAL_H

#include "filter.h"
#include "hash.h"
#include "maps.h"

/* What no router forwards: IPv4 multicast (RFC 5771), link-local (RFC 3927) and
 * limited broadcast (RFC 919); IPv6 multicast and link-local (RFC 4291,
 * sections 2.7 and 2.5.6). Multicast that is routed is no subscriber's VPN
 * either. */
static __always_inline int stays_in_the_network(const u32 *address)
{
	if (address[0] | address[1] | (address[2] ^ 0xffff))
		return address[0] >> 24 == 0xff || address[0] >> 22 == 0x3fa;
	return address[3] >> 28 == 0xe || address[3] >> 16 == 0xa9fe ||
	       address[3] == 0xffffffff;
}

static __always_inline int is_local(
	struct controls *controls, const u32 *address)
{
	u32 hash = mix6(address);
	struct local key;

	if (stays_in_the_network(address))
		return 1;
	if (!may_have(controls->locals[hash >> 26], hash))
		return 0;
#pragma unroll
	for (int i = 0; i < 4; i++)
		key.address[i] = address[i];
	return locals.lookup(&key) != 0;
}

static __always_inline u32 look_for_local(
	struct scratch *scratch, struct controls *controls)
{
	if (is_local(controls, scratch->address[1]) ||
		is_local(controls, scratch->address[0]))
		return REASON_LOCAL;
	return UNDECIDED;
}

#endif
