/* Rewriting by a downtrack's row, as packets/downtrack.py and flowing.py do: the same numbers, the same bytes. */
#include "kernel.h"

#include <string.h>

/* How many aim at the layer and wait for a keyframe of it. */
int rtc_waiting(struct rtc_downtrack *const tracks[], int count, int layer) {
    int waiting = 0;
    for (int i = 0; i < count; i++) waiting += tracks[i]->target == layer && tracks[i]->current != layer;
    return waiting;
}

void rtc_skip(struct rtc_downtrack *track, int64_t extended, int picture) {
    if (track->current == NONE || extended < track->first_source || extended + track->offset <= track->last_sequence) return;
    int64_t(*drops)[4] = track->drops;
    int count = track->drop_count;
    if (count && drops[count - 1][1] == extended - 1) {
        drops[count - 1][1] = extended;
    } else {
        if (count == DROPS) memmove(drops, drops + 1, sizeof drops[0] * (size_t)(--count));
        drops[count][0] = drops[count][1] = extended;
        drops[count][2] = track->offset;
        drops[count][3] = track->picture_offset;
        track->drop_count = count + 1;
    }
    track->offset--;
    if (picture != NONE && picture != track->dropped_picture) {
        track->dropped_picture = picture;
        track->picture_offset--;
    }
}

/* Whether a frame is of no use to the layers that flow; those that are wanted are taken up where a frame allows it. */
static int hides_frame(struct rtc_downtrack *track, const struct rtc_packet *packet) {
    int spatial = track->spatial < 3 ? track->spatial : 3, temporal = track->temporal < 3 ? track->temporal : 3;
    int wanted = 4 * spatial + temporal;
    int present = packet->present >> track->pair_now & 1;
    /* Whoever begins with a frame must have what it refers to: it is of the layers that flow already, or a keyframe's. */
    if (present && packet->begins && packet->switches >> wanted & 1) {
        track->pair_now = wanted;
        present = packet->present >> wanted & 1;
    }
    return !present;
}

/* The layers that flow in the packet's picture. */
static int pair_of(const struct rtc_downtrack *track, const struct rtc_packet *packet) {
    int late = packet->extended < track->turned_at && packet->timestamp != track->turned_time;
    return late ? track->pair_before : track->pair_now;
}

/* Let other layers flow where a frame of VP9 allows it, told by its payload descriptor (RFC 9628, 4.2). */
static void turn(struct rtc_downtrack *track, const struct rtc_packet *packet) {
    int spatial = track->pair_now >> 2, temporal = track->pair_now & 3;
    int wanted_spatial = track->spatial < 3 ? track->spatial : 3, wanted_temporal = track->temporal < 3 ? track->temporal : 3;
    if (packet->keyframe) {
        spatial = wanted_spatial;
        temporal = wanted_temporal;
    } else {
        if (packet->timestamp + track->timestamp_offset != track->last_timestamp) {
            if (spatial > wanted_spatial) spatial = wanted_spatial;
            if (temporal > wanted_temporal) temporal = wanted_temporal;
        }
        if (packet->synchronous && !packet->spatial && temporal + 1 == packet->temporal && packet->temporal <= wanted_temporal)
            temporal++;
        if (!packet->predicted && spatial + 1 == packet->spatial && packet->spatial <= wanted_spatial &&
            packet->temporal <= temporal)
            spatial++;
    }
    int pair = 4 * spatial + temporal;
    if (pair == track->pair_now) return;
    track->pair_before = track->pair_now;
    track->pair_now = pair;
    track->turned_at = packet->extended;
    track->turned_time = packet->timestamp;
}

int rtc_hides(struct rtc_downtrack *track, const struct rtc_packet *packet) {
    if (packet->layered == BY_DESCRIPTOR) {
        if (packet->extended > track->latest) {
            track->latest = packet->extended;
            if (packet->begins) turn(track, packet);
        }
        return !(packet->present >> pair_of(track, packet) & 1);
    }
    if (packet->layered) return hides_frame(track, packet);
    if (packet->begins) {
        if (track->temporal < track->temporal_now) track->temporal_now = track->temporal;
        else if (track->temporal_now < packet->temporal && packet->temporal <= track->temporal && packet->synchronous)
            track->temporal_now = packet->temporal;
    }
    return packet->temporal > track->temporal_now;
}

