/* SRTP with AES-GCM (RFC 3711, RFC 7714) by OpenSSL's EVP, whose functions the loader hands over: no header, no linking.
 *
 * The keys are those derived for the session (RFC 7714, 11); Python derives them once. An outgoing packet's rollover counter
 * is the caller's, who counts sequence numbers with their wraps; an incoming one's is kept here for each SSRC.
 */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

enum { SET_IV_LENGTH = 0x9, GET_TAG = 0x10, SET_TAG = 0x11 }; /* EVP_CTRL_AEAD_* */

typedef void *context;
static context (*context_new)(void);
static void (*context_free)(context);
static const void *(*aes_128_gcm)(void);
static const void *(*aes_256_gcm)(void);
static int (*cipher_init)(context, const void *, void *, const uint8_t *, const uint8_t *, int);
static int (*cipher_update)(context, uint8_t *, int *, const uint8_t *, int);
static int (*cipher_final)(context, uint8_t *, int *);
static int (*cipher_control)(context, int, int, void *);

struct stream {
    int64_t highest, control_highest; /* index; -1 before the first */
    uint64_t seen[WINDOW], control_seen;
};

struct rtc_session {
    context media, control;
    uint8_t salt[12], control_salt[12];
    uint32_t control_index;
    int outbound, count, room;
    uint32_t *ssrcs;
    struct stream *streams;
};

int rtc_crypto(void *const functions[], int count) {
    if (count != 8) return 0;
    for (int i = 0; i < count; i++)
        if (!functions[i]) return 0;
    memcpy(&context_new, &functions[0], sizeof(void *));
    memcpy(&context_free, &functions[1], sizeof(void *));
    memcpy(&aes_128_gcm, &functions[2], sizeof(void *));
    memcpy(&aes_256_gcm, &functions[3], sizeof(void *));
    memcpy(&cipher_init, &functions[4], sizeof(void *));
    memcpy(&cipher_update, &functions[5], sizeof(void *));
    memcpy(&cipher_final, &functions[6], sizeof(void *));
    memcpy(&cipher_control, &functions[7], sizeof(void *));
    return 1;
}

static context keyed(const uint8_t *key, int length, int outbound) {
    context made = context_new();
    const void *cipher = length == 16 ? aes_128_gcm() : aes_256_gcm();
    if (made && cipher_init(made, cipher, NULL, NULL, NULL, outbound) == 1 &&
        cipher_control(made, SET_IV_LENGTH, 12, NULL) == 1 && cipher_init(made, NULL, NULL, key, NULL, outbound) == 1)
        return made;
    if (made) context_free(made);
    return NULL;
}

struct rtc_session *rtc_session_new(const uint8_t *key, const uint8_t *salt, const uint8_t *control_key,
                                    const uint8_t *control_salt, int key_length, int outbound) {
    if (!context_new || (key_length != 16 && key_length != 32)) return NULL;
    struct rtc_session *session = calloc(1, sizeof *session);
    if (!session) return NULL;
    session->outbound = outbound;
    memcpy(session->salt, salt, 12);
    memcpy(session->control_salt, control_salt, 12);
    session->media = keyed(key, key_length, outbound);
    session->control = keyed(control_key, key_length, outbound);
    if (session->media && session->control) return session;
    rtc_session_free(session);
    return NULL;
}

void rtc_session_free(struct rtc_session *session) {
    if (!session) return;
    if (session->media) context_free(session->media);
    if (session->control) context_free(session->control);
    free(session->ssrcs);
    free(session->streams);
    free(session);
}

static int sealed(context cipher, const uint8_t *iv, const uint8_t *aad, int aad_length, const uint8_t *more, uint8_t *data,
                  int length) {
    int written = 0;
    if (cipher_init(cipher, NULL, NULL, NULL, iv, -1) != 1) return 0;
    if (cipher_update(cipher, NULL, &written, aad, aad_length) != 1) return 0;
    if (more && cipher_update(cipher, NULL, &written, more, 4) != 1) return 0;
    if (length && cipher_update(cipher, data, &written, data, length) != 1) return 0;
    if (cipher_final(cipher, data + length, &written) != 1) return 0;
    return cipher_control(cipher, GET_TAG, TAG, data + length) == 1;
}

