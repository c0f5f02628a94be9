/* The checks of a peer that is connected: the consent that it renews every few seconds (RFC 7675), from where it is known.
 *
 * Each is read and answered as transport/stun.py does. Whatever decides something (another address, other credentials, a
 * conflict of roles, a signature that is wrong) is Python's, which reads it anew. HMAC is OpenSSL's.
 */
#include "kernel.h"

#include <netinet/in.h>
#include <string.h>

enum {
    HEAD = 20, SIGNATURE = 20, LONGEST = 548, /* bytes of a check */
    USERNAME = 0x0006, INTEGRITY = 0x0008, MAPPED = 0x0020, FINGERPRINT = 0x8028, CONTROLLED = 0x8029,
};
static const uint32_t COOKIE = 0x2112A442, MARK = 0x5354554E;

static void *(*sha1)(void);
static uint8_t *(*hmac)(const void *, const void *, int, const uint8_t *, size_t, uint8_t *, unsigned *);

int rtc_signer(void *const functions[], int count) {
    if (count != 2 || !functions[0] || !functions[1]) return 0;
    memcpy(&sha1, &functions[0], sizeof(void *));
    memcpy(&hmac, &functions[1], sizeof(void *));
    return 1;
}

static uint32_t crc32(const uint8_t *data, int length) {
    static uint32_t table[256];
    if (!table[1])
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t value = i;
            for (int bit = 0; bit < 8; bit++) value = value & 1 ? value >> 1 ^ 0xEDB88320 : value >> 1;
            table[i] = value;
        }
    uint32_t sum = 0xFFFFFFFF;
    for (int i = 0; i < length; i++) sum = sum >> 8 ^ table[(sum ^ data[i]) & 255];
    return ~sum;
}

static int two(const uint8_t *data) { return data[0] << 8 | data[1]; }

static uint32_t four(const uint8_t *data) { return (uint32_t)two(data) << 16 | (uint32_t)two(data + 2); }

static void write_two(uint8_t *data, int value) {
    data[0] = (uint8_t)(value >> 8);
    data[1] = (uint8_t)value;
}

static void write_four(uint8_t *data, uint32_t value) {
    write_two(data, (int)(value >> 16));
    write_two(data + 2, (int)(value & 0xFFFF));
}

/* HMAC-SHA1 over the message's first `length` bytes as if it ended with the signature (RFC 8489, 14.5). */
static int sign(const struct rtc_line *line, const uint8_t *data, int length, uint8_t signature[SIGNATURE]) {
    uint8_t copy[LONGEST];
    unsigned size = 0;
    memcpy(copy, data, (size_t)length);
    write_two(copy + 2, length - HEAD + 4 + SIGNATURE);
    return hmac(sha1(), line->password, line->password_length, copy, (size_t)length, signature, &size) && size == SIGNATURE;
}

/* Whether the name begins with the line's own, up to a colon; what is not plain ASCII is Python's. */
static int names_us(const struct rtc_line *line, const uint8_t *name, int length) {
    for (int i = 0; i < length; i++)
        if (name[i] > 127) return 0;
    if (length < line->ufrag_length || memcmp(name, line->ufrag, (size_t)line->ufrag_length)) return 0;
    return length == line->ufrag_length || name[line->ufrag_length] == ':';
}

/* Where the signature of a check stands that is whole, and the line's to answer; 0 where it is neither. */
static int signed_at(const struct rtc_line *line, const uint8_t *data, int length) {
    int signature = 0, named = 0, whole = 0;
    if (length < HEAD || length > LONGEST || length & 3 || two(data) != 1 || two(data + 2) + HEAD != length) return 0;
    if (four(data + 4) != COOKIE) return 0;
    for (int at = HEAD; at < length;) {
        int kind = two(data + at), size = two(data + at + 2), start = at + 4;
        if (start + size > length) return 0;
        if (kind == FINGERPRINT) {
            if (size != 4 || start + size != length || four(data + start) != (crc32(data, at) ^ MARK)) return 0;
            whole = 1;
        } else if (!signature && kind == CONTROLLED) {
            return 0;
        } else if (!signature && kind == USERNAME && !named) {
            if (!names_us(line, data + start, size)) return 0;
            named = 1;
        } else if (!signature && kind == INTEGRITY) {
            if (size != SIGNATURE) return 0;
            signature = at;
        }
        at = start + size + (-size & 3);
    }
    return named && whole ? signature : 0;
}

/* XOR-MAPPED-ADDRESS (RFC 8489, 14.2) of a socket's address; how long. */
static int write_mapped(uint8_t *to, const uint8_t *name, const uint8_t *transaction) {
    struct sockaddr_in four_bytes;
    struct sockaddr_in6 sixteen;
    uint8_t mask[16];
    memcpy(&four_bytes, name, sizeof four_bytes);
    int wide = four_bytes.sin_family == AF_INET6, size = wide ? 16 : 4;
    memcpy(&sixteen, name, wide ? sizeof sixteen : 0);
    write_four(mask, COOKIE);
    memcpy(mask + 4, transaction, 12);
    const uint8_t *address = wide ? (const uint8_t *)&sixteen.sin6_addr : (const uint8_t *)&four_bytes.sin_addr;
    write_two(to, MAPPED);
    write_two(to + 2, 4 + size);
    write_two(to + 4, wide ? 2 : 1);
    memcpy(to + 6, name + 2, 2); /* the port stands there in either */
    for (int i = 0; i < 2; i++) to[6 + i] ^= mask[i];
    for (int i = 0; i < size; i++) to[8 + i] = address[i] ^ mask[i];
    return 8 + size;
}

/* The answer to a check of the line's peer that came from `name`, into `answer` (ANSWER bytes); its length, 0 where it is Python's. */
int rtc_check(const struct rtc_line *line, const uint8_t *name, const uint8_t *data, int length, uint8_t *answer) {
    uint8_t signature[SIGNATURE];
    if (!hmac || !line->ufrag_length) return 0;
    int at = signed_at(line, data, length), differ = 0;
    if (!at || !sign(line, data, at, signature)) return 0;
    for (int i = 0; i < SIGNATURE; i++) differ |= signature[i] ^ data[at + 4 + i];
    if (differ) return 0;
    memcpy(answer, data, HEAD);
    write_two(answer, 0x0101);
    int end = HEAD + write_mapped(answer + HEAD, name, data + 8);
    if (!sign(line, answer, end, answer + end + 4)) return 0;
    write_two(answer + end, INTEGRITY);
    write_two(answer + end + 2, SIGNATURE);
    end += 4 + SIGNATURE;
    write_two(answer + 2, end - HEAD + 8);
    write_two(answer + end, FINGERPRINT);
    write_two(answer + end + 2, 4);
    write_four(answer + end + 4, crc32(answer, end) ^ MARK);
    return end + 8;
}