/* The number under which a late packet is sent and what to add to its picture id; 0 where it is not sent. */
static int64_t outgoing(const struct rtc_downtrack *track, int64_t extended, int64_t *pictures) {
    int64_t offset = track->offset;
    *pictures = track->picture_offset;
    for (int i = track->drop_count - 1; i >= 0; i--) {
        const int64_t *drop = track->drops[i];
        if (extended > drop[1]) return extended + offset;
        if (extended >= drop[0]) return 0;
        offset = drop[2];
        *pictures = drop[3];
    }
    return track->drop_count == DROPS ? 0 : extended + offset;
}

static int append(uint8_t *arena, int at, int wide, int identifier, const uint8_t *value, int size) {
    if (wide) {
        arena[at++] = (uint8_t)identifier;
        arena[at++] = (uint8_t)size;
    } else {
        arena[at++] = (uint8_t)(identifier << 4 | (size - 1));
    }
    memcpy(arena + at, value, (size_t)size);
    return at + size;
}

/* Header extensions with what is passed on of this packet (RFC 8285); their length. */
static int extensions(struct rtc_downtrack *track, const struct rtc_packet *packet, uint8_t *arena, int frame) {
    static const int order[4] = {SEND_TIME, TRANSPORT_SEQUENCE, AUDIO_LEVEL, DEPENDENCY};
    static const uint8_t nothing[4];
    const uint8_t *values[4];
    int sizes[4], count = 0, wide = 0;
    for (int i = 0; i < 4; i++) {
        int kind = order[i], own = i < 2;
        sizes[i] = -1;
        values[i] = own ? nothing : packet->data + packet->at[kind];
        if (!track->ids[kind] || (!own && !packet->at[kind])) continue;
        /* Of other codecs the frames of two layers are numbered without regard to each other. */
        if (kind == DEPENDENCY && track->form != VP9 && track->form != AV1) continue;
        sizes[i] = i == 0 ? 3 : i == 1 ? 2 : packet->size[kind];
        wide |= track->ids[kind] >= 15 || sizes[i] == 0 || sizes[i] > 16;
        count++;
    }
    track->time_at = track->number_at = 0;
    if (track->ids[SEND_TIME]) track->time_at = 12 + 5 + wide;
    if (track->ids[TRANSPORT_SEQUENCE]) track->number_at = 12 + 5 + wide + (track->time_at ? 4 + wide : 0);
    if (!count) return 0;
    int at = 16;
    for (int i = 0; i < 4; i++) {
        if (sizes[i] < 0) continue;
        at = append(arena, at, wide, track->ids[order[i]], values[i], sizes[i]);
        if (order[i] == DEPENDENCY && sizes[i] >= 3) {
            arena[at - sizes[i] + 1] = (uint8_t)(frame >> 8);
            arena[at - sizes[i] + 2] = (uint8_t)frame;
        }
    }
    while ((at - 12) & 3) arena[at++] = 0;
    arena[12] = wide ? 0x10 : 0xBE;
    arena[13] = wide ? 0x00 : 0xDE;
    arena[14] = (uint8_t)((at - 16) >> 10);
    arena[15] = (uint8_t)((at - 16) >> 2);
    return at - 12;
}

/* The primary of redundant sound (RFC 2198): where it begins; 0 where the payload is none. */
static int primary(const uint8_t *data, int at, int end) {
    int sizes = 0;
    for (int heads = 0;; heads++) {
        if (at >= end || heads > 8) return 0;
        if (!(data[at] & 0x80)) break;
        if (at + 4 > end) return 0;
        sizes += (data[at + 2] & 3) << 8 | data[at + 3];
        at += 4;
    }
    at += 1 + sizes;
    return at > end ? 0 : at;
}

/* Put the subscriber's payload type for Opus into every block; 0 where the payload is none. */
static int renumber(uint8_t *data, int at, int end, int payload_type) {
    while (at < end) {
        int more = data[at] & 0x80;
        data[at] = (uint8_t)(more | payload_type);
        if (!more) return 1;
        at += 4;
    }
    return 0;
}

