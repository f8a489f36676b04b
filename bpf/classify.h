/* SPDX-License-Identifier: GPL-2.0 */
/* Which standard VPN protocol a packet is, from its bytes alone, and whether it
 * opens a session. One function a protocol; each says where its numbers come
 * from. Only protocols that identify themselves: nothing disguised is looked
 * for, and a port alone is never a signature. */
#ifndef WICKET_CLASSIFY_H
#define WICKET_CLASSIFY_H

#include "numbers.h"
#include "packet.h"
#include "words.h"

static __always_inline int either_port(struct packet *p, u16 port)
{
	return p->source_port == port || p->destination_port == port;
}

/* Says what the packet is; returns whether it is anything. */
static __always_inline int is(struct packet *p, u8 protocol, int handshake)
{
	p->protocol = protocol;
	p->handshake = handshake;
	return 1;
}

/* WireGuard, whitepaper section 5.4: a type and three reserved zero bytes. */
static __always_inline int wireguard(struct packet *p)
{
	if (!readable(p, p->payload, 4))
		return 0;
	switch (be32(p->payload)) {
	case 0x01000000:
		return p->length == 148 && is(p, PROTOCOL_WIREGUARD, 1);
	case 0x02000000:
		return p->length == 92 && is(p, PROTOCOL_WIREGUARD, 0);
	case 0x03000000:
		return p->length == 64 && is(p, PROTOCOL_WIREGUARD, 0);
	case 0x04000000:
		return p->length >= 32 && !(p->length % 16) &&
		       is(p, PROTOCOL_WIREGUARD, 0);
	}
	return 0;
}

/* A replay id as a session's first packets carry it, and the Unix time behind
 * it. It is 1, and each retransmission counts up: with a check for 1 alone, a
 * refused client would get in at its second try. In tls-crypt-v2 the first byte
 * announces early negotiation (OpenVPN, ssl_pkt.h, EARLY_NEG_START). */
static __always_inline int is_first_replay_id(const u8 *at)
{
	u32 id = be32(at), time = be32(at + 4);

	if (id >> 16 == 0x0f00 || id >> 16 == 0x0a01)
		id &= 0xffff;
	return id - 1 < 255 && time - 0x40000000 < 0x80000000; /* 2004-2072 */
}

/* Acknowledgements as a reset has them, `acked` bytes or none, then message
 * id 0. */
static __always_inline int is_first_message(struct packet *p, u8 *at, u32 acked)
{
	if (!readable(p, at, acked + 5) || at[0] != acked / 12)
		return 0;
	return !be32(at + 1) && (!acked || !be32(at + 13));
}

/* tls-auth: the message behind an HMAC, a replay id and a time. */
static __always_inline int is_authentic_message(
	struct packet *p, u8 *at, u32 length, u32 acked, u32 hmac)
{
	return length == 22 + hmac + acked && readable(p, at + 9 + hmac, 8) &&
	       is_first_replay_id(at + 9 + hmac) &&
	       is_first_message(p, at + 17 + hmac, acked);
}

/* A control packet that opens a session, or answers so, which makes it `acked`,
 * 12, bytes longer: one acknowledgement and the peer's session id. OpenVPN wire
 * protocol draft, sections 3 and 4; tls-crypt: OpenVPN, tls_crypt.h. */
static __always_inline int is_openvpn_reset(
	struct packet *p, u8 *at, u32 length, u32 acked)
{
	if (length == 14 + acked)
		return is_first_message(p, at + 9, acked);
	/* The HMACs of MD5, SHA-1, SHA-224, -256, -384 and -512. */
	if (is_authentic_message(p, at, length, acked, 16) ||
		is_authentic_message(p, at, length, acked, 20) ||
		is_authentic_message(p, at, length, acked, 28) ||
		is_authentic_message(p, at, length, acked, 32) ||
		is_authentic_message(p, at, length, acked, 48) ||
		is_authentic_message(p, at, length, acked, 64))
		return 1;
	/* tls-crypt: op, session id, replay id and time; the rest is sealed. In
	 * a server's answer to tls-crypt-v2, 6 bytes of it ask for the key to
	 * be sent again (OpenVPN, ssl_pkt.h, CONTROL_CMD_RESEND_WKC). */
	return (length == 54 + acked || (acked && length == 60 + acked)) &&
	       readable(p, at + 9, 8) && is_first_replay_id(at + 9);
}

