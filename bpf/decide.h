/* SPDX-License-Identifier: GPL-2.0 */
/* What happens to VPN traffic of which no end is registered. */
#ifndef WICKET_DECIDE_H
#define WICKET_DECIDE_H

#include "hash.h"
#include "maps.h"

/* The share, 1 to 100, from which on this flow is enforced: the same for both
 * directions and for every rekey, so ports have no part in it. */
static __always_inline u32 share_of(struct flow *flow)
{
	u32 hash = mix(fold(flow->address[0]) + fold(flow->address[1]));

	return ((u64)hash * 100 >> 32) + 1;
}

/* Enforcing means refusing to start: an established session is left to end at
 * its own rekey, unless the protocol number itself identifies it. */
static __always_inline int can_be_refused(struct flow *flow)
{
	u8 protocol = flow->answer.protocol;

	return flow->answer.handshake || protocol == PROTOCOL_ESP ||
	       protocol == PROTOCOL_AH || protocol == PROTOCOL_GRE_PPTP;
}

static __always_inline u32 decide(struct flow *flow)
{
	u32 protocol = flow->answer.protocol, zero = 0;
	struct policy *policy = policies.lookup(&protocol);
	u64 *until = lease.lookup(&zero);

	flow->answer.share = share_of(flow);
	if (!can_be_refused(flow))
		return REASON_ESTABLISHED;
	if (!policy || policy->mode != MODE_ENFORCE)
		return REASON_MONITOR;
	if (flow->answer.share > policy->share)
		return REASON_OUTSIDE_SHARE;
	if (!until || bpf_ktime_get_coarse_ns() > *until)
		return REASON_LEASE_OVER;
	return REASON_ENFORCED;
}

#endif
