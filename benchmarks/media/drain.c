/* Reads the sockets of many readers: counts what comes, keeps a random share of it for Python to decrypt.
 *
 * It sleeps and then reads what has come, and never waits on a socket: a reader that is told of each packet costs the sender
 * a lock and an interrupt to the other core for each, which no reader across a network would. When a packet came is the system's word
 * (SO_TIMESTAMPNS), whenever it is read: how long a stream was silent is the server's doing, not that of who reads late.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 32, SIZE = 1600, ARRIVALS = 4096, LOST = 64, WINDOW = 4096, PLACES = 1024, GAPS = 4096, GAP = 250000 };

struct stream {
    uint32_t ssrc, rtx_ssrc;
    int64_t unique, repeated, late, padding, rtx; /* late: first seen after a later one */
    int64_t first, highest;                       /* extended sequence numbers; -1 before the first */
    int64_t last_at, longest;                     /* ns: when the last packet came, the longest time without any */
    int64_t *gaps;                                /* of GAPS, how often each time of `GAP` ns passed between two; or none */
    uint8_t seen[WINDOW / 8];
};

struct reader {
    int32_t fd, transport_id, stream_count, takes_control; /* whether RTCP is handed to Python */
    int64_t other, control, bytes;
    struct stream *streams;
    int32_t arrivals, lost;
    int64_t arrived_at[ARRIVALS]; /* ns of the wall clock */
    uint16_t arrived[ARRIVALS];   /* transport-wide numbers */
    uint16_t lost_sequence[LOST];
    uint32_t key[PLACES]; /* SSRCs, 0 for a free place */
    int16_t place[PLACES];
};

struct sample {
    int32_t reader, length;
    int64_t at;
    uint8_t data[SIZE];
};

static uint8_t buffers[BATCH][SIZE];
static uint8_t controls[BATCH][64];
static uint64_t state = 88172645463325252ULL;

static uint32_t random_next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

static void note_transport(struct reader *r, const uint8_t *p, int length, int64_t at) {
    int where = 12 + 4 * (p[0] & 15);
    if (!(p[0] & 0x10) || where + 4 > length || p[where] != 0xBE) return;
    int end = where + 4 + 4 * (p[where + 2] << 8 | p[where + 3]);
    if (end > length) return;
    for (where += 4; where < end;) {
        if (!p[where]) { where++; continue; }
        int id = p[where] >> 4, size = (p[where] & 15) + 1;
        if (id == r->transport_id && size == 2 && where + 2 < end && r->arrivals < ARRIVALS) {
            r->arrived[r->arrivals] = (uint16_t)(p[where + 1] << 8 | p[where + 2]);
            r->arrived_at[r->arrivals++] = at;
        }
        where += 1 + size;
    }
}

static uint32_t place_of(const struct reader *r, uint32_t ssrc) {
    uint32_t at = ssrc * 2654435761U >> 22;
    while (r->key[at] && r->key[at] != ssrc) at = (at + 1) & (PLACES - 1);
    return at;
}

static void enter(struct reader *r, uint32_t ssrc, int index) {
    if (!ssrc) return;
    uint32_t at = place_of(r, ssrc);
    r->key[at] = ssrc, r->place[at] = (int16_t)index;
}

/* Find streams by their SSRCs from now on; there may be 400. */
void arrange(struct reader *r) {
    memset(r->key, 0, sizeof r->key);
    for (int i = 0; i < r->stream_count; i++) enter(r, r->streams[i].ssrc, i), enter(r, r->streams[i].rtx_ssrc, i);
}

static struct stream *stream_of(struct reader *r, uint32_t ssrc) {
    uint32_t at = place_of(r, ssrc);
    if (r->key[at]) return &r->streams[r->place[at]];
    if (r->stream_count != 1 || r->streams->ssrc) return NULL;
    r->streams->ssrc = ssrc; /* the only one, which the description did not name */
    arrange(r);
    return r->streams;
}

static void note_time(struct stream *t, int64_t at) {
    if (t->last_at && at > t->last_at) {
        int64_t gap = at - t->last_at;
        if (gap > t->longest) t->longest = gap;
        if (t->gaps) t->gaps[gap / GAP < GAPS ? gap / GAP : GAPS - 1]++;
    }
    if (at) t->last_at = at;
}

