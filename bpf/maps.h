/* SPDX-License-Identifier: GPL-2.0 */
/* Every map and every structure that the kernel and the control plane share.
 * Python reads the enums and structures from this file: there is no copy. */
#ifndef WICKET_MAPS_H
#define WICKET_MAPS_H

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

enum verdict {
	VERDICT_PASS,
	VERDICT_DROP,
	VERDICTS,
};

/* Why a packet got its verdict. Only the last one drops. */
enum reason {
	REASON_ORDINARY,     /* not VPN traffic */
	REASON_FRAGMENT,     /* a fragment after the first: no header to read */
	REASON_TRUNCATED,    /* ends before the header that it announces */
	REASON_UNKNOWN,      /* not IP, or stacked deeper than we look */
	REASON_REGISTERED,   /* an end of it is on the list */
	REASON_NO_LIST,      /* no list is loaded: nobody can be refused */
	REASON_ESTABLISHED,  /* unregistered, but opens no session */
	REASON_MONITOR,      /* would be dropped, were its protocol enforced */
	REASON_OUTSIDE_SHARE, /* would be dropped, were the share larger */
	REASON_LEASE_OVER,   /* would be dropped, but nobody renews the lease */
	REASON_ENFORCED,     /* unregistered, and its protocol is enforced */
	REASONS,
};

enum mode {
	MODE_MONITOR,
	MODE_ENFORCE,
	MODES,
};