/* Where the frame's bytes begin behind the payload descriptor; `end` where it cannot be read (packets/trailer.py). */
static int described(const uint8_t *data, int form, int at, int end) {
    int first = data[at], next = at + 1;
    if (form == H264) return (first & 31) <= 24 ? next : (first & 31) == 28 ? at + 2 : end;
    if (form == H265) return (first >> 1 & 63) < 48 ? at + 2 : (first >> 1 & 63) == 49 ? at + 3 : end;
    if (form == AV1) return (first & 0x30) == 0x10 ? next : end; /* one element: its length is not said */
    if (form == VP8) {
        if (!(first & 0x80)) return next;
        if (next >= end) return end;
        int flags = data[next++];
        if (flags & 0x80) next += next < end && data[next] & 0x80 ? 2 : 1;
        return next + !!(flags & 0x40) + !!(flags & 0x30);
    }
    if (form != VP9) return end;
    if (first & 0x80) next += next < end && data[next] & 0x80 ? 2 : 1;
    if (first & 0x20) next += first & 0x10 ? 1 : 2;
    if ((first & 0x50) == 0x50)
        for (int more = 1, i = 0; more && i < 3; i++) more = next < end && data[next++] & 1;
    if (first & 0x02) {
        if (next >= end) return end;
        int structure = data[next++];
        if (structure & 0x10) next += 4 * ((structure >> 5) + 1);
        if (structure & 0x08) {
            if (next >= end) return end;
            for (int pictures = data[next++]; pictures && next < end; pictures--) next += 1 + (data[next] >> 2 & 3);
        }
    }
    return next;
}

/* How many bytes of LiveKit's trailer end a frame's last packet, data[at, end); 0 where it is not whole. */
static int trailer(const uint8_t *data, int form, int at, int end) {
    if (end - at < 5 || memcmp(data + end - 4, "LKTS", 4)) return 0;
    int size = data[end - 5] ^ 0xFF;
    return size >= 5 && size < end - described(data, form, at, end) ? size : 0;
}

/* The last unit of H264's aggregate (RFC 6184, 5.7.1), which becomes `cut` bytes shorter; 0 where it has not as many. */
static int shorten(uint8_t *data, int at, int end, int cut) {
    for (at++; at + 2 <= end;) {
        int size = data[at] << 8 | data[at + 1], next = at + 2 + size;
        if (next == end && size > cut) {
            data[at] = (uint8_t)((size - cut) >> 8);
            data[at + 1] = (uint8_t)(size - cut);
            return 1;
        }
        at = next;
    }
    return 0;
}

struct shape {
    int64_t picture;
    uint32_t timestamp, ssrc, send_time;
    int sequence, zero, payload_type, original, transport_sequence, marker;
};

static int fill(struct rtc_downtrack *track, const struct rtc_packet *packet, uint8_t *arena, const struct shape *shape) {
    const uint8_t *data = packet->data;
    int start = packet->payload, end = packet->end, size;
    if (track->plain_extensions) {
        size = track->template_length;
        memcpy(arena + 12, track->template, (size_t)size);
    } else {
        size = extensions(track, packet, arena, (int)shape->picture);
    }
    int at = 12 + size;
    arena[0] = size ? 0x90 : 0x80;
    arena[1] = (uint8_t)(packet->marker | shape->marker | shape->payload_type);
    arena[2] = (uint8_t)(shape->sequence >> 8);
    arena[3] = (uint8_t)shape->sequence;
    for (int i = 0; i < 4; i++) {
        arena[4 + i] = (uint8_t)(shape->timestamp >> (24 - 8 * i));
        arena[8 + i] = (uint8_t)(shape->ssrc >> (24 - 8 * i));
    }
    if (track->time_at) {
        arena[track->time_at] = (uint8_t)(shape->send_time >> 16);
        arena[track->time_at + 1] = (uint8_t)(shape->send_time >> 8);
        arena[track->time_at + 2] = (uint8_t)shape->send_time;
    }
    if (track->number_at) {
        arena[track->number_at] = (uint8_t)(shape->transport_sequence >> 8);
        arena[track->number_at + 1] = (uint8_t)shape->transport_sequence;
    }
    if (shape->original != NONE) {
        arena[at++] = (uint8_t)(shape->original >> 8);
        arena[at++] = (uint8_t)shape->original;
    }
    int redundant = track->audio && track->source_form == RED;
    if (redundant && track->form != RED) {
        start = primary(data, start, end);
        if (!start || start == end) return 0;
    }
    int stop = at + end - start;
    if (stop > MAXIMUM) return 0;
    memcpy(arena + at, data + start, (size_t)(end - start));
    if (track->trailers && !track->audio && (packet->marker || packet->ends)) {
        int cut = trailer(data, track->form, start, end);
        if (cut && (track->form != H264 || (data[start] & 31) != 24 || shorten(arena, at, stop, cut))) stop -= cut;
    }
    if (redundant && track->form == RED && track->primary_type && !renumber(arena, at, stop, track->primary_type)) return 0;
    uint8_t *where = arena + at + packet->picture_at;
    if (packet->picture_at && packet->picture_width == 15) {
        where[0] = (uint8_t)(0x80 | (shape->picture >> 8 & 0x7F));
        where[1] = (uint8_t)shape->picture;
    } else if (packet->picture_at) {
        where[0] = (uint8_t)(shape->picture & 0x7F);
    }
    if (packet->zero_at) arena[at + packet->zero_at] = (uint8_t)shape->zero;
    return stop;
}

