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

enum entered {
	NO_ENTRY,
	ALLOWED,
	REFUSED, /* it is for something else */
};

/* Notes the first entry that was for something else; without branches. */
static __always_inline void note_other(
	struct scratch *scratch, u32 side, u32 length, u32 translated)
{
	struct answer *answer = &scratch->answer;
	u32 is_first = ((u64)answer->other - 1) >> 63;

	answer->other += is_first * side;
	answer->other_length += is_first * length;
	answer->translated += is_first * translated;
}

/* Asks for the entry of the prefix in scratch->key, which an end of this side
 * is in; `translated` is the length of the NAT64 prefix in front of it. */
static __always_inline enum entered among_entries(
	struct scratch *scratch, struct list *list, u32 side, u32 translated)
{
	struct prefix *key = &scratch->key;
	void *held = entries.lookup(&list->slot);
	struct entry *entry = held ? bpf_map_lookup_elem(held, key) : 0;

	if (!entry)
		return NO_ENTRY;
	if (!allows(entry, scratch->answer.protocol,
		    scratch->port[side - SIDE_SOURCE])) {
		if (list->live)
			note_other(scratch, side, key->length, translated);
		return REFUSED;
	}
	if (list->mark && entry->seen != list->description->tick)
		entry->seen = list->description->tick;
	scratch->answer.length = key->length;
	scratch->answer.rules = entry->rules;
	scratch->answer.translated = translated;
	return ALLOWED;
}

#endif
