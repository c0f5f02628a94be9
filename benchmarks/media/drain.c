/* Reads the sockets of many readers: counts what comes, keeps a random share of it for Python to decrypt.
 *
 * It sleeps and then reads what has come, and never waits on a socket: a reader that is told of each packet costs the sender
 * a lock and an interrupt to the other core for each, which no reader across a network would. When a packet came is the system's word
 * (SO_TIMESTAMPNS), whenever it is read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 32, SIZE = 1600, ARRIVALS = 4096, LOST = 64 };

struct reader {
    int32_t fd;
    uint32_t ssrc, rtx_ssrc;
    int32_t transport_id;
    int64_t unique, repeated, padding, rtx, other, control, bytes;
    int64_t first, highest; /* extended sequence numbers; -1 before the first */
    int32_t arrivals, lost;
    int64_t arrived_at[ARRIVALS]; /* ns of the wall clock */
    uint16_t arrived[ARRIVALS];   /* transport-wide numbers */
    uint16_t lost_sequence[LOST];
    uint8_t seen[8192];
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

/* Whether the packet is media that was not seen before. */
static int note_packet(struct reader *r, const uint8_t *p, int length, int64_t at) {
    uint32_t ssrc = (uint32_t)p[8] << 24 | p[9] << 16 | p[10] << 8 | p[11];
    int sequence = p[2] << 8 | p[3];
    if (r->transport_id) note_transport(r, p, length, at);
    if (ssrc == r->rtx_ssrc && r->rtx_ssrc) { r->rtx++; return 1; }
    if (!r->ssrc) r->ssrc = ssrc;
    if (ssrc != r->ssrc) { r->other++; return 0; }
    if (p[0] & 0x20) { r->padding++; return 0; }
    if (r->first < 0) {
        r->first = r->highest = 0x10000 + sequence;
    }
    int64_t extended = r->highest + (int16_t)(uint16_t)(sequence - r->highest);
    for (; r->highest < extended; r->highest++) {
        int64_t clear = (r->highest + 1 + 0x8000) & 0xFFFF;
        r->seen[clear >> 3] &= (uint8_t)~(1 << (clear & 7));
    }
    if (r->seen[sequence >> 3] >> (sequence & 7) & 1) { r->repeated++; return 1; }
    if (extended < r->first) return 0;
    r->seen[sequence >> 3] |= (uint8_t)(1 << (sequence & 7));
    r->unique++;
    return 1;
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
                    struct sample *s = &samples[taken++];
                    s->reader = index, s->length = length, s->at = 0;
                    memcpy(s->data, p, (size_t)length);
                    continue;
                }
                if (length < 12 || p[0] < 128 || p[0] > 191) continue;
                if (p[1] >= 192 && p[1] <= 223) { r->control++; continue; }
                int64_t at = 0;
                for (struct cmsghdr *c = CMSG_FIRSTHDR(&messages[i].msg_hdr); c; c = CMSG_NXTHDR(&messages[i].msg_hdr, c))
                    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
                        struct timespec t;
                        memcpy(&t, CMSG_DATA(c), sizeof t);
                        at = t.tv_sec * 1000000000LL + t.tv_nsec;
                    }
                r->bytes += length;
                if (!note_packet(r, p, length, at)) continue;
                uint32_t ssrc = (uint32_t)p[8] << 24 | p[9] << 16 | p[10] << 8 | p[11];
                int again = ssrc == r->rtx_ssrc && r->rtx_ssrc;
                if (!again && lose && (int)(random_next() & 0xFFFF) < lose && r->lost < LOST)
                    r->lost_sequence[r->lost++] = (uint16_t)(p[2] << 8 | p[3]);
                if ((again || (int)(random_next() & 0xFFFF) < share) && taken < room) {
                    struct sample *s = &samples[taken++];
                    s->reader = index, s->length = length, s->at = at;
                    memcpy(s->data, p, (size_t)length);
                }
            }
            if (got < BATCH) break;
        }
    }
    return taken;
}
