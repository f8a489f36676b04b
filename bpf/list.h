/* SPDX-License-Identifier: GPL-2.0 */
/* A list of the registered: cache lines in one array, which are a filter, hosts
 * and prefixes; and entries in a hash map. */
#ifndef WICKET_LIST_H
#define WICKET_LIST_H

#include "maps.h"

/* With it, whether a look-up leaves its mark, and whether it is the live one.
 */
struct list {
	struct generation *description;
	void *lines;
	u32 slot, mark, live;
};

static __always_inline int is_there(
	struct list *list, struct controls *controls, u32 generation)
{
	generation &= GENERATIONS - 1;
	list->slot = generation;
	list->description = &controls->generations[generation];
	list->lines = lines.lookup(&generation);
	return list->lines != 0;
}

/* The number of moves, read from memory each time. */
static __always_inline u32 moves(struct list *list)
{
	return *(volatile u32 *)&list->description->moves;
}

/* Both roots, by one load. */
static __always_inline int has_prefixes(struct list *list)
{
	return *(volatile u64 *)&list->description->root4 != 0;
}

static __always_inline void *line(struct list *list, u32 number)
{
	return bpf_map_lookup_elem(list->lines, &number);
}

#endif
