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
	void *lines, *entries;
	u32 mark, live;
};

static __always_inline int is_there(
	struct list *list, struct controls *controls, u32 generation)
{
	generation &= GENERATIONS - 1;
	list->description = &controls->generations[generation];
	list->lines = lines.lookup(&generation);
	list->entries = entries.lookup(&generation);
	return list->lines && list->entries;
}

/* The number of moves, read from memory each time. */
static __always_inline u32 moves(struct list *list)
{
	return *(volatile u32 *)&list->description->moves;
}

static __always_inline void *line(struct list *list, u32 number)
{
	return bpf_map_lookup_elem(list->lines, &number);
}

#endif
