/* The compiled twin of suite/rtc/packets: the same rows, the same bytes, without the interpreter.
 *
 * Every struct that Python fills is declared a second time in rows.py as a ctypes.Structure with the same fields in the same
 * order; rtc_sizes() lets the loader refuse a library in which they differ. Nothing here allocates for a packet, and no
 * function trusts a length that came from the network: packet.c reads within [data, data + length), and what it noted there
 * is all that the others use.
 */
#ifndef SUITE_RTC_KERNEL_H
#define SUITE_RTC_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
    KINDS = 8,            /* of header extensions, packets/rtp.py */
    MID = 1, RID, REPAIRED_RID, AUDIO_LEVEL, TRANSPORT_SEQUENCE, DEPENDENCY, SEND_TIME,
    OTHER = 0, OPUS, RED, VP8, VP9, H264, AV1, H265, /* forms, packets/codecs.py */
    NONE = -1,
    BY_DESCRIPTOR = 2,    /* of a packet's `layered`, packets/vp9.py */
    MAXIMUM = 1472,       /* bytes of a plain packet that is forwarded */
    TAG = 16,             /* bytes of AES-GCM's tag */
    TEMPLATE = 40,        /* bytes of header extensions that are the same in every packet */
    DROPS = 32,
    SENT = 1024,          /* packets whose sending is remembered */
    DATAGRAM = 2048,      /* bytes of a slot */
    SLOTS = 64,           /* datagrams of one read */
    NAME = 28,            /* bytes of the longest socket address, IPv6's */
    STREAMS_MOST = 512,   /* SSRCs of one peer */
    WINDOW = 16,          /* words of a replay window: 1,024 packets */
    STRIDE = 1536,        /* bytes of a layer's ring for each packet */
    DETAILS = 10,         /* calm feedbacks that wait to be told together */
    AGAIN_AT_MOST = 64,   /* packets sent again for one NACK */
    AGAIN_A_SECOND = 1000,
    HEARD_A_SECOND = 8000, /* datagrams of one peer that are looked at: 75 Mbit/s of full ones */
    HEARD_AT_ONCE = 1500,  /* more than a whole window of data, 1 MB */
    CREDENTIAL = 64,      /* bytes of a ufrag or password of ours */
    HEADERS = 20,         /* bytes of an RTP header with an extension */
    ANSWER = 80,          /* bytes of the longest answer to a check */
    SPAN = 600,           /* packets that one feedback to a publisher describes at most */
    AWAITED = 4 * SPAN,   /* arrivals that wait to be told */
};

enum kind { EMPTY, STUN, RECORD, STRANGER, UNKNOWN, EARLY, REFUSED, MALFORMED, MEDIA, CONTROL, SEALED, FEEDBACK, TAKEN };
enum route { CLOSED, DIRECT, INDIRECT }; /* of a line: nothing is sent, the kernel sends, Python sends */

/* What was read of a datagram. Offsets count from the first byte; at[kind] is 0 where an extension is absent. */
struct rtc_packet {
    const uint8_t *data;
    int64_t extended; /* its number in the layer, wraps counted */
    int32_t length, payload, end;
    int32_t form; /* that the payload was read as; -1 before */
    uint32_t timestamp, ssrc;
    uint16_t sequence, picture; /* of VP8, else of the frame by its dependency descriptor */
    uint16_t present, switches, tops; /* packets/dependency.py, where it is `layered` */
    uint16_t at[KINDS];
    uint8_t size[KINDS];
    uint8_t marker, payload_type, picture_at, picture_width, zero, zero_at, temporal, synchronous, begins, keyframe, ends, layered;
    uint8_t spatial, predicted; /* packets/vp9.py, where it is `layered` BY_DESCRIPTOR */
};

struct rtc_session; /* SRTP one way */

/* One transport-wide feedback, or several, summed up; times in s. */
struct rtc_digest {
    int64_t received, lost;
    double shortest, mean;                                     /* of the ways */
    double arrived_first, arrived_last, left_first, left_last; /* when, of the packets that it tells of */
    double at;                                                 /* when it came */
    int64_t arrived_bytes, left_bytes, in_flight; /* the last: sent after the last packet that is told of */
};

/* When a publisher's packets arrived, until they are told to it; packets/twcc.py says what the fields mean. */
struct rtc_arrivals {
    int64_t next, highest;
    int32_t count, told;
    uint32_t media;
    int64_t numbers[AWAITED]; /* rising, with wraps counted */
    double times[AWAITED];    /* s */
};

