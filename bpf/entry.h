/* SPDX-License-Identifier: GPL-2.0 */
/* An entry of the hash map, and what it allows. */
#ifndef WICKET_ENTRY_H
#define WICKET_ENTRY_H

#include "list.h"

/* Without branches, or the verifier walks every combination of rules: a
 * difference below 0 has its upper bits set. Rules that are not there allow no
 * protocol. */
static __always_inline u32 allows(struct entry *entry, u32 protocol, u32 port)
{
	u64 any_port = (s64)((u64)port - 1) >> 63;
	u64 allowed = ((u64)entry->rules - 1) >> 63;
	struct rule *rule = entry->rule;

#pragma unroll
	for (int i = 0; i < RULES; i++, rule++) {
		u64 below = (u64)port - rule->first;
		u64 above = (u64)rule->last - port;

		allowed |= rule->protocols >> protocol &
			   (any_port | ~((s64)(below | above) >> 63));
	}
	return allowed & 1;
}

/* Asks for the entry of a prefix that an end of this side is in; `translated`
 * is the length of the NAT64 prefix in front of it. */
static __always_inline int among_entries(struct scratch *scratch,
	struct list *list, u32 side, struct prefix *key, u32 translated)
{
	struct entry *entry = bpf_map_lookup_elem(list->entries, key);

	if (!entry)
		return 0;
	if (!allows(entry, scratch->answer.protocol,
		    scratch->port[side - SIDE_SOURCE])) {
		if (list->live && !scratch->answer.other) {
			scratch->answer.other = side;
			scratch->answer.other_length = key->length;
			scratch->answer.translated = translated;
		}
		return 0;
	}
	if (list->mark && entry->seen != list->description->tick)
		entry->seen = list->description->tick;
	scratch->answer.length = key->length;
	scratch->answer.rules = entry->rules;
	scratch->answer.translated = translated;
	return 1;
}

#endif
