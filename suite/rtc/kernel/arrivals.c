/* When a publisher's packets arrived, and the transport-wide feedback that tells it: packets/twcc.py does the same. */
#include "kernel.h"

#include <string.h>

static const double TICK = 250e-6, REFERENCE = 64e-3; /* s */

enum { HEAD = 20, RUN = 7 };

/* Note a packet's arrival at `now` (s); `media` is its SSRC. */
void rtc_arrived(struct rtc_arrivals *arrivals, int sequence, double now, uint32_t media) {
    int64_t extended = 0x10000 + sequence;
    arrivals->media = media;
    if (arrivals->highest < 0) {
        arrivals->next = extended;
    } else {
        int ahead = (int)((sequence - arrivals->highest) & 0xFFFF);
        extended = arrivals->highest + (ahead < 0x8000 ? ahead : ahead - 0x10000);
    }
    if (extended > arrivals->highest) arrivals->highest = extended;
    if (extended < arrivals->next - SPAN || arrivals->count >= AWAITED) return;
    if (extended < arrivals->next) arrivals->next = extended;
    int at = arrivals->count;
    while (at && arrivals->numbers[at - 1] > extended) at--;
    if (at && arrivals->numbers[at - 1] == extended) return;
    memmove(arrivals->numbers + at + 1, arrivals->numbers + at, (size_t)(arrivals->count - at) * sizeof *arrivals->numbers);
    memmove(arrivals->times + at + 1, arrivals->times + at, (size_t)(arrivals->count - at) * sizeof *arrivals->times);
    arrivals->numbers[at] = extended;
    arrivals->times[at] = now;
    arrivals->count++;
}

/* To the nearest, a half to the even one. */
static int64_t rounded(double value) {
    int64_t whole = (int64_t)value;
    double rest = value - (double)whole;
    if (rest > 0.5 || (rest == 0.5 && whole & 1)) return whole + 1;
    if (rest < -0.5 || (rest == -0.5 && whole & 1)) return whole - 1;
    return whole;
}

static int put(uint8_t *out, int at, uint64_t value, int size) {
    for (int i = 0; i < size; i++) out[at + i] = (uint8_t)(value >> 8 * (size - 1 - i));
    return at + size;
}

/* Packet status chunks: runs of 7 and more as run lengths, the rest as seven two-bit symbols. */
static int put_chunks(uint8_t *out, int to, const uint8_t *symbols, int count) {
    for (int at = 0; at < count;) {
        int run = at;
        while (run < count && symbols[run] == symbols[at]) run++;
        if (run - at >= RUN) {
            to = put(out, to, (uint64_t)(symbols[at] << 13 | (run - at)), 2);
            at = run;
            continue;
        }
        int word = 0xC000;
        for (int place = 0; place < RUN && at + place < count; place++) word |= symbols[at + place] << (12 - 2 * place);
        to = put(out, to, (uint64_t)word, 2);
        at += RUN;
    }
    return to;
}

/* Tell what arrived since the last time, as an RTCP packet from `sender`; its bytes, at most TOLD, 0 for nothing. */
int rtc_tell_arrivals(struct rtc_arrivals *arrivals, uint32_t sender, uint8_t *out) {
    uint8_t symbols[SPAN], deltas[2 * SPAN];
    int count = 0, size = 0, taken = 0;
    if (!arrivals->count) return 0;
    int64_t first = arrivals->numbers[0], newest = arrivals->numbers[arrivals->count - 1]; /* never before `next` */
    int64_t base = arrivals->next > first - SPAN / 2 ? arrivals->next : first - SPAN / 2;
    int64_t last = newest < base + SPAN - 1 ? newest : base + SPAN - 1;
    int64_t reference = (int64_t)(arrivals->times[0] / REFERENCE);
    double clock = (double)reference * REFERENCE;
    for (int64_t number = base; number <= last; number++) {
        if (taken == arrivals->count || arrivals->numbers[taken] != number) {
            symbols[count++] = 0;
            continue;
        }
        int64_t ticks = rounded((arrivals->times[taken++] - clock) / TICK);
        if (ticks > 32767) ticks = 32767;
        if (ticks < -32768) ticks = -32768;
        int wide = ticks < 0 || ticks > 255;
        symbols[count++] = wide ? 2 : 1;
        size = put(deltas, size, (uint64_t)ticks, wide ? 2 : 1);
        clock += (double)ticks * TICK;
    }
    arrivals->count -= taken;
    memmove(arrivals->numbers, arrivals->numbers + taken, (size_t)arrivals->count * sizeof *arrivals->numbers);
    memmove(arrivals->times, arrivals->times + taken, (size_t)arrivals->count * sizeof *arrivals->times);
    arrivals->next = last + 1;
    int length = put_chunks(out, HEAD, symbols, count);
    memcpy(out + length, deltas, (size_t)size);
    length += size;
    int padding = -length & 3;
    if (padding) length = put(out, length, (uint64_t)padding, padding);
    put(out, 0, (uint64_t)(0x80 | (padding ? 0x20 : 0) | 15) << 24 | 205 << 16 | (uint64_t)(length / 4 - 1), 4);
    put(out, 4, sender, 4);
    put(out, 8, arrivals->media, 4);
    put(out, 12, (uint64_t)(base & 0xFFFF) << 16 | (uint64_t)count, 4);
    put(out, 16, (uint64_t)(reference & 0xFFFFFF) << 8 | (uint64_t)(arrivals->told & 0xFF), 4);
    arrivals->told++;
    return length;
}
