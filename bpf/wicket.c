// SPDX-License-Identifier: GPL-2.0
/* Wicketgate: registered VPN traffic never breaks.
 *
 * Parse the packet, say which VPN protocol it is, and let it go when it is
 * none; look its ends up in the list of the registered, and let it go when one
 * is there, or is the network's own; decide by policy what happens to the rest.
 */
#include <uapi/linux/bpf.h>

#include "words.h"
#include "packet.h"
#include "parse.h"
#include "classify.h"
#include "scratch.h"
#include "lookup.h"
#include "local.h"
#include "decide.h"
#include "leave.h"

static __always_inline u32 run(struct xdp_md *ctx, const u32 asked)
{
	struct packet packet = {
		.start = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	u32 zero = 0, reason = inspect(&packet, asked);
	struct controls *all;
	struct scratch *scratch;

	if (reason != UNDECIDED && !asked)
		return let_go(&packet, reason);
	scratch = scratch_of(&packet, asked);
	all = controls.lookup(&zero);
	if (!scratch || !all)
		return XDP_PASS; /* the kernel always has both */
	if (reason == UNDECIDED)
		reason = look_up(scratch, all, !asked);
	if (reason == UNDECIDED)
		reason = look_up_cut(scratch, all, !asked);
	if (reason == UNDECIDED)
		reason = look_for_local(scratch, all);
	if (reason == UNDECIDED)
		reason = decide(scratch, all, asked);
	scratch->answer.reason = reason;
	return asked ? explain(ctx, scratch) : leave(scratch, all);
}

/* Stands at the interfaces. */
int wicket(struct xdp_md *ctx)
{
	return run(ctx, 0);
}

/* The same, for whoever asks about a packet: it counts nothing, leaves no mark,
 * and says what it found out. What that takes costs the other one nothing. */
int wicket_asked(struct xdp_md *ctx)
{
	return run(ctx, 1);
}
