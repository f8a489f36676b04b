/* SPDX-License-Identifier: GPL-2.0 */
/* Every word and structure that the kernel shares with the control plane, which
 * reads them from this file: there is no second copy. */
#ifndef WICKET_WORDS_H
#define WICKET_WORDS_H

#include "numbers.h"

enum protocol {
	PROTOCOL_NONE,
	PROTOCOL_WIREGUARD,
	PROTOCOL_OPENVPN,
	PROTOCOL_IKE, /* with the ESP that it carries in UDP 4500 */
	PROTOCOL_ESP,
	PROTOCOL_AH,
	PROTOCOL_L2TP,
	PROTOCOL_PPTP,
	PROTOCOL_GRE_PPTP,
	PROTOCOLS,
};

/* In which packets of a protocol it can be refused: in those that open a
 * session, or in every packet, because its IP protocol number identifies it. */
enum refusal {
	OPENING_PACKET,
	EVERY_PACKET,
};

/* What is known of each protocol, in the order of enum protocol: above which IP
 * protocol it is (OpenVPN above TCP too), at which port its servers listen (0:
 * it has no ports), in which packets it can be refused, and which protocol
 * opens its sessions. */
/* clang-format off */
#define PROTOCOL_FACTS(F)                                                    \
  F(WIREGUARD, IPPROTO_UDP, PORT_WIREGUARD, OPENING_PACKET, WIREGUARD)       \
  F(OPENVPN,   IPPROTO_UDP, PORT_OPENVPN,   OPENING_PACKET, OPENVPN)         \
  F(IKE,       IPPROTO_UDP, PORT_IKE,       OPENING_PACKET, IKE)             \
  F(ESP,       IPPROTO_ESP, 0,              EVERY_PACKET,   IKE)             \
  F(AH,        IPPROTO_AH,  0,              EVERY_PACKET,   IKE)             \
  F(L2TP,      IPPROTO_UDP, PORT_L2TP,      OPENING_PACKET, L2TP)            \
  F(PPTP,      IPPROTO_TCP, PORT_PPTP,      OPENING_PACKET, PPTP)            \
  F(GRE_PPTP,  IPPROTO_GRE, 0,              EVERY_PACKET,   PPTP)

/* One VPN is several of these protocols: whoever is registered for the first of
 * a line needs the second as well. IKE negotiates ESP or AH (RFC 7296, section
 * 1), L2TP is carried by both (RFC 3193), PPTP carries its data in GRE (RFC
 * 2637, section 4). */
#define COMPANIONS(C)                                                        \
  C(IKE,      ESP)                                                           \
  C(IKE,      AH)                                                            \
  C(ESP,      IKE)                                                           \
  C(AH,       IKE)                                                           \
  C(L2TP,     IKE)                                                           \
  C(PPTP,     GRE_PPTP)                                                      \
  C(GRE_PPTP, PPTP)

/* The ports of the registered end that a protocol cannot do without. IKE moves
 * to the second of its own, with ESP in it, when there is a NAT on the way (RFC
 * 3948). Those of WireGuard and OpenVPN may be any. */
#define NEEDED_PORTS(N)                                                      \
  N(IKE,  PORT_IKE)                                                          \
  N(IKE,  PORT_NAT_TRAVERSAL)                                                \
  N(L2TP, PORT_L2TP)                                                         \
  N(PPTP, PORT_PPTP)
/* clang-format on */

enum verdict {
	VERDICT_PASS,
	VERDICT_DROP,
	VERDICTS,
};

/* Why a packet got its verdict. REASON_ENFORCED drops, and REASON_OTHER_TERMS
 * where the protocol is enforced; nothing else does. */
enum reason {
	REASON_ORDINARY,      /* not VPN traffic */
	REASON_FRAGMENT,      /* after the first fragment: no header to read */
	REASON_TRUNCATED,     /* ends before the header that it announces */
	REASON_UNKNOWN,	      /* not IP, or stacked deeper than we look */
	REASON_REGISTERED,    /* an end of it is on the list */
	REASON_NO_LIST,	      /* no list is loaded: nobody can be refused */
	REASON_ESTABLISHED,   /* unregistered, but opens no session */
	REASON_MONITOR,	      /* dropped, were its protocol enforced */
	REASON_OUTSIDE_SHARE, /* dropped, were the enforced share larger */
	REASON_LEASE_OVER,    /* dropped, had the agent renewed the lease */
	REASON_ENFORCED,      /* unregistered, and its protocol is enforced */
	REASON_BYPASS,	      /* dropped, had nobody pulled the brake */
	REASON_MOVED,	      /* not found while the list was being changed */
	REASON_CUT,	      /* dropped, were it not cut over the limits */
	REASON_LOCAL,	      /* an end is the network's own: never refused */
	REASON_OTHER_TERMS,   /* an end is on the list, for something else */
	REASONS,
};
#define UNDECIDED REASONS /* no reason to let it go yet: the next step */

