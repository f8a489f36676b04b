/* SPDX-License-Identifier: GPL-2.0 */
/* OpenVPN's resets, in each way in which its control channel can be sealed. */
#ifndef WICKET_OPENVPN_H
#define WICKET_OPENVPN_H

#include "packet.h"
#include "words.h"

/* First bytes: an opcode above key id 0 (OpenVPN, ssl_pkt.h,
 * P_CONTROL_HARD_RESET of client and server). */
#define CLIENT_RESET_V2 0x38
#define SERVER_RESET_V2 0x40
#define CLIENT_RESET_V3 0x50

static __always_inline int is_reset(u8 first)
{
	return first == CLIENT_RESET_V2 || first == SERVER_RESET_V2 ||
	       first == CLIENT_RESET_V3;
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

/* A reset that answers another acknowledges it: in front of its message id
 * stand the number of acknowledgements, 1, then the id acknowledged, 4 bytes,
 * and the peer's session id, 8. A first reset has the number 0 there. */
#define ACKNOWLEDGEMENT 12

/* The acknowledgements that a reset has, none or one, then message id 0. */
static __always_inline int is_first_message(struct packet *p, u8 *at, u32 acks)
{
	if (!readable(p, at, 1 + acks * ACKNOWLEDGEMENT + 4) || at[0] != acks)
		return 0;
	return !be32(at + 1) && (!acks || !be32(at + 1 + ACKNOWLEDGEMENT));
}

/* tls-auth: the message behind an HMAC, a replay id and a time. */
static __always_inline int is_authentic_message(
	struct packet *p, u8 *at, u64 length, u32 acks, u32 hmac)
{
	return length == 22 + hmac + acks * ACKNOWLEDGEMENT &&
	       readable(p, at + 9 + hmac, 8) &&
	       is_first_replay_id(at + 9 + hmac) &&
	       is_first_message(p, at + 17 + hmac, acks);
}

/* A control packet that opens a session, `acks` 0, or that answers one, `acks`
 * 1. OpenVPN wire protocol draft, sections 3 and 4; tls-crypt: OpenVPN,
 * tls_crypt.h. */
static __always_inline int is_openvpn_reset(
	struct packet *p, u8 *at, u64 length, u32 acks)
{
	u32 acked = acks * ACKNOWLEDGEMENT;

	if (length == 14 + acked)
		return is_first_message(p, at + 9, acks);
	/* The HMACs of MD5, SHA-1, SHA-224, -256, -384 and -512. */
	if (is_authentic_message(p, at, length, acks, 16) ||
		is_authentic_message(p, at, length, acks, 20) ||
		is_authentic_message(p, at, length, acks, 28) ||
		is_authentic_message(p, at, length, acks, 32) ||
		is_authentic_message(p, at, length, acks, 48) ||
		is_authentic_message(p, at, length, acks, 64))
		return 1;
	/* tls-crypt: op, session id, replay id and time; the rest is sealed. In
	 * a server's answer to tls-crypt-v2, 6 bytes of it ask for the key to
	 * be sent again (OpenVPN, ssl_pkt.h, CONTROL_CMD_RESEND_WKC). */
	return (length == 54 + acked || (acks && length == 60 + acked)) &&
	       readable(p, at + 9, 8) && is_first_replay_id(at + 9);
}

/* tls-crypt-v2: as tls-crypt, then the client's wrapped key, whose last two
 * bytes are its own length (OpenVPN, doc/tls-crypt-v2.txt). */
static __always_inline int is_openvpn_reset_v3(
	struct packet *p, u8 *at, u64 length)
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

static __always_inline int openvpn(struct packet *p, u8 *at, u64 length)
{
	if (length < 14 || !readable(p, at, 1) || !is_reset(at[0]) ||
		!readable(p, at, 14))
		return 0;
	switch (at[0]) {
	case CLIENT_RESET_V2:
		return is_openvpn_reset(p, at, length, 0) &&
		       recognised(p, PROTOCOL_OPENVPN, OPENS);
	case SERVER_RESET_V2:
		return is_openvpn_reset(p, at, length, 1) &&
		       recognised(p, PROTOCOL_OPENVPN, CONTINUES);
	case CLIENT_RESET_V3:
		return is_openvpn_reset_v3(p, at, length) &&
		       recognised(p, PROTOCOL_OPENVPN, OPENS);
	}
	return 0;
}

#endif