/* tls-crypt-v2: as tls-crypt, then the client's wrapped key, whose last two
 * bytes are its own length (OpenVPN, doc/tls-crypt-v2.txt). */
static __always_inline int is_openvpn_reset_v3(
	struct packet *p, u8 *at, u32 length)
{
	u8 *key_length;

	if (length < 54 + 2 || length > 2000 || !readable(p, at + 9, 8))
		return 0;
	key_length = at + ((length - 2) & 2047);
	/* One register for the check and the access, or the verifier does not
	 * connect them. */
	asm volatile("" : "+r"(key_length));
	if (!readable(p, key_length, 2))
		return 0;
	return be16(key_length) == length - 54 && is_first_replay_id(at + 9);
}

static __always_inline int openvpn(struct packet *p, u8 *at, u32 length)
{
	if (!readable(p, at, 14))
		return 0;
	switch (at[0]) { /* opcode << 3, key id 0 */
	case 0x38:	 /* P_CONTROL_HARD_RESET_CLIENT_V2 */
		return is_openvpn_reset(p, at, length, 0) &&
		       is(p, PROTOCOL_OPENVPN, 1);
	case 0x40: /* P_CONTROL_HARD_RESET_SERVER_V2 */
		return is_openvpn_reset(p, at, length, 12) &&
		       is(p, PROTOCOL_OPENVPN, 0);
	case 0x50: /* P_CONTROL_HARD_RESET_CLIENT_V3 */
		return is_openvpn_reset_v3(p, at, length) &&
		       is(p, PROTOCOL_OPENVPN, 1);
	}
	return 0;
}

/* The exchanges that each version knows: RFC 2408, section 3.1 with RFC 2409,
 * section 5; RFC 7296, section 3.1, with RFC 5723, 6407, 9242 and 9370. */
static __always_inline int is_exchange(u8 version, u8 exchange)
{
	if (version == 0x10)
		return (exchange >= 1 && exchange <= 6) ||
		       (exchange >= 32 && exchange <= 33);
	return (exchange >= 34 && exchange <= 41) ||
	       (exchange >= 43 && exchange <= 44);
}

/* RFC 7296, section 3.1; RFC 2408, section 3.1 has the same header. */
static __always_inline int isakmp(struct packet *p, u8 *at, u32 length)
{
	u8 version, exchange;
	int opens;

	if (length < 28 || !readable(p, at, 28))
		return 0;
	version = at[17];
	exchange = at[18];
	if (version != 0x10 && version != 0x20)
		return 0;
	if (!(be32(at) | be32(at + 4)) || !is_exchange(version, exchange) ||
		be32(at + 24) != length)
		return 0;
	/* The responder has not chosen its SPI: main and aggressive mode and
	 * IKE_SA_INIT open a session so, a notification does not. */
	opens = !(be32(at + 8) | be32(at + 12)) && exchange != 5;
	return is(p, PROTOCOL_IKE, opens);
}

/* ESP in UDP has nothing of its own to be known by but what RFC 4303, sections
 * 2.1 to 2.4, demands: SPIs up to 255 are reserved, sequence numbers begin with
 * 1, packets are of whole words, with at least 8 bytes each of header, of
 * initial vector and of checksum around one word. Others come to port 4500 by
 * chance, and begin with other things. */
static __always_inline int is_esp(const u8 *at, u32 length)
{
	u32 spi = be32(at), sequence = be32(at + 4);

	if (length < 28 || length % 4 || spi <= 255 || !sequence)
		return 0;
	/* No association lives so long without a rekey; RTP's time stamps and
	 * the magic cookie of STUN are larger numbers. */
	if (sequence >> 28)
		return 0;
	/* QUIC version 1, long header: RFC 9000, section 17.2. */
	if (spi >> 24 >= 0xc0 && !(spi << 8) && sequence >> 24 == 1)
		return 0;
	/* DTLS 1.0 and 1.2, a record: RFC 6347, section 4.1. */
	if (spi >> 24 >= 20 && spi >> 24 <= 25 && (spi >> 8 & 0xfffd) == 0xfefd)
		return 0;
	/* DNS, one question and few answers: RFC 1035, section 4.1.1. */
	return sequence >> 5 != 0x10000 >> 5;
}

