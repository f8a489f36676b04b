/* SPDX-License-Identifier: GPL-2.0 */
/* The ways out of the program: counted and sampled, or explained. */
#ifndef WICKET_LEAVE_H
#define WICKET_LEAVE_H

#include <uapi/linux/bpf.h>

#include "maps.h"
#include "packet.h"

static __always_inline void count(
	u32 protocol, u32 verdict, u32 reason, u64 bytes)
{
	u32 index = (protocol * VERDICTS + verdict) * REASONS + reason;
	struct count *count = counters.lookup(&index);

	if (count) {
		count->packets++;
		count->bytes += bytes;
	}
}

/* Tells the end that is on the list, for this or for something else, or, where
 * the operator asks for it, the responder of an unregistered handshake; never
 * the subscriber's. */
static __always_inline void tell_end(
	struct scratch *scratch, struct sampling *sampling, struct event *event)
{
	u32 side = scratch->answer.side;

	if (!side)
		side = scratch->answer.other;
	if (!side && sampling->responders && scratch->answer.handshake)
		side = SIDE_DESTINATION;
	if (!side)
		return;
	event->family = scratch->answer.family;
	event->port =
		side == SIDE_DESTINATION ? scratch->port[1] : scratch->port[0];
#pragma unroll
	for (int i = 0; i < 4; i++)
		event->address[i] = side == SIDE_DESTINATION
					    ? scratch->address[1][i]
					    : scratch->address[0][i];
}

static __always_inline void sample(
	struct scratch *scratch, struct sampling *sampling)
{
	struct event event = {};

	if (!sampling->rate || bpf_get_prandom_u32() % sampling->rate)
		return;
	event.time = bpf_ktime_get_coarse_ns();
	event.protocol = scratch->answer.protocol;
	event.handshake = scratch->answer.handshake;
	event.verdict = scratch->answer.verdict;
	event.reason = scratch->answer.reason;
	event.bytes = scratch->bytes;
	tell_end(scratch, sampling, &event);
	events.ringbuf_output(&event, sizeof(event), 0);
}

static __always_inline u32 action(u32 verdict)
{
	return verdict == VERDICT_DROP ? XDP_DROP : XDP_PASS;
}

/* What is no VPN: nearly all packets. */
static __always_inline u32 let_go(struct packet *p, u32 reason)
{
	count(PROTOCOL_NONE, VERDICT_PASS, reason, p->end - p->start);
	return XDP_PASS;
}

static __always_inline u32 leave(
	struct scratch *scratch, struct controls *controls)
{
	u32 verdict = scratch->answer.verdict;

	count(scratch->answer.protocol, verdict, scratch->answer.reason,
		scratch->bytes);
	sample(scratch, &controls->sampling);
	return action(verdict);
}

/* Puts the answer in front of a test run's packet, from where it comes back
 * with that very run. */
static __always_inline u32 explain(struct xdp_md *ctx, struct scratch *scratch)
{
	u32 verdict = scratch->answer.verdict;
	struct answer *out;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*out)))
		return action(verdict);
	out = (void *)(long)ctx->data_meta;
	if ((void *)(out + 1) <= (void *)(long)ctx->data)
		*out = scratch->answer;
	return action(verdict);
}

#endif
