/* SPDX-License-Identifier: GPL-2.0 */
/* What happens to VPN traffic of which no end is registered. */
#ifndef WICKET_DECIDE_H
#define WICKET_DECIDE_H

#include "hash.h"
#include "maps.h"
#include "scratch.h"

/* The share, 1 to 100, from which on this flow is enforced: the same for both
 * directions and for every rekey, so ports have no part in it. */
static __always_inline u32 share_of(struct scratch *scratch)
{
	u32 hash = mix(fold(scratch->address[0]) + fold(scratch->address[1]));

	return ((u64)hash * 100 >> 32) + 1;
}

/* A bit for each protocol that can be refused in every packet. */
#define REFUSABLE(name, number, port, refused_in, opened_by)                   \
	| refused_in << PROTOCOL_##name
enum { ALWAYS_REFUSABLE = 0 PROTOCOL_FACTS(REFUSABLE) };

/* Enforcing means refusing to start: an established session is left to end in
 * its protocol's own way (docs/protocols.md), unless the protocol number itself
 * identifies it. */
static __always_inline int can_be_refused(struct scratch *scratch)
{
	u8 protocol = scratch->answer.protocol;

	return scratch->answer.handshake || ALWAYS_REFUSABLE & 1 << protocol;
}

/* The clock, even the coarse one, costs more than a look-up: it is asked once a
 * tick, which is as often as it goes on, and when there is another lease. */
static __always_inline int is_lease_over(
	struct scratch *scratch, struct controls *controls)
{
	u64 tick = bpf_jiffies64(), lease = controls->lease;

	if (scratch->tick != tick || scratch->lease != lease) {
		scratch->tick = tick;
		scratch->lease = lease;
		scratch->is_lease_over = bpf_ktime_get_coarse_ns() > lease;
	}
	return scratch->is_lease_over;
}

/* By policy, for a packet that can be refused. */
static __always_inline u32 judge(
	struct scratch *scratch, struct controls *controls)
{
	struct policy *policy = policy_of(scratch, controls);

	if (policy->mode != MODE_ENFORCE)
		return REASON_MONITOR;
	if (policy->share < 100 &&
		(!policy->share || share_of(scratch) > policy->share))
		return REASON_OUTSIDE_SHARE;
	if (controls->brake.by_command || controls->brake.by_file)
		return REASON_BYPASS;
	if (is_lease_over(scratch, controls))
		return REASON_LEASE_OVER;
	return REASON_ENFORCED;
}

static __always_inline u32 decide(
	struct scratch *scratch, struct controls *controls, u32 asked)
{
	u32 reason;

	if (asked)
		scratch->answer.share = share_of(scratch);
	if (!can_be_refused(scratch))
		return REASON_ESTABLISHED;
	reason = judge(scratch, controls);
	scratch->answer.verdict =
		reason == REASON_ENFORCED ? VERDICT_DROP : VERDICT_PASS;
	/* Whoever has registered for something else wants to know first. */
	return scratch->answer.other ? REASON_OTHER_TERMS : reason;
}

#endif
