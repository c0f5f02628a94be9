/* What arrives of a layer in its order, as packets/layer.py and packets/track.py take it: numbered, kept once, ready to be sent. */
#include "kernel.h"

#include <string.h>

static double apart(double one, double other) { return one > other ? one - other : other - one; }

/* RFC 3550, 6.4.1, and the fastest way that a packet has made. */
static void pace(struct rtc_layer *layer, uint32_t timestamp, double now) {
    double rate = layer->clock_rate, transit = now * rate - timestamp;
    if (apart(transit, layer->fastest) > 10 * rate) layer->fastest = transit;
    layer->fastest += rate * 1e-5;
    if (transit < layer->fastest) layer->fastest = transit;
    double change = apart(transit, layer->transit);
    change -= (double)(int64_t)(change / 4294967296.0) * 4294967296.0;
    if (change < rate) layer->jitter += (change - layer->jitter) / 16;
    layer->transit = transit;
}

static void keep(struct rtc_layer *layer, const struct rtc_packet *packet) {
    int64_t slot = packet->extended & layer->ring_mask;
    memcpy(layer->ring + slot * STRIDE, packet->data, (size_t)packet->length);
    layer->ring_lengths[slot] = (uint16_t)packet->length;
    layer->ring_numbers[slot] = packet->extended;
}

static void hear(struct rtc_layer *layer, const struct rtc_packet *packet) {
    if (!packet->at[AUDIO_LEVEL]) return;
    int level = 127 - (packet->data[packet->at[AUDIO_LEVEL]] & 0x7F);
    if (level > layer->loudest) layer->loudest = level;
    layer->loudness += level;
    layer->levels++;
}

/* Take the packet, where it follows the last one and nothing is to be decided for it; whether it is to be sent now. */
int rtc_take(struct rtc_layer *layer, struct rtc_packet *packet, double now) {
    if (packet->payload_type != layer->open || packet->payload >= packet->end || packet->length > STRIDE) return 0;
    if (packet->sequence != ((layer->highest + 1) & 0xFFFF) || packet->form != layer->form) return 0;
    if ((packet->at[DEPENDENCY] || packet->layered) && (packet->form == VP9 || packet->form == AV1)) return 0;
    if ((packet->keyframe || layer->audio) && rtc_waiting(layer->tracks, layer->track_count, layer->index)) return 0;
    packet->extended = ++layer->highest;
    layer->received++;
    layer->octets += packet->length;
    layer->heard = now;
    pace(layer, packet->timestamp, now);
    keep(layer, packet);
    hear(layer, packet);
    return 1;
}

void rtc_note_arrival(struct rtc_line *line, const struct rtc_packet *packet, double now) {
    int at = packet->at[TRANSPORT_SEQUENCE];
    if (at && packet->size[TRANSPORT_SEQUENCE] >= 2 && line->arrivals)
        rtc_arrived(line->arrivals, packet->data[at] << 8 | packet->data[at + 1], now, packet->ssrc);
}
