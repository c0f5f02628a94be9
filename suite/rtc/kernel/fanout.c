/* One call for what arrived together: each packet rewritten, encrypted and sent to each downtrack that is on its layer. */
#define _GNU_SOURCE
#include "kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { PIECES = 64, PIECE = 1536, JOINED_BYTES = 60000, CONTROL_BYTES = CMSG_SPACE(sizeof(uint16_t)) };

/* The arena: packets in the order of their lines, so that equal ones to one address leave as one (UDP GSO). */
static uint8_t arena[PIECES][PIECE];
static int lengths[PIECES];
static struct rtc_line *lines[PIECES];
static int pieces;
static int joining = 1; /* whether the system takes UDP_SEGMENT */

static struct mmsghdr messages[PIECES];
static struct iovec vectors[PIECES];
static union {
    uint8_t bytes[CONTROL_BYTES];
    struct cmsghdr aligned;
} controls[PIECES];

/* Lay pieces into messages; how many. Those of one address follow each other; all but the last of a message are as long. */
static int gather(int from, int first_of[]) {
    int count = 0;
    for (int i = from; i < pieces;) {
        struct rtc_line *line = lines[i];
        int next = i + 1, bytes = lengths[i];
        if (line->socket != lines[from]->socket) break;
        while (joining && next < pieces && lines[next] == line && lengths[next - 1] == lengths[i] && lengths[next] <= lengths[i] &&
               bytes + lengths[next] <= JOINED_BYTES)
            bytes += lengths[next++];
        struct msghdr *message = &messages[count].msg_hdr;
        memset(message, 0, sizeof *message);
        message->msg_iov = &vectors[i];
        message->msg_iovlen = (size_t)(next - i);
        if (line->name_length) {
            message->msg_name = line->name;
            message->msg_namelen = line->name_length;
        }
        for (int j = i; j < next; j++) vectors[j] = (struct iovec){arena[j], (size_t)lengths[j]};
        if (next - i > 1) {
            message->msg_control = controls[count].bytes;
            message->msg_controllen = CONTROL_BYTES;
            struct cmsghdr *control = CMSG_FIRSTHDR(message);
            control->cmsg_level = IPPROTO_UDP;
            control->cmsg_type = UDP_SEGMENT;
            control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
            uint16_t size = (uint16_t)lengths[i];
            memcpy(CMSG_DATA(control), &size, sizeof size);
        }
        first_of[count++] = i;
        i = next;
    }
    return count;
}

/* Whether sending failed for what an earlier packet met (a peer's port that was closed): once, then it is tried again. */
static int told_before(int *told) { return errno == ECONNREFUSED && !(*told)++; }

/* Send messages from `done` on, one or all: how many, or -1. What goes to a peer's own socket needs no header that is read first. */
static int send_some(int socket, int done, int count) {
    const struct msghdr *first = &messages[done].msg_hdr;
    if (count - done > 1) return sendmmsg(socket, messages + done, (unsigned)(count - done), MSG_DONTWAIT);
    if (first->msg_iovlen > 1) return sendmsg(socket, first, MSG_DONTWAIT) >= 0 ? 1 : -1;
    return sendto(socket, first->msg_iov->iov_base, first->msg_iov->iov_len, MSG_DONTWAIT, first->msg_name, first->msg_namelen) >= 0 ? 1 : -1;
}

static void flush(void) {
    int first_of[PIECES + 1], at = 0;
    while (at < pieces) {
        int count = gather(at, first_of), socket = lines[at]->socket, done = 0;
        int last = first_of[count - 1] + (int)messages[count - 1].msg_hdr.msg_iovlen;
        first_of[count] = last;
        int told = 0;
        while (done < count) {
            int sent = send_some(socket, done, count);
            if (sent <= 0) {
                if (errno == EINTR || told_before(&told)) continue;
                if (messages[done].msg_hdr.msg_controllen && (errno == EINVAL || errno == EIO || errno == EMSGSIZE)) {
                    joining = 0; /* this system, or this way, takes no joined packets: one by one from now on */
                    break;
                }
                lines[first_of[done]]->unsent += (int64_t)messages[done].msg_hdr.msg_iovlen;
                sent = 1;
            } else {
                for (int i = done; i < done + sent; i++)
                    lines[first_of[i]]->packets += (int64_t)messages[i].msg_hdr.msg_iovlen;
            }
            done += sent;
            told = 0;
        }
        at = first_of[done];
    }
    pieces = 0;
}

