/* SPDX-License-Identifier: GPL-2.0 */
/* What bcc and the kernel give the program, for an ordinary process: types, maps
 * that are plain arrays, and the helpers. Functions stay functions, so that what
 * is counted is counted once, where it is written. */
#ifndef SHIM_H
#define SHIM_H

#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#undef __always_inline
#define __always_inline

/* A map: an array by index, or keys with their values, looked through. */
struct map {
	const char *name;
	u32 key, value; /* bytes of each; key 0: an array */
	u32 used;
	u8 *keys, *values;
	struct map *inner; /* of a map of maps, one for each slot */
	struct map *next;
};

extern struct map *all_maps;

/* What is to go wrong, or otherwise than usual. */
struct switches {
	u32 attached;	 /* run what stands at interfaces, which answers nothing */
	char lost[16];	 /* the map that has nothing */
	u32 no_metadata; /* 1: there is no room for it; 2: less than was asked */
	u32 moving;	 /* an entry is being moved while it is looked up */
};

extern struct switches switches;

void *look_up_in(struct map *map, const void *key);
void *bpf_map_lookup_elem(void *map, const void *key);
int bpf_xdp_adjust_meta(struct xdp_md *ctx, int delta);
u64 bpf_ktime_get_coarse_ns(void);
u64 bpf_jiffies64(void);
u32 bpf_get_prandom_u32(void);

static inline int output(void *data, u64 size, u64 flags)
{
	return 0;
}

/* A map of the program by its name, with the members that bcc gives it. */
#define MAP(key_type, value_type, name, key_bytes, zeroed)                     \
	static u8 name##_zeroed[(zeroed) * sizeof(value_type) + 1];            \
	static struct map name##_map = {#name, key_bytes, sizeof(value_type),  \
		zeroed, 0, name##_zeroed, 0, 0};                               \
	__attribute__((constructor)) static void name##_begin(void)            \
	{                                                                      \
		name##_map.next = all_maps;                                    \
		all_maps = &name##_map;                                        \
	}                                                                      \
	static value_type *name##_lookup(key_type *key)                        \
	{                                                                      \
		return look_up_in(&name##_map, key);                           \
	}                                                                      \
	static struct {                                                        \
		value_type *(*lookup)(key_type *);                             \
	} name __attribute__((unused)) = {name##_lookup};

#define IS_HASH(kind) (kind[0] == 'h')
#define BPF_F_TABLE(kind, key_type, value_type, name, entries, flags)          \
	MAP(key_type, value_type, name, IS_HASH(kind) ? sizeof(key_type) : 0, 0)
#define BPF_PERCPU_ARRAY(name, value_type, entries)                            \
	MAP(u32, value_type, name, 0, entries)
#define BPF_RINGBUF_OUTPUT(name, pages)                                        \
	static struct {                                                        \
		int (*ringbuf_output)(void *, u64, u64);                       \
	} name = {output};
#define BPF_ARRAY_OF_MAPS(name, template, entries)                             \
	static struct map name##_inner[entries];                               \
	static struct map name##_map = {                                       \
		#name, 0, 0, entries, 0, 0, name##_inner, 0};                  \
	__attribute__((constructor)) static void name##_begin(void)            \
	{                                                                      \
		name##_map.next = all_maps;                                    \
		all_maps = &name##_map;                                        \
	}                                                                      \
	static void *name##_lookup(u32 *key)                                   \
	{                                                                      \
		return look_up_in(&name##_map, key);                           \
	}                                                                      \
	static struct {                                                        \
		void *(*lookup)(u32 *);                                        \
	} name = {name##_lookup};

#endif
