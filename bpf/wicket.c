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

int wicket(struct xdp_md *ctx)
{
	struct packet packet = {
		.start = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	u32 probe = ctx->ingress_ifindex == LOOPBACK;
	struct scratch *scratch = 0;
	u32 reason = parse(&packet);

	if (reason == UNDECIDED)
		reason = classify(&packet);
	if (reason == UNDECIDED || probe)
		scratch = scratch_of(&packet);
	if (reason == UNDECIDED && scratch)
		reason = look_up(scratch, !probe);
	if (reason == UNDECIDED && scratch)
		reason = look_up_cut(scratch, !probe);
	if (reason == UNDECIDED && scratch)
		reason = look_for_local(scratch);
	if (reason == UNDECIDED && scratch)
		reason = decide(scratch);
	return leave(ctx, scratch, reason);
}