void rtc_sent(struct rtc_line *line, int size, double now) {
    uint32_t number = line->transport_sequence, slot = number & (SENT - 1);
    line->sent[slot] = (struct rtc_departure){now, number + 1, (uint32_t)size};
    line->transport_sequence = (number + 1) & 0xFFFF;
}

/* What a line has carried: media packets, bytes of their payloads, and bytes of packets that no feedback tells of. */
void rtc_carried(const struct rtc_line *line, int64_t sums[3]) {
    for (int i = 0; i < 3; i++) sums[i] = 0;
    for (int i = 0; i < line->downtrack_count; i++) {
        const struct rtc_downtrack *track = line->downtracks[i];
        int ids = 0;
        for (int kind = 0; kind < KINDS; kind++) ids |= track->ids[kind];
        sums[0] += track->packets;
        sums[1] += track->octets;
        if (ids && !track->ids[TRANSPORT_SEQUENCE]) sums[2] += track->octets + HEADERS * track->packets;
    }
}

/* The rollover counter of what was written last: numbers begin one turn above zero, so that none is negative. */
static uint32_t turns(const struct rtc_downtrack *track) { return (uint32_t)((track->written - 0x10000) >> 16); }

int rtc_fanout(struct rtc_downtrack *const tracks[], int count, const struct rtc_packet *const packets[], int packet_count,
               int layer, double now) {
    int written = 0;
    for (int t = 0; t < count; t++) {
        struct rtc_downtrack *track = tracks[t];
        struct rtc_line *line = track->line;
        if (track->current != layer) continue;
        if (pieces + packet_count > PIECES) flush(); /* what one reader gets stays together */
        for (int p = 0; p < packet_count; p++) {
            const struct rtc_packet *packet = packets[p];
            if ((packet->temporal || packet->layered) && rtc_hides(track, packet)) {
                rtc_skip(track, packet->extended, packet->layered ? NONE : packet->picture);
                continue;
            }
            int length = rtc_write(track, packet, arena[pieces], layer, now);
            if (!length || line->route == CLOSED || !line->outbound) continue;
            if (track->ids[TRANSPORT_SEQUENCE]) rtc_sent(line, length, now);
            length = rtc_protect(line->outbound, arena[pieces], length, turns(track));
            if (!length) {
                line->unsent++;
                continue;
            }
            lengths[pieces] = length;
            lines[pieces] = line;
            written++;
            if (++pieces == PIECES) flush();
        }
    }
    if (pieces) flush();
    return written;
}

/* Send a packet as it is; whether it left. */
int rtc_send_plain(struct rtc_line *line, const uint8_t *packet, int length) {
    const void *name = line->name_length ? line->name : NULL;
    int told = 0;
    while (sendto(line->socket, packet, (size_t)length, MSG_DONTWAIT, name, line->name_length) < 0) {
        if (told_before(&told)) continue;
        line->unsent++;
        return 0;
    }
    line->packets++;
    return 1;
}

/* Send once more what was sent as `sequence`, out of the publisher's kept packet; whether it left. */
int rtc_again(struct rtc_downtrack *track, const uint8_t *data, int length, const uint8_t *kinds, int sequence, double now) {
    struct rtc_packet packet;
    struct rtc_line *line = track->line;
    if (!rtc_read(&packet, data, length, kinds)) return 0;
    rtc_inspect(&packet, track->source_form);
    int numbered = track->ids[TRANSPORT_SEQUENCE] && track->rtx_payload_type && track->rtx_ssrc;
    int size = rtc_write_again(track, &packet, arena[0], sequence, now);
    return size ? rtc_send(line, arena[0], size, turns(track), numbered, now) : 0;
}

/* Encrypt and send one packet, which has room for TAG more bytes; `numbered` where it carries the line's next number. */
int rtc_send(struct rtc_line *line, uint8_t *packet, int length, uint32_t turns, int numbered, double now) {
    if (line->route != DIRECT || !line->outbound) return 0;
    if (numbered) rtc_sent(line, length, now);
    length = rtc_protect(line->outbound, packet, length, turns);
    return length ? rtc_send_plain(line, packet, length) : 0;
}

int rtc_send_control(struct rtc_line *line, uint8_t *packet, int length) {
    if (line->route != DIRECT || !line->outbound) return 0;
    length = rtc_protect_control(line->outbound, packet, length);
    return length ? rtc_send_plain(line, packet, length) : 0;
}
