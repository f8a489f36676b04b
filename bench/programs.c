// SPDX-License-Identifier: GPL-2.0
/* The peers: programs that do nothing, and a sender of frames. NEAR is the
 * ifindex of our end of the cable. */
#include <uapi/linux/bpf.h>

#define ENDS (1 << 20)

/* A destination, and the checksum of an IPv4 header that has it; both as they
 * stand in the packet. */
struct end {
	u32 address, check;
};

BPF_ARRAY(ends, struct end, ENDS);

int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

int drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}

int send_fixed(struct xdp_md *ctx)
{
	return bpf_redirect(NEAR, 0);
}

/* As a flood does, or a busy edge: every packet is to somebody else. */
int send_random(struct xdp_md *ctx)
{
	u8 *start = (void *)(long)ctx->data;
	u32 index = bpf_get_prandom_u32() % ENDS;
	struct end *end = ends.lookup(&index);

	if (!end || start + 34 > (u8 *)(long)ctx->data_end)
		return XDP_DROP;
	*(u16 *)(start + 24) = end->check;
	*(u32 *)(start + 30) = end->address;
	return bpf_redirect(NEAR, 0);
}