/* 6.18 fixed point seconds, modulo 64. */
static uint32_t send_time(double now) { return (uint32_t)((uint64_t)(now * 262144.0) & 0xFFFFFF); }

int rtc_write(struct rtc_downtrack *track, const struct rtc_packet *packet, uint8_t *arena, int layer, double now) {
    int64_t extended = packet->extended, pictures = track->picture_offset;
    if (track->payload_type == NONE || extended < track->first_source) return 0;
    int64_t sequence = extended + track->offset;
    if (sequence <= track->last_sequence && track->drop_count) {
        sequence = outgoing(track, extended, &pictures);
        if (!sequence) return 0;
    }
    struct shape shape = {
        .timestamp = packet->timestamp + track->timestamp_offset, .ssrc = track->ssrc, .send_time = send_time(now),
        .sequence = (int)(sequence & 0xFFFF), .payload_type = track->payload_type, .original = NONE,
        .transport_sequence = track->line ? (int)track->line->transport_sequence : 0};
    if (track->form == VP8 || packet->picture_at || packet->zero_at) {
        shape.picture = (packet->picture + pictures) & 0x7FFF;
        shape.zero = (int)((packet->zero + track->zero_offset) & 0xFF);
    } else if (track->form == VP9 || track->form == AV1) {
        shape.picture = (packet->picture + pictures) & 0xFFFF;
    }
    if (packet->ends && packet->tops >> pair_of(track, packet) & 1) shape.marker = 0x80;
    int length = fill(track, packet, arena, &shape);
    if (!length) return 0;
    track->written = sequence;
    track->history[sequence & track->history_mask] = (struct rtc_kept){
        (uint64_t)(sequence & 0xFFFF) << 48 | ((uint64_t)extended & 0xFFFFFFFFFFF) << 4 | (uint64_t)(layer & 15),
        (uint64_t)(shape.marker >> 7) << 56 | (uint64_t)shape.timestamp << 24 | (uint64_t)shape.picture << 8 | (uint64_t)shape.zero,
        (uint64_t)(sequence >> 16) << 40 | (uint64_t)shape.send_time << 16 | (uint64_t)shape.transport_sequence};
    if (sequence > track->last_sequence) {
        track->last_sequence = sequence;
        track->last_timestamp = shape.timestamp;
        track->last_time = now;
        track->last_picture = (int)shape.picture;
        track->last_zero = shape.zero;
    }
    track->packets++;
    track->octets += packet->end - packet->payload;
    return length;
}

/* The caller has checked that the history holds `sequence` and that the packet is the one that it names. */
int rtc_write_again(struct rtc_downtrack *track, const struct rtc_packet *packet, uint8_t *arena, int sequence, double now) {
    uint64_t times = track->history[sequence & track->history_mask].times;
    uint64_t stamps = track->history[sequence & track->history_mask].stamps;
    struct shape shape = {
        .timestamp = (uint32_t)(times >> 24), .picture = (int64_t)(times >> 8 & 0xFFFF), .marker = (int)(times >> 56 & 1) << 7, .zero = (int)(times & 0xFF),
        .sequence = sequence, .payload_type = track->payload_type, .ssrc = track->ssrc, .original = NONE,
        .send_time = (uint32_t)(stamps >> 16 & 0xFFFFFF), .transport_sequence = (int)(stamps & 0xFFFF)};
    track->written = (int64_t)(stamps >> 40) << 16 | sequence;
    if (track->rtx_payload_type && track->rtx_ssrc) {
        track->written = ++track->rtx_sequence;
        shape.sequence = (int)(track->rtx_sequence & 0xFFFF);
        shape.payload_type = track->rtx_payload_type;
        shape.ssrc = track->rtx_ssrc;
        shape.original = sequence;
        shape.send_time = send_time(now);
        shape.transport_sequence = track->line ? (int)track->line->transport_sequence : 0;
    }
    return fill(track, packet, arena, &shape);
}
