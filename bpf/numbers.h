/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers of other people's protocols, by the names that Linux has for them
 * where it has one. They are not taken from Linux's headers: those lie at one
 * place in a kernel's build tree, at another on a machine without one, and the
 * control plane reads these here. */
#ifndef WICKET_NUMBERS_H
#define WICKET_NUMBERS_H

/* Ethernet, as in <linux/if_ether.h> */
#define ETH_HLEN      14
#define ETH_P_IP      0x0800
#define ETH_P_IPV6    0x86dd
#define ETH_P_8021Q   0x8100 /* IEEE 802.1Q */
#define ETH_P_8021AD  0x88a8 /* IEEE 802.1ad, QinQ */
#define ETH_P_QINQ1   0x9100 /* QinQ before the standard */
#define ETH_P_MPLS_UC 0x8847 /* RFC 3032 */
#define ETH_P_MPLS_MC 0x8848 /* RFC 5332 */
#define ETH_P_PPP_SES 0x8864 /* RFC 2516 */

/* What PPP carries, as in <linux/ppp_defs.h>: RFC 1332 and RFC 5072 */
#define PPP_IP	 0x0021
#define PPP_IPV6 0x0057

/* IP protocols and IPv6 extension headers, as in <linux/in.h> and <linux/in6.h>
 */
#define IPPROTO_HOPOPTS	 0   /* RFC 8200, section 4 */
#define IPPROTO_TCP	 6   /* RFC 9293 */
#define IPPROTO_UDP	 17  /* RFC 768 */
#define IPPROTO_ROUTING	 43  /* RFC 8200, section 4 */
#define IPPROTO_FRAGMENT 44  /* RFC 8200, section 4 */
#define IPPROTO_GRE	 47  /* RFC 2784; PPTP's: RFC 2637 */
#define IPPROTO_ESP	 50  /* RFC 4303 */
#define IPPROTO_AH	 51  /* RFC 4302 */
#define IPPROTO_DSTOPTS	 60  /* RFC 8200, section 4 */
#define IPPROTO_MH	 135 /* mobility, RFC 6275 */
#define IPPROTO_HIP	 139 /* RFC 7401 */
#define IPPROTO_SHIM6	 140 /* RFC 5533 */

/* The part of a field that is a fragment's offset, as in <net/ip.h> and
 * <net/ipv6.h> */
#define IP_OFFSET  0x1fff /* RFC 791, section 3.1 */
#define IP6_OFFSET 0xfff8 /* RFC 8200, section 4.5 */

/* Ports of servers, as IANA and the protocols have them */
#define PORT_DNS	   53	 /* RFC 1035, section 4.2 */
#define PORT_MULTICAST_DNS 5353	 /* RFC 6762, section 3 */
#define PORT_LLMNR	   5355	 /* RFC 4795, section 2.5 */
#define PORT_IKE	   500	 /* RFC 7296, section 2 */
#define PORT_NAT_TRAVERSAL 4500	 /* of IKE and ESP: RFC 3948 */
#define PORT_OPENVPN	   1194	 /* usual; it may be any */
#define PORT_L2TP	   1701	 /* RFC 2661, section 8.1 */
#define PORT_PPTP	   1723	 /* RFC 2637, section 3 */
#define PORT_WIREGUARD	   51820 /* usual; it may be any */

#endif