static int opened(context cipher, const uint8_t *iv, const uint8_t *aad, int aad_length, const uint8_t *more, uint8_t *data,
                  int length) {
    int written = 0;
    uint8_t rest[TAG];
    if (cipher_init(cipher, NULL, NULL, NULL, iv, -1) != 1) return 0;
    if (cipher_control(cipher, SET_TAG, TAG, data + length) != 1) return 0;
    if (cipher_update(cipher, NULL, &written, aad, aad_length) != 1) return 0;
    if (more && cipher_update(cipher, NULL, &written, more, 4) != 1) return 0;
    if (length && cipher_update(cipher, data, &written, data, length) != 1) return 0;
    return cipher_final(cipher, rest, &written) == 1;
}

/* RFC 7714, 8.1 and 9.1: two zeros, the SSRC, 48 bits of index, the whole against the salt. */
static void nonce(uint8_t *iv, const uint8_t *salt, const uint8_t *ssrc, uint64_t index) {
    for (int i = 0; i < 12; i++) iv[i] = salt[i];
    for (int i = 0; i < 4; i++) iv[2 + i] ^= ssrc[i];
    for (int i = 0; i < 6; i++) iv[6 + i] ^= (uint8_t)(index >> (40 - 8 * i));
}

/* Header, contributors and extensions of an RTP packet; 0 where they do not fit. */
static int header_length(const uint8_t *packet, int length) {
    if (length < 12) return 0;
    int at = 12 + 4 * (packet[0] & 15);
    if (packet[0] & 0x10) {
        if (at + 4 > length) return 0;
        at += 4 + 4 * (packet[at + 2] << 8 | packet[at + 3]);
    }
    return at <= length ? at : 0;
}

int rtc_protect(struct rtc_session *session, uint8_t *packet, int length, uint32_t turns) {
    uint8_t iv[12];
    int at = header_length(packet, length);
    if (!at) return 0;
    nonce(iv, session->salt, packet + 8, (uint64_t)turns << 16 | (uint64_t)packet[2] << 8 | packet[3]);
    return sealed(session->media, iv, packet, at, NULL, packet + at, length - at) ? length + TAG : 0;
}

int rtc_protect_control(struct rtc_session *session, uint8_t *packet, int length) {
    uint8_t iv[12], word[4];
    if (length < 8) return 0;
    session->control_index = (session->control_index + 1) & 0x7FFFFFFF;
    uint32_t marked = session->control_index | 0x80000000;
    for (int i = 0; i < 4; i++) word[i] = (uint8_t)(marked >> (24 - 8 * i));
    nonce(iv, session->control_salt, packet + 4, session->control_index);
    if (!sealed(session->control, iv, packet, 8, word, packet + 8, length - 8)) return 0;
    memcpy(packet + length + TAG, word, 4);
    return length + TAG + 4;
}

static struct stream *find(const struct rtc_session *session, uint32_t ssrc) {
    for (int i = 0; i < session->count; i++)
        if (session->ssrcs[i] == ssrc) return &session->streams[i];
    return NULL;
}

static struct stream *add(struct rtc_session *session, uint32_t ssrc) {
    if (session->count == session->room) {
        int room = session->room ? 2 * session->room : 4;
        uint32_t *ssrcs = realloc(session->ssrcs, sizeof *ssrcs * (size_t)room);
        if (ssrcs) session->ssrcs = ssrcs;
        struct stream *streams = realloc(session->streams, sizeof *streams * (size_t)room);
        if (streams) session->streams = streams;
        if (!ssrcs || !streams) return NULL;
        session->room = room;
    }
    struct stream *stream = &session->streams[session->count];
    memset(stream, 0, sizeof *stream);
    stream->highest = stream->control_highest = -1;
    session->ssrcs[session->count++] = ssrc;
    return stream;
}