enum mode {
	MODE_MONITOR,
	MODE_ENFORCE,
	MODES,
};

/* Which end of a packet is registered. */
enum side {
	SIDE_NONE,
	SIDE_SOURCE,
	SIDE_DESTINATION,
	SIDES,
};

#define GENERATIONS   8	    /* lists held at a time, the live one among them */
#define RULES	      8	    /* ways in which one entry can be narrowed */
#define LOCALS	      16384 /* addresses that the router itself can have */
#define LOCAL_WORDS   64    /* of the filter in front of them */
#define TRANSLATIONS  8	    /* prefixes of NAT64 */
#define WIDE_SLOTS    7	    /* addresses in a bucket of the exact sets */
#define NARROW_SLOTS  14
#define BUCKET6_SLOTS 3
#define LINE_LENGTHS  64 /* lengths of prefixes in a line */
#define LENGTHS4      33 /* that an address can be in, and a 0 behind them */
#define LENGTHS6      129
#define LENGTHS_HERE  0x80000000 /* in a word of a node */
#define NODE_BITS     4	 /* of an address, that choose a word of a node */
#define ROOT_BITS     12 /* the first ones, that choose one of a root's nodes */

/* A list's array: each of its lines is one of the processor's cache lines, and
 * one of the following: eight words of the filter, two buckets of IPv4 hosts, a
 * bucket of IPv6 hosts, a node of the prefixes, or lengths of some. */
struct line {
	u64 word[8];
};

/* IPv4 hosts, of a list that is small: in host order; 0: free. */
struct wide {
	u32 address[WIDE_SLOTS];
	u16 seen; /* a bit a slot, that the kernel sets and the agent clears: of
		   * part j of the bucket's 64-bit word i it is 4 * j + 3 - i */
	u8 overflowed; /* a host of this bucket is among the entries. In a byte
			* of its own: the kernel's `seen |=` is no atomic
			* operation and would undo the agent's store */
	u8 spare;
};

/* IPv4 hosts, of a large list, in half the room: the bucket's number is the
 * upper bits of its hash, so the others are enough; plus 1, 0: free. What
 * follows them is as in struct wide. */
struct narrow {
	u16 remainder[NARROW_SLOTS];
	u16 seen;
	u8 overflowed;
	u8 spare;
};

struct bucket6 {
	u32 address[BUCKET6_SLOTS][4]; /* host order */
	u8 seen, overflowed;
	u8 held; /* a bit a slot: an address is there, and all of it */
	u8 spare;
	u32 more[3];
};

/* A step of four bits of an address on the way to the prefixes that it is in.
 * 0: in none; a line's number: of the node for the next four bits, or with
 * LENGTHS_HERE of the lengths of them all. */
struct node {
	u32 word[16];
};

/* Of prefixes, the longest first, as in struct prefix; a 0 behind the last. */
struct lengths {
	u8 length[LINE_LENGTHS];
};

/* A prefix of either family; in the map of entries, which holds all that is
 * allowed and not in the exact set: prefixes, IPv6, narrowed entries, and
 * the hosts that their bucket had no room for. */
struct prefix {
	u32 length;	/* of the prefix in address: 96 + n for an IPv4 /n */
	u32 address[4]; /* host order words, IPv4 as ::ffff:0:0/96 */
};

struct rule {
	u16 protocols;	 /* bit p: enum protocol p */
	u16 first, last; /* ports of the registered end, inclusive */
};

struct entry {
	u32 seen;  /* the generation's tick when last looked up */
	u32 rules; /* how many of them follow; 0: every protocol and port */
	struct rule rule[RULES];
};

struct generation {
	/* The number of the line with which each part begins, and how far a
	 * hash is shifted to become a number in it. A root of 0: it has no such
	 * prefix. */
	u32 filter, filter_shift, filtered; /* of words; is it to be asked */
	u32 hosts4, shift4, narrow;	    /* of buckets; are they narrow */
	u32 hosts6, shift6;
	u32 root4, root6;
	u32 next;     /* line that nobody uses yet */
	u32 tick;     /* the agent's sweeps, counted from 1 */
	u32 moves;    /* odd while an entry is being moved in place, and another
		       * number afterwards: who has not found an end meanwhile has
		       * not looked everywhere */
	u64 revision; /* of the list that it holds */
	/* What it is, for who starts after us: the union of two lists, where
	 * each of them had got to, and a digest of all that is in it. */
	u64 digest, local_serial, followed_serial;
	u8 followed_epoch[16];
};

