/* Reading the sockets until they are empty: each datagram attributed to its peer, opened in place, read once, and sent on. */
#define _GNU_SOURCE
#include "kernel.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* Addresses that have passed a check, and whose they are. A hash table with a secret: strangers choose addresses. */
struct entry {
    uint8_t name[NAME];
    int length; /* 0 where the entry is free */
    struct rtc_line *line;
};

struct rtc_addresses {
    uint64_t secret;
    uint32_t count, mask;
    struct entry *entries;
};

static const struct rtc_inbox *laid_out; /* whose slots the messages point to */

struct rtc_addresses *rtc_addresses_new(uint64_t secret) {
    laid_out = NULL; /* an inbox is made with each table, maybe where another was */
    struct rtc_addresses *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    made->secret = secret | 1;
    made->mask = 63;
    made->entries = calloc(made->mask + 1, sizeof *made->entries);
    if (made->entries) return made;
    free(made);
    return NULL;
}

void rtc_addresses_free(struct rtc_addresses *addresses) {
    if (!addresses) return;
    free(addresses->entries);
    free(addresses);
}

static uint32_t slot_of(const struct rtc_addresses *addresses, const uint8_t *name, int length) {
    uint64_t hash = addresses->secret;
    for (int i = 0; i < length; i++) hash = (hash ^ name[i]) * 0x9E3779B97F4A7C15ULL, hash ^= hash >> 29;
    return (uint32_t)(hash * addresses->secret >> 32) & addresses->mask;
}

/* The entry of a name, or the free one where it would be. */
static struct entry *find(const struct rtc_addresses *addresses, const uint8_t *name, int length) {
    uint32_t slot = slot_of(addresses, name, length);
    for (;; slot = (slot + 1) & addresses->mask) {
        struct entry *entry = &addresses->entries[slot];
        if (!entry->length || (entry->length == length && !memcmp(entry->name, name, (size_t)length))) return entry;
    }
}

static int rebuild(struct rtc_addresses *addresses, uint32_t mask) {
    struct entry *old = addresses->entries, *made = calloc(mask + 1, sizeof *made);
    uint32_t before = addresses->mask;
    if (!made) return 0;
    addresses->entries = made;
    addresses->mask = mask;
    for (uint32_t i = 0; i <= before; i++)
        if (old[i].length && old[i].line) *find(addresses, old[i].name, old[i].length) = old[i];
    free(old);
    return 1;
}

/* Give an address to a line, or take it from whoever has it where `line` is none. */
int rtc_addresses_set(struct rtc_addresses *addresses, const uint8_t *name, int length, struct rtc_line *line) {
    if (length <= 0 || length > NAME) return 0;
    if (line && 2 * (addresses->count + 1) > addresses->mask && !rebuild(addresses, 2 * addresses->mask + 1)) return 0;
    struct entry *entry = find(addresses, name, length);
    if (!entry->length && !line) return 1;
    if (!entry->length) addresses->count++;
    memcpy(entry->name, name, (size_t)length);
    entry->length = length;
    entry->line = line;
    if (!line) {
        addresses->count--;
        return rebuild(addresses, addresses->mask);
    }
    return 1;
}

/* A name that is the same whenever the address is: without the flow of IPv6, and what pads IPv4's. */
static int plain_name(uint8_t *name, const struct sockaddr_storage *address) {
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        struct sockaddr_in made = {.sin_family = AF_INET, .sin_port = four->sin_port, .sin_addr = four->sin_addr};
        memcpy(name, &made, sizeof made);
        return (int)sizeof made;
    }
    if (address->ss_family == AF_INET6) {
        struct sockaddr_in6 made = *(const struct sockaddr_in6 *)address;
        made.sin6_flowinfo = 0;
        memcpy(name, &made, sizeof made);
        return (int)sizeof made;
    }
    return 0;
}

