/* RTP packets read (RFC 3550, RFC 8285), as packets/rtp.py, vp8.py, codecs.py and dependency.py read them. */
#include "kernel.h"

#include <string.h>

/* Note where the known extensions are; where the payload begins, or 0 where they do not fit. */
static int read_extensions(struct rtc_packet *packet, const uint8_t *data, int at, int length, const uint8_t *kinds) {
    if (at + 4 > length) return 0;
    int profile = data[at] << 8 | data[at + 1], words = data[at + 2] << 8 | data[at + 3];
    at += 4;
    int stop = at + 4 * words, one = profile == 0xBEDE;
    if (stop > length) return 0;
    if (!one && (profile & 0xFFF0) != 0x1000) return stop; /* a profile that nobody negotiated: passed over */
    while (at < stop) {
        int head = data[at++], identifier = head, size;
        if (head == 0) continue;
        if (one) {
            identifier = head >> 4;
            size = (head & 15) + 1;
            if (identifier == 15) break;
        } else {
            if (at >= stop) return 0;
            size = data[at++];
        }
        if (at + size > stop) return 0;
        int kind = kinds[identifier];
        if (kind > 0 && kind < KINDS) {
            packet->at[kind] = (uint16_t)at;
            packet->size[kind] = (uint8_t)size;
        }
        at += size;
    }
    return stop;
}

int rtc_read(struct rtc_packet *packet, const uint8_t *data, int length, const uint8_t *kinds) {
    if (length < 12 || length > DATAGRAM || data[0] >> 6 != 2) return 0;
    memset(packet, 0, sizeof *packet);
    packet->data = data;
    packet->length = length;
    packet->form = NONE;
    packet->marker = data[1] & 0x80;
    packet->payload_type = data[1] & 0x7F;
    packet->sequence = (uint16_t)(data[2] << 8 | data[3]);
    packet->timestamp = (uint32_t)data[4] << 24 | (uint32_t)data[5] << 16 | (uint32_t)data[6] << 8 | data[7];
    packet->ssrc = (uint32_t)data[8] << 24 | (uint32_t)data[9] << 16 | (uint32_t)data[10] << 8 | data[11];
    int payload = 12 + 4 * (data[0] & 15), end = length;
    if (data[0] & 0x10) payload = read_extensions(packet, data, payload, length, kinds);
    if (data[0] & 0x20) {
        if (data[length - 1] == 0) return 0;
        end -= data[length - 1];
    }
    packet->payload = payload;
    packet->end = end;
    return 12 <= payload && payload <= end;
}

/* RFC 7741, 4.2: the picture id, TL0PICIDX and temporal layer, counted from the payload. */
static void read_vp8(struct rtc_packet *packet) {
    const uint8_t *data = packet->data;
    int at = packet->payload, end = packet->end, offset = 2, picture = 0, width = 0, zero = 0, layer = 0;
    if (end - at < 2 || !(data[at] & 0x80)) return;
    int flags = data[at + 1];
    if (flags & 0x80) {
        if (at + offset >= end) return;
        picture = offset;
        width = data[at + offset] & 0x80 ? 15 : 7;
        offset += width == 15 ? 2 : 1;
    }
    if (flags & 0x40) zero = offset++;
    if (flags & 0x30) {
        layer = flags & 0x20 ? offset : 0;
        offset++;
    }
    if (at + offset >= end) return;
    packet->picture_at = (uint8_t)picture;
    packet->picture_width = (uint8_t)width;
    packet->zero_at = (uint8_t)zero;
    if (width == 15) packet->picture = (uint16_t)((data[at + picture] & 0x7F) << 8 | data[at + picture + 1]);
    else if (width) packet->picture = data[at + picture] & 0x7F;
    if (zero) packet->zero = data[at + zero];
    if (layer) {
        packet->temporal = data[at + layer] >> 6;
        packet->synchronous = (data[at + layer] & 0x20) != 0;
        packet->begins = (data[at] & 0x17) == 0x10;
    }
}

/* RFC 7741, 4.2 and 4.3: start of partition 0, and P of the frame header is 0. */
static int vp8_keyframe(const uint8_t *data, int at, int end) {
    if (at >= end || !(data[at] & 0x10) || data[at] & 0x07) return 0;
    int first = data[at++];
    if (first & 0x80) {
        if (at >= end) return 0;
        int flags = data[at++];
        if (flags & 0x80) {
            if (at >= end) return 0;
            at += data[at] & 0x80 ? 2 : 1;
        }
        if (flags & 0x40) at++;
        if (flags & 0x30) at++;
    }
    return at < end && !(data[at] & 1);
}

/* RFC 9628: no inter-picture prediction, beginning of a frame, lowest spatial layer. */
static int vp9_keyframe(const uint8_t *data, int at, int end) {
    if (at >= end || data[at] & 0x40 || !(data[at] & 0x08)) return 0;
    int first = data[at];
    if (!(first & 0x20)) return 1;
    at++;
    if (first & 0x80) {
        if (at >= end) return 0;
        at += data[at] & 0x80 ? 2 : 1;
    }
    return at < end && (data[at] >> 1 & 7) == 0;
}