/* RFC 3948, section 2: on port 4500, IKE follows four zero bytes; ESP does not
 * begin with them, since that would be SPI 0; a lone ff keeps a NAT awake. */
static __always_inline int nat_traversal(struct packet *p)
{
	u8 *at = p->payload;

	if (p->length == 1)
		return readable(p, at, 1) && at[0] == 0xff &&
		       is(p, PROTOCOL_IKE, 0);
	if (p->length < 28 || !readable(p, at, 8))
		return 0;
	if (!be32(at))
		return isakmp(p, at + 4, p->length - 4);
	return is_esp(at, p->length) && is(p, PROTOCOL_IKE, 0);
}

/* RFC 2661, section 3.1 */
static __always_inline int l2tp(struct packet *p)
{
	u8 *at = p->payload;
	u16 flags;

	if (!readable(p, at, 12) || p->length < 12)
		return 0;
	flags = be16(at);
	if (flags == 0xc802) { /* control: type, length, sequence; version 2 */
		if (be16(at + 2) != p->length)
			return 0;
		/* Tunnel 0, session 0, and the first attribute says SCCRQ:
		 * mandatory, 8 bytes, vendor 0, type 0, value 1. */
		return is(p, PROTOCOL_L2TP,
			!be32(at + 4) && p->length >= 20 &&
				readable(p, at, 20) &&
				(be32(at + 12) & 0x03ffffff) == 0x00080000 &&
				be32(at + 16) == 1);
	}
	/* Data: no T bit, no reserved bit, version 2, a tunnel. */
	if ((flags & 0xb4ff) != 0x0002)
		return 0;
	if (flags & 0x4000)
		return be16(at + 2) == p->length && be16(at + 4) &&
		       is(p, PROTOCOL_L2TP, 0);
	return be16(at + 2) && be16(at + 4) && is(p, PROTOCOL_L2TP, 0);
}

/* RFC 2637, section 2: a length, type 1, the magic cookie, then the control
 * message's type, 1 for a start-control-connection-request (156 bytes). */
static __always_inline int pptp(struct packet *p)
{
	u8 *at = p->payload;
	u16 type;

	if (!readable(p, at, 12) || p->length < 12)
		return 0;
	type = be16(at + 8);
	if (be16(at) > p->length || be16(at) < 12 || be16(at + 2) != 1 ||
		be32(at + 4) != 0x1a2b3c4d || type < 1 || type > 15)
		return 0;
	return is(p, PROTOCOL_PPTP, type == 1 && be16(at) == 156);
}

/* RFC 2637, section 4.1: version 1, protocol 880b, a key; a sequence or an
 * acknowledgement number may be there, nothing else may. */
static __always_inline int gre(struct packet *p)
{
	u8 *at = p->payload;

	return readable(p, at, 8) && p->length >= 8 &&
	       (be32(at) & 0xef7fffff) == 0x2001880b &&
	       is(p, PROTOCOL_GRE_PPTP, 0);
}

static __always_inline void udp(struct packet *p)
{
	if (wireguard(p) || openvpn(p, p->payload, p->length))
		return;
	if (either_port(p, PORT_IKE) && isakmp(p, p->payload, p->length))
		return;
	if (either_port(p, PORT_NAT_TRAVERSAL) && nat_traversal(p))
		return;
	if (either_port(p, PORT_L2TP))
		l2tp(p);
}

static __always_inline void tcp(struct packet *p)
{
	u8 *at = p->payload;

	/* OpenVPN puts its length in front: doc/protocol-overview. */
	if (readable(p, at, 2) && p->length > 2 && be16(at) == p->length - 2 &&
		openvpn(p, at + 2, p->length - 2))
		return;
	if (either_port(p, PORT_PPTP))
		pptp(p);
}

static __always_inline u32 classify(struct packet *p)
{
	switch (p->ip_protocol) {
	case IPPROTO_UDP:
		udp(p);
		break;
	case IPPROTO_TCP:
		tcp(p);
		break;
	case IPPROTO_GRE:
		gre(p);
		break;
	case IPPROTO_ESP: /* here the protocol number says it all */
		is(p, PROTOCOL_ESP, 0);
		break;
	case IPPROTO_AH:
		is(p, PROTOCOL_AH, 0);
		break;
	}
	return p->protocol ? UNDECIDED : REASON_ORDINARY;
}

#endif