/* When a packet with a transport-wide number left, and its size; 12 bytes, as there are many. */
struct __attribute__((packed, aligned(4))) rtc_departure {
    double at;               /* s */
    uint32_t following : 17; /* the next number; 0 where none left, or where it was told of */
    uint32_t size : 15;
};

/* A peer's way: where it is, its keys, what left on it, and the streams that come on it. */
struct rtc_line {
    struct rtc_session *inbound, *outbound;
    struct rtc_layer *const *layers;     /* that it publishes, as far as they are known */
    struct rtc_arrivals *arrivals;       /* of its packets, where they have transport-wide numbers */
    int64_t number; /* of the peer, for Python */
    int64_t packets, unsent;
    int32_t route, socket, layer_count;
    uint32_t transport_sequence, name_length;
    uint8_t name[NAME];
    uint8_t kinds[256];  /* of header extensions that arrive, by id */
    int8_t forms[128];   /* of codecs that arrive, by payload type; -1 where there is none */
    struct rtc_departure sent[SENT];
    struct rtc_downtrack *const *downtracks; /* that go out on it */
    int64_t again, forgotten, limited;       /* packets that were asked for again: sent, not there any more, too many */
    int64_t again_second, again_of_second;
    int64_t flooded; /* datagrams beyond what anybody needs to send */
    double calm_from, calm_to; /* s; a feedback without loss whose mean way is between them may wait */
    double allowance, heard_at; /* datagrams that may come at once, as of then (s) */
    double checked_at; /* s; when the peer last gave its consent */
    int32_t downtrack_count, detail_count, ufrag_length, password_length;
    uint8_t ufrag[CREDENTIAL], password[CREDENTIAL]; /* of ours; no length where a check is Python's */
    struct rtc_digest details[DETAILS]; /* feedbacks that have not been told yet */
};

/* What is remembered of a packet that was sent (packets/downtrack.py), together, so that it is one line of the cache. */
struct rtc_kept {
    uint64_t source, times, stamps;
};

/* One track as one subscriber receives it; packets/downtrack.py says what the fields mean. */
struct rtc_downtrack {
    struct rtc_line *line;
    struct rtc_layer *const *layers; /* of the track */
    struct rtc_kept *history;
    int64_t history_mask;
    int64_t offset, first_source, rtx_sequence, turned_at, latest, picture_offset, zero_offset;
    int64_t last_sequence, written, packets, octets; /* from here to last_zero: written together by the other twin */
    double last_time;
    uint32_t last_timestamp;
    int32_t last_picture, last_zero;
    uint32_t ssrc, rtx_ssrc, timestamp_offset, turned_time;
    int32_t wanted, target, current, recent, temporal, temporal_now, dropped_picture, drop_count;
    int32_t form, source_form, payload_type, rtx_payload_type, primary_type;
    int32_t audio, plain_extensions, template_length, time_at, number_at, spatial, pair_now, pair_before, layer_count, trailers;
    double held_until;
    int64_t drops[DROPS][4]; /* first, last, offsets before: sequence, picture */
    uint8_t ids[KINDS];
    uint8_t template[TEMPLATE];
};

/* One stream of a publisher; packets/layer.py says what the fields mean. */
struct rtc_layer {
    struct rtc_downtrack *const *tracks; /* who receives its track */
    uint8_t *ring;                       /* STRIDE bytes for each packet */
    int64_t *ring_numbers;
    uint16_t *ring_lengths;
    const uint8_t *kinds; /* of header extensions as they arrive, by id */
    int64_t ring_mask, base, highest, received, octets;
    double heard, jitter, transit, fastest;
    uint32_t ssrc;
    int32_t clock_rate, index, track_count, form, audio;
    int32_t open; /* the payload type whose packets are taken here; NONE where Python takes them all */
    int32_t loudest, loudness, levels; /* of sound, since it was last looked at */
    int32_t passed; /* the read in which Python was given a packet of it: the next ones of that read follow */
};