/* RFC 6184: a sequence parameter set, alone or in a STAP-A. */
static int h264_keyframe(const uint8_t *data, int at, int end) {
    if (at >= end) return 0;
    int kind = data[at] & 31;
    if (kind != 24) return kind == 7;
    for (at++; at + 2 < end;) {
        if ((data[at + 2] & 31) == 7) return 1;
        at += 2 + (data[at] << 8 | data[at + 1]);
    }
    return 0;
}

/* RFC 7798: a video parameter set, alone or in an aggregation packet. */
static int h265_keyframe(const uint8_t *data, int at, int end) {
    if (at >= end) return 0;
    int kind = data[at] >> 1 & 63;
    if (kind != 48) return kind == 32;
    for (at += 2; at + 2 < end;) {
        if ((data[at + 2] >> 1 & 63) == 32) return 1;
        at += 2 + (data[at] << 8 | data[at + 1]);
    }
    return 0;
}

/* AV1 RTP, appendix A: a template structure at the start of a frame. */
static int starts_sequence(const struct rtc_packet *packet) {
    const uint8_t *value = packet->data + packet->at[DEPENDENCY];
    return packet->at[DEPENDENCY] && packet->size[DEPENDENCY] > 3 && value[0] & 0x80 && value[3] & 0x80;
}

/* AV1 RTP, A.8.2, mandatory_descriptor_fields: where its frame begins and ends, and its number. */
static void read_frame(struct rtc_packet *packet) {
    const uint8_t *value = packet->data + packet->at[DEPENDENCY];
    if (!packet->at[DEPENDENCY] || packet->size[DEPENDENCY] < 3) return;
    packet->begins = value[0] >> 7;
    packet->ends = value[0] >> 6 & 1;
    packet->picture = (uint16_t)(value[1] << 8 | value[2]);
}

/* RFC 9628, 4.2: the picture id, the layers and TL0PICIDX, counted from the payload. */
static void read_vp9(struct rtc_packet *packet) {
    const uint8_t *data = packet->data;
    int at = packet->payload, end = packet->end, offset = 1, picture = 0, width = 0, layers = 0, zero = 0;
    if (at >= end) return;
    int first = data[at];
    if (first & 0x80) {
        if (at + offset >= end) return;
        picture = offset;
        width = data[at + offset] & 0x80 ? 15 : 7;
        offset += width == 15 ? 2 : 1;
    }
    if (first & 0x20) {
        layers = offset++;
        if (!(first & 0x10)) zero = offset++;
    }
    if (at + offset >= end) return;
    packet->picture_at = (uint8_t)picture;
    packet->picture_width = (uint8_t)width;
    packet->zero_at = (uint8_t)zero;
    packet->begins = (first & 0x08) != 0;
    packet->ends = (first & 0x04) != 0;
    packet->predicted = (first & 0x40) != 0;
    if (width == 15) packet->picture = (uint16_t)((data[at + picture] & 0x7F) << 8 | data[at + picture + 1]);
    else if (width) packet->picture = data[at + picture] & 0x7F;
    if (zero) packet->zero = data[at + zero];
    if (!layers) return;
    static const uint16_t tops[4] = {0x000F, 0x00FF, 0x0FFF, 0x0FFF};
    int told = data[at + layers], spatial = told >> 1 & 7, temporal = told >> 5;
    packet->layered = BY_DESCRIPTOR;
    packet->spatial = (uint8_t)(spatial < 3 ? spatial : 3);
    packet->temporal = (uint8_t)(temporal < 3 ? temporal : 3);
    packet->synchronous = (told & 0x10) != 0;
    packet->tops = tops[packet->spatial];
    for (int higher = packet->spatial; higher < 4; higher++)
        packet->present |= (uint16_t)((0xF << packet->temporal & 0xF) << 4 * higher);
}

void rtc_inspect(struct rtc_packet *packet, int form) {
    const uint8_t *data = packet->data;
    int at = packet->payload, end = packet->end, keyframe = 0;
    packet->form = form;
    if (form == VP8) {
        read_vp8(packet);
        keyframe = vp8_keyframe(data, at, end);
    } else if (form == OPUS || form == RED) keyframe = 1;
    else if (form == VP9) keyframe = vp9_keyframe(data, at, end);
    else if (form == H264) keyframe = h264_keyframe(data, at, end);
    else if (form == H265) keyframe = h265_keyframe(data, at, end);
    else if (form == AV1) keyframe = at < end && data[at] & 0x08;
    if (form == VP9 && !packet->at[DEPENDENCY]) read_vp9(packet);
    else if (form == VP9 || form == AV1) read_frame(packet);
    packet->keyframe = keyframe || starts_sequence(packet);
}
