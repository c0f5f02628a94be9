/* Transport-wide feedback read against what was sent, as packets/twcc.py does. */
#include "kernel.h"

#include <string.h>

static const double TICK = 250e-6, REFERENCE = 64e-3; /* s */

struct sums {
    struct rtc_line *line;
    struct rtc_digest *digest;
    double ways;
    int last; /* sequence that was told of */
};

static void tell(struct sums *sums, int sequence, int came, double when) {
    struct rtc_line *line = sums->line;
    struct rtc_digest *digest = sums->digest;
    int slot = sequence & (SENT - 1);
    if (line->sent_number[slot] != sequence) return;
    line->sent_number[slot] = -1;
    sums->last = sequence;
    double left = line->sent_at[slot];
    int size = line->sent_size[slot];
    if (!digest->received && !digest->lost) digest->left_first = left;
    digest->left_last = left;
    digest->left_bytes += size;
    if (!came) {
        digest->lost++;
        return;
    }
    double way = when - left;
    if (!digest->received) {
        digest->arrived_first = when;
        digest->shortest = way;
    }
    if (way < digest->shortest) digest->shortest = way;
    digest->arrived_last = when;
    digest->arrived_bytes += size;
    digest->received++;
    sums->ways += way;
}

/* Bytes that left after the packet `last`. */
static int64_t in_flight(const struct rtc_line *line, int last) {
    int64_t bytes = 0;
    int ahead = (int)((line->transport_sequence - (uint32_t)last - 1) & 0xFFFF);
    for (int i = 1; i <= ahead && i < SENT; i++) {
        int sequence = (last + i) & 0xFFFF, slot = sequence & (SENT - 1);
        if (line->sent_number[slot] == sequence) bytes += line->sent_size[slot];
    }
    return bytes;
}

/* `body` is the packet after its first 4 bytes; whether any packet that we know was received. */
int rtc_feedback(struct rtc_line *line, const uint8_t *body, int length, struct rtc_digest *digest) {
    memset(digest, 0, sizeof *digest);
    if (length < 16) return 0;
    struct sums sums = {line, digest, 0.0, NONE};
    int sequence = body[8] << 8 | body[9], count = body[10] << 8 | body[11];
    double clock = (double)(body[12] << 16 | body[13] << 8 | body[14]) * REFERENCE;
    /* Where the deltas begin is known once the chunks have been counted. */
    int deltas = 16;
    for (int told = 0; told < count; deltas += 2) {
        if (deltas + 2 > length) return 0;
        int chunk = body[deltas] << 8 | body[deltas + 1];
        told += !(chunk & 0x8000) ? chunk & 0x1FFF : chunk & 0x4000 ? 7 : 14;
    }
    int told = 0;
    for (int at = 16; told < count; at += 2) {
        int chunk = body[at] << 8 | body[at + 1];
        int symbols = !(chunk & 0x8000) ? chunk & 0x1FFF : chunk & 0x4000 ? 7 : 14;
        for (int i = 0; i < symbols && told < count; i++, told++, sequence = (sequence + 1) & 0xFFFF) {
            int symbol = !(chunk & 0x8000) ? chunk >> 13 : chunk & 0x4000 ? chunk >> (12 - 2 * i) & 3 : chunk >> (13 - i) & 1;
            int came = symbol == 1 || symbol == 2;
            if (came) {
                if (deltas + symbol > length) goto done;
                int ticks = symbol == 1 ? body[deltas] : (int16_t)(uint16_t)(body[deltas] << 8 | body[deltas + 1]);
                deltas += symbol;
                clock += ticks * TICK;
            }
            tell(&sums, sequence, came, clock);
        }
    }
done:
    if (sums.last != NONE) digest->in_flight = in_flight(line, sums.last);
    if (digest->received) digest->mean = sums.ways / (double)digest->received;
    return digest->received > 0;
}