/* A read of the sockets: what arrived, opened and read, and what of it is left to Python. */
struct rtc_inbox {
    uint8_t *slot[SLOTS];
    struct rtc_line *line[SLOTS];
    int64_t number[SLOTS]; /* of the line; -1 for a stranger */
    int32_t socket[SLOTS]; /* that it came through */
    int32_t length[SLOTS]; /* plain */
    int32_t name_length[SLOTS];
    uint8_t name[SLOTS][NAME];
    uint8_t kind[SLOTS];
    struct rtc_packet packet[SLOTS];
    struct rtc_digest digest[SLOTS]; /* of FEEDBACK */
    int32_t count, left, reads;
    int32_t eager, patient, others; /* epolls: of sockets that are read at once, with the others in it; of those that wait; Python's */
    int32_t in_vain, looks;  /* looks that find nothing, until patient ones are watched again: at most, and still */
    int32_t records;         /* whether data came since the last pause */
    double look_at, looked_at; /* s; at patient ones: next, infinite where they are watched, and last that they were */
    double pause, record_pause; /* s between two looks */
};

/* crypto.c */
int rtc_crypto(void *const functions[], int count);
struct rtc_session *rtc_session_new(const uint8_t *key, const uint8_t *salt, const uint8_t *control_key,
                                    const uint8_t *control_salt, int key_length, int outbound);
void rtc_session_free(struct rtc_session *session);
int rtc_protect(struct rtc_session *session, uint8_t *packet, int length, uint32_t turns);
int rtc_protect_control(struct rtc_session *session, uint8_t *packet, int length);
int rtc_unprotect(struct rtc_session *session, uint8_t *packet, int length);
int rtc_unprotect_control(struct rtc_session *session, uint8_t *packet, int length);

/* packet.c */
int rtc_read(struct rtc_packet *packet, const uint8_t *data, int length, const uint8_t *kinds);
void rtc_inspect(struct rtc_packet *packet, int form);

/* downtrack.c */
int rtc_waiting(struct rtc_downtrack *const tracks[], int count, int layer);
int rtc_write(struct rtc_downtrack *track, const struct rtc_packet *packet, uint8_t *arena, int layer, double now);
int rtc_write_again(struct rtc_downtrack *track, const struct rtc_packet *packet, uint8_t *arena, int sequence, double now);
int rtc_hides(struct rtc_downtrack *track, const struct rtc_packet *packet);
void rtc_skip(struct rtc_downtrack *track, int64_t extended, int picture);

/* fanout.c */
int rtc_fanout(struct rtc_downtrack *const tracks[], int count, const struct rtc_packet *const packets[], int packet_count,
               int layer, double now);
int rtc_again(struct rtc_downtrack *track, const uint8_t *data, int length, const uint8_t *kinds, int sequence, double now);
int rtc_send(struct rtc_line *line, uint8_t *packet, int length, uint32_t turns, int numbered, double now);
int rtc_send_control(struct rtc_line *line, uint8_t *packet, int length);
void rtc_carried(const struct rtc_line *line, int64_t sums[3]);
void rtc_sent(struct rtc_line *line, int size, double now);
int rtc_send_plain(struct rtc_line *line, const uint8_t *packet, int length);

/* receive.c */
struct rtc_addresses;
struct rtc_addresses *rtc_addresses_new(uint64_t secret);
void rtc_addresses_free(struct rtc_addresses *addresses);
int rtc_addresses_set(struct rtc_addresses *addresses, const uint8_t *name, int length, struct rtc_line *line);
int rtc_collect(struct rtc_inbox *inbox, const struct epoll_event ready[], int waiting, int first, int end);
void rtc_receive(struct rtc_addresses *addresses, struct rtc_inbox *inbox, double now);

/* wait.c */
int rtc_wait(struct rtc_addresses *addresses, struct rtc_inbox *inbox, double timeout);

/* check.c */
int rtc_signer(void *const functions[], int count);
int rtc_check(const struct rtc_line *line, const uint8_t *name, const uint8_t *data, int length, uint8_t *answer);

/* layer.c */
int rtc_take(struct rtc_layer *layer, struct rtc_packet *packet, double now);
void rtc_note_arrival(struct rtc_line *line, const struct rtc_packet *packet, double now);

/* arrivals.c */
void rtc_arrived(struct rtc_arrivals *arrivals, int sequence, double now, uint32_t media);
int rtc_tell_arrivals(struct rtc_arrivals *arrivals, uint32_t sender, uint8_t *out);

/* feedback.c */
int rtc_feedback(struct rtc_line *line, const uint8_t *body, int length, double now, struct rtc_digest *digest);
int rtc_waits(struct rtc_line *line, struct rtc_digest *digest);
int rtc_nacked(struct rtc_line *line, const uint8_t *data, int length, double now);

void rtc_sizes(int64_t sizes[8]);

#endif
