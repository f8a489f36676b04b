/* SPDX-License-Identifier: GPL-2.0 */
/* The one way out of the program: counted and sampled, or explained. */
#ifndef WICKET_LEAVE_H
#define WICKET_LEAVE_H

#include <uapi/linux/bpf.h>

#include "maps.h"

static __always_inline void count(
	u32 protocol, u32 verdict, u32 reason, u32 bytes)
{
	u32 index = (protocol * VERDICTS + verdict) * REASONS + reason;
	struct count *count = counters.lookup(&index);

	if (count) {
		count->packets++;
		count->bytes += bytes;
	}
}

/* Tells the registered end, or, where the operator asks for it, the responder
 * of an unregistered handshake; never the subscriber's. */
static __always_inline void tell_end(
	struct flow *flow, struct sampling *sampling, struct event *event)
{
	u32 end = flow->answer.end;

	if (!end && sampling->responders && flow->answer.handshake)
		end = 2;
	if (!end)
		return;
	event->family = flow->answer.family;
	event->port = end == 2 ? flow->port[1] : flow->port[0];
#pragma unroll
	for (int i = 0; i < 4; i++)
		event->address[i] =
			end == 2 ? flow->address[1][i] : flow->address[0][i];
}

static __always_inline void sample(struct flow *flow)
{
	u32 zero = 0;
	struct sampling *sampling = samplings.lookup(&zero);
	struct event event = {};

	if (!sampling || !sampling->rate ||
		bpf_get_prandom_u32() % sampling->rate)
		return;
	event.time = bpf_ktime_get_coarse_ns();
	event.protocol = flow->answer.protocol;
	event.handshake = flow->answer.handshake;
	event.verdict = flow->answer.verdict;
	event.reason = flow->answer.reason;
	event.bytes = flow->bytes;
	tell_end(flow, sampling, &event);
	events.ringbuf_output(&event, sizeof(event), 0);
}

/* Puts the answer in front of a test run's packet, from where it comes back
 * with that very run. */
static __always_inline void explain(struct xdp_md *ctx, struct flow *flow)
{
	struct answer *out;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*out)))
		return;
	out = (void *)(long)ctx->data_meta;
	if ((void *)(out + 1) <= (void *)(long)ctx->data)
		*out = flow->answer;
}

static __always_inline int leave(
	struct xdp_md *ctx, struct flow *flow, u32 reason)
{
	u32 verdict = reason == REASON_ENFORCED ? VERDICT_DROP : VERDICT_PASS;
	u32 protocol = flow ? flow->answer.protocol : PROTOCOL_NONE;

	if (flow) {
		flow->answer.verdict = verdict;
		flow->answer.reason = reason;
	}
	if (flow && ctx->ingress_ifindex == LOOPBACK) {
		explain(ctx, flow);
	} else {
		count(protocol, verdict, reason, ctx->data_end - ctx->data);
		if (flow)
			sample(flow);
	}
	return verdict == VERDICT_DROP ? XDP_DROP : XDP_PASS;
}

#endif
