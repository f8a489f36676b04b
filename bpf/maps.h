/* SPDX-License-Identifier: GPL-2.0 */
/* Every map. The control plane reads their shapes from this file. */
#ifndef WICKET_MAPS_H
#define WICKET_MAPS_H

#include "words.h"

/* The inner maps, as templates: every generation makes its own, of its own
 * size. Flags as numbers, of <linux/bpf.h>: 1 NO_PREALLOC, 1024 MMAPABLE, 4096
 * INNER_MAP, which lets an array's size differ from its template's. */
BPF_F_TABLE("array", u32, struct line, line_template, 1, 5120);
BPF_F_TABLE("hash", struct prefix, struct entry, entry_template, 1, 1);

BPF_ARRAY_OF_MAPS(lines, "line_template", GENERATIONS);
BPF_ARRAY_OF_MAPS(entries, "entry_template", GENERATIONS);
BPF_F_TABLE("array", u32, struct controls, controls, 1, 1024);

/* The router's own addresses, and the prefixes of its NAT64. */
BPF_F_TABLE("hash", struct local, u32, locals, LOCALS, 1);
BPF_F_TABLE("array", u32, struct nat64, translations, 1, 1024);

BPF_F_TABLE("array", u32, struct instance, instances, 1, 1024);

BPF_PERCPU_ARRAY(scratches, struct scratch, 1);
/* protocol x verdict x reason */
BPF_PERCPU_ARRAY(counters, struct count, PROTOCOLS *VERDICTS *REASONS);
BPF_RINGBUF_OUTPUT(events, 16);

#endif
