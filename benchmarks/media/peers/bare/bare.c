/* The least that forwarding can cost on a machine: each datagram that arrives is copied, encrypted and sent to everybody.
 *
 * No peer, no signalling, no history, no rewriting: AES-128-GCM by OpenSSL's EVP, and one system call for all readers
 * (sendmmsg) or one for each (connected sockets). What this reaches no server passes that uses the same calls.
 * Arguments: READERS SECONDS PACKETS-A-SECOND CORE-OF-THE-OTHERS together|apart. Prints JSON. Linked with libcrypto, without its headers.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 256, HEADER = 24, BODY = 1100, TAG = 16, PACKET = HEADER + BODY, GET_TAG = 0x10, ROOM = 4 << 20 };

extern void *EVP_CIPHER_CTX_new(void);
extern const void *EVP_aes_128_gcm(void);
extern int EVP_EncryptInit_ex(void *, const void *, void *, const unsigned char *, const unsigned char *);
extern int EVP_EncryptUpdate(void *, unsigned char *, int *, const unsigned char *, int);
extern int EVP_EncryptFinal_ex(void *, unsigned char *, int *);
extern int EVP_CIPHER_CTX_ctrl(void *, int, int, void *);

struct reader {
    int heard, said; /* its socket, and ours to it */
    struct sockaddr_in address;
    void *cipher;
};

static struct reader readers[MOST];
static unsigned char arena[MOST][PACKET + TAG];

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static double used(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static int opened(struct sockaddr_in *address) {
    int made = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), room = ROOM;
    socklen_t length = sizeof *address;
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(made, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (made < 0 || bind(made, (struct sockaddr *)address, sizeof *address)) exit(1);
    getsockname(made, (struct sockaddr *)address, &length);
    return made;
}

/* Publisher and readers: send by the clock, and read what has come each millisecond; how many came. Nobody waits on a socket: who
 * is told of each packet costs its sender a wake-up for each (drain.c). */
static long others(const struct sockaddr_in *server, int count, double seconds, double every) {
    unsigned char packet[PACKET] = {0x80};
    int out = socket(AF_INET, SOCK_DGRAM, 0);
    long came = 0;
    double due = now(), read = due + 1e-3, end = due + seconds;
    for (double at; (at = now()) < end + 0.2;) {
        double next = read < due ? read : due;
        if (at < next) {
            nanosleep(&(struct timespec){.tv_nsec = (long)((next - at) * 1e9)}, NULL);
            continue;
        }
        if (at >= due) {
            if (at < end && sendto(out, packet, sizeof packet, 0, (const struct sockaddr *)server, sizeof *server) < 0) exit(1);
            due += every;
        }
        if (at < read) continue;
        read = at + 1e-3;
        for (int i = 0; i < count; i++)
            while (recv(readers[i].heard, packet, sizeof packet, MSG_DONTWAIT) > 0) came++;
    }
    return came;
}

static void seal(struct reader *reader, unsigned char *packet, long number) {
    unsigned char iv[12] = {0};
    int written;
    memcpy(iv, &number, sizeof number);
    EVP_EncryptInit_ex(reader->cipher, NULL, NULL, NULL, iv);
    EVP_EncryptUpdate(reader->cipher, NULL, &written, packet, HEADER);
    EVP_EncryptUpdate(reader->cipher, packet + HEADER, &written, packet + HEADER, BODY);
    EVP_EncryptFinal_ex(reader->cipher, packet + PACKET, &written);
    EVP_CIPHER_CTX_ctrl(reader->cipher, GET_TAG, TAG, packet + PACKET);
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    static struct mmsghdr messages[MOST];
    static struct iovec vectors[MOST];
    int count = atoi(argv[1]), together = !strcmp(argv[5], "together"), told[2];
    double seconds = atof(argv[2]), every = 1 / atof(argv[3]);
    unsigned char key[16] = {1}, packet[PACKET];
    struct sockaddr_in address, any;
    int in = opened(&address), out = opened(&any), poll = epoll_create1(0);
    if (count < 1 || count > MOST || pipe(told)) return 2;
    for (int i = 0; i < count; i++) {
        struct reader *reader = &readers[i];
        reader->heard = opened(&reader->address);
        reader->said = socket(AF_INET, SOCK_DGRAM, 0);
        reader->cipher = EVP_CIPHER_CTX_new();
        if (connect(reader->said, (struct sockaddr *)&reader->address, sizeof reader->address)) return 1;
        if (EVP_EncryptInit_ex(reader->cipher, EVP_aes_128_gcm(), NULL, key, NULL) != 1) return 1;
        vectors[i] = (struct iovec){arena[i], PACKET + TAG};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &reader->address, .msg_namelen = sizeof reader->address, .msg_iov = &vectors[i], .msg_iovlen = 1};
    }
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(poll, EPOLL_CTL_ADD, in, &event);
    pid_t child = fork();
    if (!child) {
        cpu_set_t core;
        CPU_ZERO(&core);
        CPU_SET(atoi(argv[4]), &core);
        sched_setaffinity(0, sizeof core, &core);
        long came = others(&address, count, seconds, every);
        _exit(write(told[1], &came, sizeof came) != sizeof came);
    }
    long sent = 0, taken = 0, came = 0;
    double begun = used(), end = now() + seconds + 0.1;
    while (now() < end) {
        if (epoll_wait(poll, &event, 1, 50) < 1) continue;
        while (recv(in, packet, sizeof packet, 0) > 0) {
            taken++;
            for (int i = 0; i < count; i++) {
                memcpy(arena[i], packet, PACKET);
                seal(&readers[i], arena[i], taken);
                if (!together && send(readers[i].said, arena[i], PACKET + TAG, 0) > 0) sent++;
            }
            int done = together ? sendmmsg(out, messages, (unsigned)count, 0) : 0;
            sent += done > 0 ? done : 0;
        }
    }
    double cpu = used() - begun;
    if (read(told[0], &came, sizeof came) != sizeof came || waitpid(child, NULL, 0) != child) return 1;
    printf("{\"taken\": %ld, \"out\": %ld, \"arrived\": %ld, \"cpu\": %.4f}\n", taken, sent, came, cpu);
    return 0;
}
