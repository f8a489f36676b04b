/* SPDX-License-Identifier: GPL-2.0 */
/* Every word and structure that the kernel shares with the control plane, which
 * reads them from this file: there is no second copy. */
#ifndef WICKET_WORDS_H
#define WICKET_WORDS_H

#include "generation.h"
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

#define GENERATIONS  8	   /* lists held at a time, the live one among them */
#define LOCALS	     16384 /* addresses that the router itself can have */
#define LOCAL_WORDS  64	   /* of the filter in front of them */
#define TRANSLATIONS 8	   /* prefixes of NAT64 */

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