/* Whether the packet is media that was not seen before. */
static int note_packet(struct stream *t, uint32_t ssrc, const uint8_t *p, int64_t at) {
    int sequence = p[2] << 8 | p[3];
    if (ssrc == t->rtx_ssrc) { t->rtx++; return 1; }
    if (p[0] & 0x20) { t->padding++; return 0; }
    if (t->first < 0) {
        t->first = t->highest = 0x10000 + sequence;
        memset(t->seen, 0, sizeof t->seen);
    }
    int64_t before = t->highest, extended = before + (int16_t)(uint16_t)(sequence - before);
    for (; t->highest < extended; t->highest++) {
        int64_t clear = (t->highest + 1) & (WINDOW - 1);
        t->seen[clear >> 3] &= (uint8_t)~(1 << (clear & 7));
    }
    if (extended < t->first || extended <= t->highest - WINDOW) return 0;
    int bit = sequence & (WINDOW - 1);
    if (t->seen[bit >> 3] >> (bit & 7) & 1) { t->repeated++; return 1; }
    t->seen[bit >> 3] |= (uint8_t)(1 << (bit & 7));
    if (extended < before) t->late++;
    note_time(t, at);
    t->unique++;
    return 1;
}

/* What Python is to open of RTCP: requests, and a tenth of the reports; publishers' transport-wide feedback never. */
static int tells(const uint8_t *p) {
    if (p[1] == 205) return (p[0] & 31) != 15;
    return p[1] == 206 || random_next() % 10 == 0;
}

static void keep(struct sample *s, int reader, const uint8_t *p, int length, int64_t at) {
    s->reader = reader, s->length = length, s->at = at;
    memcpy(s->data, p, (size_t)length);
}

/* Sleep for `wait` ms, then read what is there; the number of samples taken. `share` and `lose` are of 65536. */
int drain(struct reader *readers, int count, int wait, struct sample *samples, int room, int share, int lose) {
    static struct mmsghdr messages[BATCH];
    static struct iovec vectors[BATCH];
    nanosleep(&(struct timespec){.tv_nsec = wait * 1000000L}, NULL);
    int taken = 0;
    for (int index = 0; index < count; index++) {
        struct reader *r = &readers[index];
        for (int turn = 0; turn < 16; turn++) {
            for (int i = 0; i < BATCH; i++) {
                vectors[i] = (struct iovec){buffers[i], SIZE};
                messages[i].msg_hdr = (struct msghdr){
                    .msg_iov = &vectors[i], .msg_iovlen = 1, .msg_control = controls[i], .msg_controllen = sizeof controls[i]};
            }
            int got = recvmmsg(r->fd, messages, BATCH, MSG_DONTWAIT, NULL);
            for (int i = 0; i < got; i++) {
                const uint8_t *p = buffers[i];
                int length = (int)messages[i].msg_len;
                if (length >= 20 && p[0] < 4 && taken < room) { /* STUN */
                    keep(&samples[taken++], index, p, length, 0);
                    continue;
                }
                if (length < 12 || p[0] < 128 || p[0] > 191) continue;
                if (p[1] >= 192 && p[1] <= 223) {
                    r->control++;
                    if (r->takes_control && tells(p) && taken < room) keep(&samples[taken++], index, p, length, 0);
                    continue;
                }
                int64_t at = 0;
                for (struct cmsghdr *c = CMSG_FIRSTHDR(&messages[i].msg_hdr); c; c = CMSG_NXTHDR(&messages[i].msg_hdr, c))
                    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
                        struct timespec t;
                        memcpy(&t, CMSG_DATA(c), sizeof t);
                        at = t.tv_sec * 1000000000LL + t.tv_nsec;
                    }
                r->bytes += length;
                if (r->transport_id) note_transport(r, p, length, at);
                uint32_t ssrc = (uint32_t)p[8] << 24 | p[9] << 16 | p[10] << 8 | p[11];
                struct stream *t = stream_of(r, ssrc);
                if (!t) { r->other++; continue; }
                if (!note_packet(t, ssrc, p, at)) continue;
                int again = ssrc == t->rtx_ssrc;
                if (!again && lose && (int)(random_next() & 0xFFFF) < lose && r->lost < LOST)
                    r->lost_sequence[r->lost++] = (uint16_t)(p[2] << 8 | p[3]);
                if ((again || (int)(random_next() & 0xFFFF) < share) && taken < room)
                    keep(&samples[taken++], index, p, length, at);
            }
            if (got < BATCH) break;
        }
    }
    return taken;
}