static uint32_t ssrc_at(const uint8_t *data) {
    return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

/* RFC 3711, 3.3.1: the index that a sequence number stands for, next to the highest. */
static int64_t index_of(const struct stream *stream, int sequence) {
    if (!stream || stream->highest < 0) return sequence;
    int64_t turns = stream->highest >> 16;
    int last = (int)(stream->highest & 0xFFFF);
    if (last < 0x8000) {
        if (sequence - last > 0x8000 && turns > 0) turns--;
    } else if (sequence < last - 0x8000) {
        turns++;
    }
    return turns << 16 | sequence;
}

static int replayed(const struct stream *stream, int64_t index) {
    if (!stream || stream->highest < 0 || index > stream->highest) return 0;
    if (stream->highest - index >= 64 * WINDOW) return 1;
    return (int)(stream->seen[index >> 6 & (WINDOW - 1)] >> (index & 63) & 1);
}

static void note(struct stream *stream, int64_t index) {
    if (index > stream->highest) {
        int64_t from = stream->highest < 0 ? index : stream->highest + 1;
        if (index - from >= 64 * WINDOW) memset(stream->seen, 0, sizeof stream->seen);
        else
            for (int64_t i = from; i <= index; i++) stream->seen[i >> 6 & (WINDOW - 1)] &= ~(1ULL << (i & 63));
        stream->highest = index;
    }
    stream->seen[index >> 6 & (WINDOW - 1)] |= 1ULL << (index & 63);
}

int rtc_unprotect(struct rtc_session *session, uint8_t *packet, int length) {
    uint8_t iv[12];
    int at = header_length(packet, length - TAG), plain = length - TAG;
    if (!at) return 0;
    uint32_t ssrc = ssrc_at(packet + 8);
    struct stream *stream = find(session, ssrc);
    if (!stream && session->count >= STREAMS_MOST) return 0;
    int64_t index = index_of(stream, packet[2] << 8 | packet[3]);
    if (replayed(stream, index)) return 0;
    nonce(iv, session->salt, packet + 8, (uint64_t)index);
    if (!opened(session->media, iv, packet, at, NULL, packet + at, plain - at)) return 0;
    if (!stream) stream = add(session, ssrc);
    if (!stream) return 0;
    note(stream, index);
    return plain;
}

int rtc_unprotect_control(struct rtc_session *session, uint8_t *packet, int length) {
    uint8_t iv[12];
    int plain = length - TAG - 4;
    if (plain < 8) return 0;
    const uint8_t *word = packet + plain + TAG;
    uint32_t marked = ssrc_at(word), ssrc = ssrc_at(packet + 4);
    if (!(marked & 0x80000000)) return 0; /* we agreed on encryption */
    int64_t index = marked & 0x7FFFFFFF;
    struct stream *stream = find(session, ssrc);
    if (!stream && session->count >= STREAMS_MOST) return 0;
    if (stream && stream->control_highest >= index &&
        (stream->control_highest - index >= 64 || stream->control_seen >> (stream->control_highest - index) & 1))
        return 0;
    nonce(iv, session->control_salt, packet + 4, (uint64_t)index);
    if (!opened(session->control, iv, packet, 8, word, packet + 8, plain - 8)) return 0;
    if (!stream) stream = add(session, ssrc);
    if (!stream) return 0;
    if (index > stream->control_highest) {
        int64_t ahead = stream->control_highest < 0 ? 64 : index - stream->control_highest;
        stream->control_seen = (ahead < 64 ? stream->control_seen << ahead : 0) | 1;
        stream->control_highest = index;
    } else {
        stream->control_seen |= 1ULL << (stream->control_highest - index);
    }
    return plain;
}
