/* SPDX-License-Identifier: GPL-2.0 */
/* Behind classify.h: makes each frame's UDP payload anew, of random
 * bytes, a random length of a list and a random port of one, and counts what it
 * is taken for. The frame is Ethernet, IPv4 of length 0, and UDP. */
#define PAYLOAD	 (14 + 20 + 8)
#define RANDOM	 160 /* bytes, no fewer than the longest payload */
#define SEVERAL	 64  /* lengths and ports in the lists, repeated where fewer */

struct list {
	u16 lengths[SEVERAL], ports[SEVERAL];
};

BPF_PERCPU_ARRAY(states, u64, 1);
BPF_ARRAY(lists, struct list, 1);
/* protocol x whether it opens a session */
BPF_PERCPU_ARRAY(taken_for, u64, PROTOCOLS * 2);

/* "splitmix64" of Vigna, of which each number is a hash of a counter. */
static __always_inline u64 next(u64 *state)
{
	u64 x = *state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

int payloads(struct xdp_md *ctx)
{
	struct packet packet = {
		.start = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	u32 zero = 0, index = 0;
	u64 *state = states.lookup(&zero), *count, drawn;
	struct list *list = lists.lookup(&zero);
	u8 *at = packet.start + PAYLOAD;

	if (!state || !list || at + RANDOM > packet.end)
		return XDP_ABORTED;
	for (int i = 0; i < RANDOM / 8; i++)
		*(u64 *)(at + 8 * i) = next(state);
	drawn = next(state);
	*(u16 *)(at - 6) = __builtin_bswap16(list->ports[drawn % SEVERAL]);
	*(u16 *)(at - 4) = __builtin_bswap16(
		8 + list->lengths[(drawn >> 32) % SEVERAL]);
	if (inspect(&packet, 0) == UNDECIDED)
		index = packet.protocol * 2 + packet.handshake;
	count = taken_for.lookup(&index);
	if (!count)
		return XDP_ABORTED;
	*count += 1;
	return XDP_PASS;
}
