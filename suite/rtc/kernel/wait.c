/* Waiting: until something has come that is Python's, or its time is over. What only had to be sent on has left meanwhile. */
#define _GNU_SOURCE
#include "kernel.h"

#include <math.h>
#include <sys/epoll.h>
#include <time.h>

enum {
    LONGEST = 3600,    /* s of one wait */
    READY = SLOTS / 4, /* sockets that are read in turn: the system tells of the others first then, so that none waits for ever */
};

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* For the system, which counts in ms; never too short, as whoever waits would only wait again. */
static int milliseconds(double seconds) {
    if (seconds <= 0) return 0;
    return seconds < LONGEST ? (int)(seconds * 1e3 + 0.999) : LONGEST * 1000;
}

static void watch_patient(const struct rtc_inbox *inbox, int watched) {
    struct epoll_event event = {.events = watched ? EPOLLIN : 0, .data.fd = inbox->patient};
    epoll_ctl(inbox->eager, EPOLL_CTL_MOD, inbox->patient, &event);
}

/* Patient sockets have been looked at: when to look again, or to watch them again. */
static void looked(struct rtc_inbox *inbox, int found, int more, double now) {
    int watched = isinf(inbox->look_at);
    if (watched) {
        double before = inbox->looked_at;
        inbox->looked_at = now;
        if (now - before > inbox->pause && !inbox->records) return;
    }
    inbox->looks = !found ? inbox->looks - 1 : inbox->records ? 1 : inbox->in_vain;
    int again = inbox->looks > 0;
    if (again == watched) watch_patient(inbox, !again);
    inbox->look_at = !again ? INFINITY : more ? now : now + (inbox->records ? inbox->record_pause : inbox->pause);
    if (again) inbox->records = 0;
}

/* Returns whether `inbox->others` has something; `inbox->left` of `inbox->count` datagrams are Python's. */
int rtc_wait(struct rtc_addresses *addresses, struct rtc_inbox *inbox, double timeout) {
    struct epoll_event ready[READY], patient[READY];
    double now = seconds_now(), until = timeout < 0 ? INFINITY : now + timeout;
    for (;;) {
        double next = inbox->look_at < until ? inbox->look_at : until;
        int waiting = epoll_wait(inbox->eager, ready, READY, milliseconds(next - now));
        now = seconds_now();
        int sockets = 0, others = 0, look = now >= inbox->look_at;
        for (int i = 0; i < waiting; i++) {
            if (ready[i].data.fd == inbox->others) others = 1;
            else if (ready[i].data.fd == inbox->patient) look = 1;
            else ready[sockets++] = ready[i];
        }
        int at = rtc_collect(inbox, ready, sockets, 0, look ? SLOTS / 2 : SLOTS);
        int those = look ? epoll_wait(inbox->patient, patient, READY, 0) : 0;
        int found = rtc_collect(inbox, patient, those, at, SLOTS);
        inbox->count = at + found;
        rtc_receive(addresses, inbox, now);
        if (look) looked(inbox, found, those == READY || inbox->count == SLOTS, now);
        if (inbox->left || others || waiting < 0 || now >= until) return others;
    }
}