/* An address of the router itself, as in struct prefix. */
struct local {
	u32 address[4];
};

/* NAT64's prefixes, by which an IPv6 packet goes to an IPv4 address inside
 * (RFC 6052): 32, 40, 48, 56, 64 or 96 bits long; 0: none is there. An address
 * is in a prefix when it is that under its mask. */
struct nat64 {
	struct prefix prefixes[TRANSLATIONS];
	struct prefix masks[TRANSLATIONS];
};

struct policy {
	u16 mode;     /* enum mode */
	u16 share;    /* of the flows that are enforced, 0 to 100 % */
	u16 loosened; /* by hand and past the agent, which is to keep it */
	u16 spare;
};

/* Who has pulled the brake: while anybody has, nothing is dropped. */
struct brake {
	u32 by_command, by_file;
};

struct sampling {
	u32 rate;	/* one packet in so many that look like VPN; 0: none */
	u32 responders; /* tell the responder of unregistered handshakes too */
};

/* All that decides beside the entries: one look-up reaches it. */
struct controls {
	u32 active; /* generation: the whole list changes by one store here */
	u32 cut;    /* one more than the generation of what was cut lately */
	u64 lease;  /* until when dropping is allowed: CLOCK_MONOTONIC, ns */
	struct brake brake;
	struct sampling sampling;
	u32 translations; /* how many of NAT64's prefixes are to be looked at */
	u32 spare;
	struct policy policies[PROTOCOLS];
	u64 locals[LOCAL_WORDS]; /* the filter in front of the map `locals` */
	struct generation generations[GENERATIONS];
};

struct count {
	u64 packets, bytes;
};

/* The identity of this pinned state. */
struct instance {
	u8 schema[32];	    /* SHA-256 of the sources it was compiled from */
	u8 epoch[16];	    /* of the list's serials */
	u8 owner[16];	    /* which instance's, see program/loaded.py */
	u64 policy_version; /* counts the changes of the policies */
	u64 policy_digest;  /* of the policies at that version */
	u64 namespace;	    /* inode of the network namespace it guards in */
	u32 starts; /* of agents since one of them last worked for long */
	u32 spare;
};

/* What the program found out about one packet; how explain and replay get
 * their answer: it comes back in front of the packet of a test run, and 32
 * bytes are what every kernel grants there. */
struct answer {
	u8 protocol, handshake, verdict, reason;
	u8 family; /* 4, 6; 0: no IP header was read */
	u8 ip_protocol;
	u8 side;   /* enum side: the registered one */
	u8 length; /* of the entry that matched, as in struct prefix */
	u8 rules;  /* that narrow this entry; 0: it is plain */
	u8 bucket; /* it stands in the exact set, not among the entries */
	u8 share;  /* from which on an unregistered packet is enforced */
	u8 other;  /* enum side: the end on the list for something else */
	u16 source_port, destination_port;
	u16 ip_offset, payload_offset; /* in the frame */
	u32 payload_length;	       /* as the headers announce it */
	u32 generation;		       /* the live one */
	u8 other_length; /* of the entry that is for something else */
	u8 translated;	 /* of the NAT64 prefix that one of the two is inside */
	u8 short_read;	 /* the frame ends before a byte that was asked for */
	u8 spare;
};

/* One packet's addresses and ports, and what is found out about them; a scratch
 * for each CPU. Not on the stack: values that come out of a map are news to the
 * verifier, which then walks the look-up once, and not once for each of the
 * ways in which classify() can end. */
struct scratch {
	u32 address[2][4]; /* of source, destination, as in struct prefix */
	u32 ipv4[2];	   /* as IPv4, or what NAT64 has inside */
	u32 nat64[2]; /* length of the prefix that it is inside; 0: of none */
	u32 hash4[2], hash6[2]; /* of the addresses in ipv4, and in address */
	u16 port[2];
	u32 bytes; /* of the frame */
	u32 is_lease_over;
	u32 spare;
	u64 tick, lease;   /* at which that was asked, of which */
	struct prefix key; /* of the entry that is asked for */
	u32 at; /* the length that is asked for next, of all in lines */
	struct answer answer;
};

/* A sampled packet. Never a subscriber's address: the registered end, or, when
 * asked for, the end that an unregistered handshake goes to. */
struct event {
	u64 time; /* CLOCK_MONOTONIC, ns, some milliseconds coarse */
	u8 protocol, handshake, verdict, reason;
	u16 port;
	u16 family; /* of address; 0: none is told */
	u32 bytes;
	u32 address[4]; /* as in struct prefix */
	u32 spare;
};

#endif