/* Most of what subscribers send: one transport-wide feedback, alone in its packet; how long it is after its first 4 bytes. */
static int lone_feedback(const uint8_t *data, int length) {
    if (length < 20 || data[0] >> 6 != 2 || (data[0] & 31) != 15 || data[1] != 205) return 0;
    if (4 + 4 * (data[2] << 8 | data[3]) != length) return 0;
    int body = length - 4, padding = data[0] & 0x20 ? data[length - 1] : 0;
    if (data[0] & 0x20 && (padding == 0 || padding > body)) return 0;
    return body - padding;
}

/* A check of a peer that is where it was, answered there; 0 where Python has to look at it. */
static int checked(const struct rtc_inbox *inbox, int at, int length, double now) {
    struct rtc_line *line = inbox->line[at];
    uint8_t answer[ANSWER];
    if (!line || line->route != DIRECT || inbox->socket[at] != line->socket) return 0;
    if (memcmp(inbox->name[at], line->name, (size_t)inbox->name_length[at])) return 0;
    int size = rtc_check(line, inbox->name[at], inbox->slot[at], length, answer);
    if (!size) return 0;
    line->checked_at = now;
    rtc_send_plain(line, answer, size);
    return 1;
}

/* Whether a peer sends more than anybody has to; what is beyond is not even opened. */
static int floods(struct rtc_line *line, double now) {
    double left = line->allowance + (now - line->heard_at) * HEARD_A_SECOND;
    int within = left >= 1;
    line->allowance = (left < HEARD_AT_ONCE ? left : HEARD_AT_ONCE) - within;
    line->heard_at = now;
    line->flooded += !within;
    return !within;
}

static enum kind open_one(struct rtc_inbox *inbox, int at, int length, double now) {
    uint8_t *data = inbox->slot[at];
    struct rtc_line *line = inbox->line[at];
    if (!length) return EMPTY;
    if (data[0] < 4) return checked(inbox, at, length, now) ? TAKEN : STUN;
    if (!line) return STRANGER;
    if (data[0] > 19 && data[0] < 64) return RECORD;
    if (data[0] < 128 || data[0] > 191) return UNKNOWN;
    int control = length >= 2 && data[1] >= 192 && data[1] <= 223;
    if (line->route == CLOSED) return EARLY;
    if (!line->inbound) return SEALED; /* under another profile: Python opens it */
    int plain = control ? rtc_unprotect_control(line->inbound, data, length) : rtc_unprotect(line->inbound, data, length);
    if (!plain) return REFUSED;
    inbox->length[at] = plain;
    int body = control ? lone_feedback(data, plain) : 0;
    if (body) {
        rtc_feedback(line, data + 4, body, now, &inbox->digest[at]);
        return rtc_waits(line, &inbox->digest[at]) ? TAKEN : FEEDBACK;
    }
    if (control) return rtc_nacked(line, data, plain, now) ? TAKEN : CONTROL;
    struct rtc_packet *packet = &inbox->packet[at];
    if (!rtc_read(packet, data, plain, line->kinds)) return MALFORMED;
    int form = line->forms[packet->payload_type];
    if (form >= 0 && packet->payload < packet->end) rtc_inspect(packet, form);
    return MEDIA;
}

/* The layer that a line's packet is of, as far as packets of it are taken here. */
static struct rtc_layer *layer_of(const struct rtc_line *line, uint32_t ssrc) {
    for (int i = 0; i < line->layer_count; i++)
        if (line->layers[i]->ssrc == ssrc) return line->layers[i];
    return NULL;
}

/* Packets that were taken and are to be sent, each layer's together. */
static struct rtc_layer *taken_layers[SLOTS];
static const struct rtc_packet *taken[SLOTS][SLOTS];
static int taken_counts[SLOTS], taken_layer_count;

static void enqueue(struct rtc_layer *layer, const struct rtc_packet *packet) {
    int at = 0;
    while (at < taken_layer_count && taken_layers[at] != layer) at++;
    if (at == taken_layer_count) {
        taken_layers[taken_layer_count++] = layer;
        taken_counts[at] = 0;
    }
    taken[at][taken_counts[at]++] = packet;
}

