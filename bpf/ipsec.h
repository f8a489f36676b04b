/* SPDX-License-Identifier: GPL-2.0 */
/* IKE, and the ESP that shares UDP 4500 with it. */
#ifndef WICKET_IPSEC_H
#define WICKET_IPSEC_H

#include "packet.h"
#include "words.h"

#define IKE_V1		  0x10 /* major and minor version */
#define IKE_V2		  0x20
#define IKE_INFORMATIONAL 5 /* version 1's notification */
#define ISAKMP_HEADER	  28

/* The exchanges that each version knows: RFC 2408, section 3.1 with RFC 2409,
 * section 5; RFC 7296, section 3.1, with RFC 5723, 6407, 9242 and 9370. */
static __always_inline int is_exchange(u8 version, u8 exchange)
{
	if (version == IKE_V1)
		return (exchange >= 1 && exchange <= 6) ||
		       (exchange >= 32 && exchange <= 33);
	return (exchange >= 34 && exchange <= 41) ||
	       (exchange >= 43 && exchange <= 44);
}

/* RFC 7296, section 3.1; RFC 2408, section 3.1 has the same header. */
static __always_inline int isakmp(struct packet *p, u8 *at, u64 length)
{
	u8 version, exchange;
	int opens;

	if (length < ISAKMP_HEADER || !readable(p, at, ISAKMP_HEADER))
		return 0;
	version = at[17];
	exchange = at[18];
	if (version != IKE_V1 && version != IKE_V2)
		return 0;
	if (!(be32(at) | be32(at + 4)) || !is_exchange(version, exchange) ||
		be32(at + 24) != length)
		return 0;
	/* The responder has not chosen its SPI: main and aggressive mode and
	 * IKE_SA_INIT open a session so, a notification does not. */
	opens = !(be32(at + 8) | be32(at + 12)) &&
		exchange != IKE_INFORMATIONAL;
	return recognised(p, PROTOCOL_IKE, opens);
}

/* ESP in UDP has nothing of its own to be known by but what RFC 4303, sections
 * 2.1 to 2.4, demands: SPIs up to 255 are reserved, sequence numbers begin with
 * 1, packets are of whole words, with at least 8 bytes each of header, of
 * initial vector and of checksum around one word. Others come to port 4500 by
 * chance, and begin with other things. */
static __always_inline int is_esp(const u8 *at, u64 length)
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
		       recognised(p, PROTOCOL_IKE, CONTINUES);
	if (p->length < 28 || !readable(p, at, 8))
		return 0;
	if (!be32(at))
		return isakmp(p, at + 4, p->length - 4);
	return is_esp(at, p->length) && recognised(p, PROTOCOL_IKE, CONTINUES);
}

#endif
