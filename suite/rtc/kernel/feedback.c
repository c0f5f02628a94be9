/* What subscribers say of their line: transport-wide feedback, as packets/twcc.py reads it, and what they ask for again. */
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
    struct rtc_digest *digest = sums->digest;
    struct rtc_departure *sent = &sums->line->sent[sequence & (SENT - 1)];
    if (sent->following != sequence + 1) return;
    sent->following = 0;
    sums->last = sequence;
    double left = sent->at;
    int size = sent->size;
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
        int sequence = (last + i) & 0xFFFF;
        const struct rtc_departure *sent = &line->sent[sequence & (SENT - 1)];
        if (sent->following == sequence + 1) bytes += sent->size;
    }
    return bytes;
}

/* `body` is the packet after its first 4 bytes; whether any packet that we know was received. */
int rtc_feedback(struct rtc_line *line, const uint8_t *body, int length, double now, struct rtc_digest *digest) {
    memset(digest, 0, sizeof *digest);
    digest->at = now;
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

static void add(struct rtc_digest *sum, const struct rtc_digest *one) {
    sum->mean = (sum->mean * (double)sum->received + one->mean * (double)one->received) / (double)(sum->received + one->received);
    if (one->shortest < sum->shortest) sum->shortest = one->shortest;
    sum->received += one->received;
    sum->arrived_bytes += one->arrived_bytes;
    sum->left_bytes += one->left_bytes;
    sum->arrived_last = one->arrived_last;
    sum->left_last = one->left_last;
    sum->in_flight = one->in_flight;
    sum->at = one->at;
}

/* Whether a feedback may wait: it and those before it say that the line carries what it is given. Where enough wait, or
 * have for a second, `digest` becomes their sum and none of them waits; where it may not, they stay to be told with it. */
int rtc_waits(struct rtc_line *line, struct rtc_digest *digest) {
    int calm = digest->received && !digest->lost && digest->mean >= line->calm_from && digest->mean <= line->calm_to;
    if (!calm) return 0;
    struct rtc_digest *details = line->details;
    details[line->detail_count++] = *digest;
    if (line->detail_count < DETAILS && digest->at - details[0].at < 1.0) return 1;
    *digest = details[0];
    for (int i = 1; i < line->detail_count; i++) add(digest, &details[i]);
    line->detail_count = 0;
    return 0;
}

static uint32_t word_at(const uint8_t *data) {
    return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

static struct rtc_downtrack *downtrack_of(const struct rtc_line *line, uint32_t ssrc) {
    for (int i = 0; i < line->downtrack_count; i++) {
        struct rtc_downtrack *track = line->downtracks[i];
        if (track->ssrc == ssrc || (track->rtx_ssrc == ssrc && ssrc)) return track;
    }
    return NULL;
}

/* Send again what was sent as `sequence`; whether it was still there. */
static int answer(struct rtc_downtrack *track, int sequence, double now) {
    uint64_t entry = track->history[sequence & track->history_mask].source;
    int index = (int)(entry & 15);
    if (!entry || (int)(entry >> 48) != sequence || index >= track->layer_count) return 0;
    const struct rtc_layer *layer = track->layers[index];
    int64_t number = (int64_t)(entry >> 4 & 0xFFFFFFFFFFF), slot = number & layer->ring_mask;
    if (!layer->ring || layer->ring_numbers[slot] != number) return 0;
    if (rtc_again(track, layer->ring + slot * STRIDE, layer->ring_lengths[slot], layer->kinds, sequence, now)) track->line->again++;
    return 1;
}

static int ask(struct rtc_line *line, struct rtc_downtrack *track, int sequence, int number, double now) {
    if ((int64_t)now != line->again_second) {
        line->again_second = (int64_t)now;
        line->again_of_second = 0;
    }
    if (number >= AGAIN_AT_MOST || line->again_of_second >= AGAIN_A_SECOND) {
        line->limited++;
        return 0;
    }
    line->again_of_second++;
    if (!answer(track, sequence, now)) line->forgotten++;
    return 1;
}

/* Answer a compound of NACKs alone (RFC 4585, 6.2.1); 0 where it is something else, and nothing has been done. */
int rtc_nacked(struct rtc_line *line, const uint8_t *data, int length, double now) {
    if (line->route != DIRECT) return 0;
    for (int at = 0, stop; at < length; at = stop) {
        if (length - at < 12 || data[at] != 0x81 || data[at + 1] != 205) return 0; /* without padding */
        stop = at + 4 + 4 * (data[at + 2] << 8 | data[at + 3]);
        if (stop > length || stop - at < 12) return 0;
    }
    for (int at = 0, stop; at < length; at = stop) {
        stop = at + 4 + 4 * (data[at + 2] << 8 | data[at + 3]);
        struct rtc_downtrack *track = downtrack_of(line, word_at(data + at + 8));
        int number = 0;
        for (int pair = at + 12; track && pair + 4 <= stop; pair += 4) {
            int first = data[pair] << 8 | data[pair + 1], mask = data[pair + 2] << 8 | data[pair + 3];
            int going = ask(line, track, first, number++, now);
            for (int i = 0; going && mask; i++, mask >>= 1)
                if (mask & 1) going = ask(line, track, (first + 1 + i) & 0xFFFF, number++, now);
            if (!going) break;
        }
    }
    return length > 0;
}