static void send_taken(double now) {
    for (int i = 0; i < taken_layer_count; i++) {
        const struct rtc_layer *layer = taken_layers[i];
        rtc_fanout(layer->tracks, layer->track_count, taken[i], taken_counts[i], layer->index, now);
    }
    taken_layer_count = 0;
}

/* What is media goes on here where it is the next packet of its layer, else it is left, with what follows it, to Python. */
static int pass_on(struct rtc_inbox *inbox, int at, double now) {
    struct rtc_packet *packet = &inbox->packet[at];
    rtc_note_arrival(inbox->line[at], packet, now);
    struct rtc_layer *layer = layer_of(inbox->line[at], packet->ssrc);
    if (!layer) return 0;
    if (layer->passed == inbox->reads || !rtc_take(layer, packet, now)) {
        layer->passed = inbox->reads;
        return 0;
    }
    enqueue(layer, packet);
    return 1;
}

static struct mmsghdr messages[SLOTS];
static struct iovec vectors[SLOTS];
static struct sockaddr_storage from[SLOTS];

static void lay_out(const struct rtc_inbox *inbox) {
    for (int i = 0; i < SLOTS; i++) {
        vectors[i] = (struct iovec){inbox->slot[i], DATAGRAM};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
    }
    laid_out = inbox;
}

/* Read the sockets that have something into the slots from `first` on, each its share of those before `end`; how many came. */
int rtc_collect(struct rtc_inbox *inbox, const struct epoll_event ready[], int waiting, int first, int end) {
    int at = first;
    if (laid_out != inbox) lay_out(inbox);
    for (int i = 0; i < waiting && at < end; i++) {
        int share = (end - at) / (waiting - i), socket = ready[i].data.fd;
        int count = recvmmsg(socket, messages + at, (unsigned)(share ? share : 1), MSG_DONTWAIT, NULL);
        for (int next = at + (count > 0 ? count : 0); at < next; at++) {
            inbox->socket[at] = socket;
            messages[at].msg_hdr.msg_namelen = sizeof from[at]; /* the system has written how long it was */
        }
    }
    return at - first;
}

/* Do with what was collected what can be done here; `inbox->left` of it are Python's. */
void rtc_receive(struct rtc_addresses *addresses, struct rtc_inbox *inbox, double now) {
    inbox->left = 0;
    inbox->reads = (inbox->reads + 1) & 0x3FFFFFFF;
    for (int i = 0; i < inbox->count; i++) {
        int length = (int)messages[i].msg_len;
        inbox->length[i] = length;
        inbox->name_length[i] = plain_name(inbox->name[i], &from[i]);
        const struct entry *entry =
            inbox->name_length[i] ? find(addresses, inbox->name[i], inbox->name_length[i]) : NULL;
        inbox->line[i] = entry && entry->length ? entry->line : NULL;
        inbox->number[i] = inbox->line[i] ? inbox->line[i]->number : -1;
        int flood = inbox->line[i] && floods(inbox->line[i], now);
        enum kind kind = flood ? TAKEN : open_one(inbox, i, length, now);
        if (kind == MEDIA && pass_on(inbox, i, now)) kind = TAKEN;
        inbox->left += kind != TAKEN;
        inbox->records |= kind == RECORD;
        inbox->kind[i] = (uint8_t)kind;
    }
    send_taken(now);
}

void rtc_sizes(int64_t sizes[8]) {
    sizes[0] = sizeof(struct rtc_packet);
    sizes[1] = sizeof(struct rtc_line);
    sizes[2] = sizeof(struct rtc_downtrack);
    sizes[3] = sizeof(struct rtc_digest);
    sizes[4] = sizeof(struct rtc_inbox);
    sizes[5] = sizeof(struct rtc_layer);
    sizes[6] = sizeof(struct rtc_arrivals);
    sizes[7] = 3; /* of the layouts, raised with each change that leaves the sizes as they are */
}
