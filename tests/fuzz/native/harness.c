// SPDX-License-Identifier: GPL-2.0
/* The kernel program as an ordinary process: reads maps and frames, runs it on
 * each frame, and writes what it returned and answered.
 *
 * usage: harness INPUT OUTPUT. Records of the input, numbers in host order: a
 * letter, and
 *   T  name[16] slot key value used, then so many keys, then values: the content
 *      of a map, of the inner map in a slot where the name is a map of maps
 *   S  struct switches
 *   F  bytes of a frame, then these
 * For each frame the output has its action and its answer. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#include "shim.h"

#include "wicket.c"

#define PLACE	  ((void *)0x20000000) /* below 4 GB, free everywhere */
#define ROOM	  8192 /* for the longest frame */
#define HEADROOM  256  /* in front of it, as drivers leave it */
#define CLOCK_RES 1000000000ULL
#define JIFFIES	  250 /* a second, as Debian's kernels count */

struct map *all_maps;
struct switches switches;

static u8 *page; /* at PLACE: struct xdp_md has addresses of 32 bits */

static void stop(const char *why)
{
	fprintf(stderr, "harness: %s\n", why);
	exit(1);
}

void *look_up_in(struct map *map, const void *key)
{
	u32 index = *(const u32 *)key;

	if (!strcmp(map->name, switches.lost))
		return 0;
	if (map->inner)
		return index < map->used && map->inner[index].value
			       ? &map->inner[index]
			       : 0;
	if (!map->key)
		return index < map->used ? map->values + index * map->value : 0;
	for (index = 0; index < map->used; index++)
		if (!memcmp(map->keys + index * map->key, key, map->key))
			return map->values + index * map->value;
	return 0;
}

/* An inner map; while it is looked up in, an entry may be moved. */
void *bpf_map_lookup_elem(void *map, const void *key)
{
	struct controls *controls = (void *)controls_map.values;

	for (u32 i = 0; switches.moving && i < GENERATIONS; i++)
		controls->generations[i].moves += 2;
	return look_up_in(map, key);
}

int bpf_xdp_adjust_meta(struct xdp_md *ctx, int delta)
{
	if (switches.no_metadata == 1)
		return -1;
	ctx->data_meta = ctx->data + (switches.no_metadata ? 0 : delta);
	return 0;
}

u64 bpf_ktime_get_coarse_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * CLOCK_RES + now.tv_nsec;
}

u64 bpf_jiffies64(void)
{
	return bpf_ktime_get_coarse_ns() / (CLOCK_RES / JIFFIES);
}

u32 bpf_get_prandom_u32(void)
{
	return random();
}

static void take(void *into, size_t bytes, FILE *input)
{
	if (bytes && fread(into, bytes, 1, input) != 1)
		stop("the input ends within a record");
}

static struct map *named(const char *name)
{
	struct map *map = all_maps;

	while (map && strcmp(map->name, name))
		map = map->next;
	if (!map)
		stop(name);
	return map;
}

static void fill(FILE *input)
{
	char name[17] = {0};
	u32 slot, sizes[3];
	struct map *map;

	take(name, 16, input);
	take(&slot, sizeof(slot), input);
	take(sizes, sizeof(sizes), input);
	map = named(name);
	if (map->inner)
		map = &map->inner[slot];
	else if (map->value != sizes[1] || map->key != sizes[0])
		stop("a map has another shape in the kernel");
	if (!map->name)
		map->name = "an inner map";
	map->key = sizes[0];
	map->value = sizes[1];
	map->used = sizes[2];
	map->keys = malloc(map->key * map->used + 1);
	map->values = malloc(map->value * map->used + 1);
	if (!map->keys || !map->values)
		stop("there is no memory");
	take(map->keys, (size_t)map->key * map->used, input);
	take(map->values, (size_t)map->value * map->used, input);
}

static void run_frame(FILE *input, FILE *output)
{
	struct xdp_md ctx = {0};
	struct answer nothing = {0}, *answer = &nothing;
	u8 *frame;
	u32 length, action;

	take(&length, sizeof(length), input);
	if (length > ROOM - HEADROOM)
		stop("a frame is too long");
	/* At the end of what is mapped: a read behind it is a fault. */
	frame = page + ROOM - length;
	take(frame, length, input);
	ctx.data = ctx.data_meta = (u32)(long)frame;
	ctx.data_end = ctx.data + length;
	action = switches.attached ? wicket(&ctx) : wicket_asked(&ctx);
	if (ctx.data_meta != ctx.data)
		answer = (void *)(long)ctx.data_meta;
	fwrite(&action, sizeof(action), 1, output);
	fwrite(answer, sizeof(*answer), 1, output);
}

int main(int arguments, char **argument)
{
	FILE *input, *output;
	int kind;

	if (arguments != 3)
		stop("usage: harness INPUT OUTPUT");
	input = fopen(argument[1], "r");
	output = fopen(argument[2], "w");
	page = mmap(PLACE, ROOM + 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (!input || !output || page == MAP_FAILED ||
		mprotect(page + ROOM, 4096, PROT_NONE))
		stop("input, output or memory is not to be had");
	while ((kind = getc(input)) != EOF) {
		if (kind == 'T')
			fill(input);
		else if (kind == 'S')
			take(&switches, sizeof(switches), input);
		else if (kind == 'F')
			run_frame(input, output);
		else
			stop("a record of no kind");
	}
	return fclose(output) ? 1 : 0;
}
