/*
 * sink: an SMTP server that accepts every message, counts it, and keeps nothing of it.
 *
 * sink PORT [RECORD]
 *
 * It listens on 127.0.0.1. When it does, it prints {"port": …}; PORT 0 takes a free one. SIGUSR1
 * prints the counts so far, SIGTERM prints them and ends the program, each as one line of JSON:
 * connections, messages, recipients, bytes (of messages, from behind DATA to the final dot), and
 * the moments at which the first and the last message was accepted, by the monotonic clock
 * ("first", "last") and by the calendar ("first_at", "last_at").
 *
 * With RECORD, each accepted message adds a line for each recipient to that file: the address, a
 * tab, and a hash of the Message-ID. So it can be seen who was missed, and who got it twice.
 *
 * One thread, one epoll, one buffer that all connections are read into. What stands in the buffer
 * is worked off at once, command after command (RFC 2920), and all replies go out in one write.
 * The body is not copied; its end is looked for 64 bytes at a time.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <netinet/tcp.h>
#include <time.h>
#include <unistd.h>

#define END_OF_DATA "\r\n.\r\n"

enum {
    AT_ONCE = 256 * 1024, /* read from a connection in one go */
    LONGEST_LINE = 2048,  /* RFC 5321 section 4.5.3.1.4 asks for 512 */
    REPLIES = 64 * 1024,
    HEADER = 8 * 1024,    /* of a message, as far as its Message-ID is looked for */
    RECIPIENTS = 32 * 1024,
    END = sizeof END_OF_DATA - 1,
};

enum stage { GREETED, MAIL_GIVEN, RCPT_GIVEN, IN_DATA, LEAVING };

struct peer {
    int socket;
    enum stage stage;
    int matched;            /* bytes of END_OF_DATA that the last of the body may be */
    bool waits_to_write;
    size_t line_length, reply_length, header_length, to_length;
    long rcpts;
    char line[LONGEST_LINE], reply[REPLIES];
    char header[HEADER + 1], to[RECIPIENTS];
};

static struct {
    long connections, messages, recipients, bytes;
    double first, last, first_at, last_at;
} counted;

static FILE *record;
static int epoll;
static char input[AT_ONCE];

static double moment(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void tell(void)
{
    printf("{\"connections\": %ld, \"messages\": %ld, \"recipients\": %ld, \"bytes\": %ld, "
           "\"first\": %.6f, \"last\": %.6f, \"first_at\": %.6f, \"last_at\": %.6f}\n",
           counted.connections, counted.messages, counted.recipients, counted.bytes,
           counted.first, counted.last, counted.first_at, counted.last_at);
    fflush(stdout);
    if (record)
        fflush(record);
}

static void answer(struct peer *peer, const char *text)
{
    size_t length = strlen(text);
    if (peer->reply_length + length > REPLIES) { /* it asks and asks, and never listens */
        peer->stage = LEAVING;
        return;
    }
    memcpy(peer->reply + peer->reply_length, text, length);
    peer->reply_length += length;
}

/* FNV-1a, 64 bits, of the Message-ID in the header; of nothing where there is none. */
static uint64_t hash_of_message_id(struct peer *peer)
{
    uint64_t hash = 14695981039346656037u;
    peer->header[peer->header_length] = 0;
    const char *at = strcasestr(peer->header, "\nMessage-ID:");
    if (!at && strncasecmp(peer->header, "Message-ID:", 11) == 0)
        at = peer->header - 1;
    if (at)
        for (at += 12; *at && *at != '>'; at++)
            if (*at > ' ')
                hash = (hash ^ (unsigned char)*at) * 1099511628211u;
    return hash;
}

static void accepted(struct peer *peer)
{
    counted.last = moment(CLOCK_MONOTONIC);
    counted.last_at = moment(CLOCK_REALTIME);
    if (counted.messages++ == 0) {
        counted.first = counted.last;
        counted.first_at = counted.last_at;
    }
    counted.recipients += peer->rcpts;
    if (record) {
        uint64_t hash = hash_of_message_id(peer);
        for (const char *to = peer->to; to < peer->to + peer->to_length; to += strlen(to) + 1)
            fprintf(record, "%s\t%016llx\n", to, (unsigned long long)hash);
    }
    peer->stage = GREETED;
    answer(peer, "250 2.0.0 Accepted\r\n");
}

/* How much of END_OF_DATA is matched when `byte` follows `matched` bytes of it. */
static int follow(int matched, char byte)
{
    if (byte == END_OF_DATA[matched])
        return matched + 1;
    return byte == '\r' ? 1 : 0;
}

/* Where the next line begins with a dot, between `at` and `end`; `end` where none does. */
static const char *line_with_dot(const char *at, const char *end)
{
    typedef unsigned char block __attribute__((vector_size(16)));
    enum { BLOCKS = 4 };

    while (end - at > (long)(BLOCKS * sizeof(block))) {
        block found = {0};
        for (int number = 0; number < BLOCKS; number++) {
            block here, next;
            memcpy(&here, at + number * sizeof here, sizeof here);
            memcpy(&next, at + number * sizeof next + 1, sizeof next);
            found |= (block)(here == '\n') & (block)(next == '.');
        }
        uint64_t halves[2];
        memcpy(halves, &found, sizeof halves);
        if (halves[0] | halves[1])
            break;
        at += BLOCKS * sizeof(block);
    }
    for (; end - at > 1; at++)
        if (at[0] == '\n' && at[1] == '.')
            return at + 1;
    return end;
}

/* Look for the end of the body; says how much of the input belongs to it, and whether it ended. */
static bool find_end(struct peer *peer, const char *at, size_t length, size_t *taken)
{
    const char *end = at + length, *dot = at;
    size_t here = 0;

    while (here < length && peer->matched) {
        peer->matched = follow(peer->matched, at[here++]);
        if (peer->matched == END) {
            *taken = here;
            return true;
        }
    }
    for (dot = at + here; (dot = line_with_dot(dot, end)) < end; dot++)
        if (dot - (at + here) >= 2 && end - dot >= 3 && memcmp(dot - 2, END_OF_DATA, END) == 0) {
            *taken = (size_t)(dot + 3 - at);
            return true;
        }
    if (length - here > END - 1)
        here = length - (END - 1);
    while (here < length)
        peer->matched = follow(peer->matched, at[here++]);
    *taken = length;
    return false;
}

/* Take what belongs to the body; returns how much that was. */
static size_t take_body(struct peer *peer, const char *at, size_t length)
{
    size_t taken;
    bool ended = find_end(peer, at, length, &taken);
    counted.bytes += (long)taken;
    if (record) {
        size_t room = HEADER - peer->header_length, more = taken < room ? taken : room;
        memcpy(peer->header + peer->header_length, at, more);
        peer->header_length += more;
    }
    if (ended)
        accepted(peer);
    return taken;
}

/* Remember a recipient between its angle brackets; false where there is no room left. */
static bool remember(struct peer *peer, const char *argument)
{
    const char *from = strchr(argument, '<'), *until = from ? strchr(from, '>') : NULL;
    size_t length = until ? (size_t)(until - from - 1) : 0;
    if (peer->to_length + length + 1 > RECIPIENTS)
        return false;
    memcpy(peer->to + peer->to_length, from ? from + 1 : "", length);
    peer->to[peer->to_length + length] = 0;
    peer->to_length += length + 1;
    return true;
}

static bool is(const char *line, const char *verb)
{
    return strncasecmp(line, verb, strlen(verb)) == 0;
}

static void obey(struct peer *peer, const char *line)
{
    if (is(line, "MAIL FROM:")) {
        if (peer->stage != GREETED) {
            answer(peer, "503 5.5.1 A sender was given\r\n");
            return;
        }
        peer->stage = MAIL_GIVEN;
        peer->rcpts = 0;
        peer->to_length = 0;
        answer(peer, "250 2.1.0 Sender\r\n");
    } else if (is(line, "RCPT TO:")) {
        if (peer->stage != MAIL_GIVEN && peer->stage != RCPT_GIVEN) {
            answer(peer, "503 5.5.1 Give a sender first\r\n");
        } else if (record && !remember(peer, line)) {
            answer(peer, "452 4.5.3 Too many recipients\r\n");
        } else {
            peer->stage = RCPT_GIVEN;
            peer->rcpts++;
            answer(peer, "250 2.1.5 Recipient\r\n");
        }
    } else if (is(line, "DATA")) {
        if (peer->stage != RCPT_GIVEN) {
            answer(peer, "503 5.5.1 Give a recipient first\r\n");
            return;
        }
        peer->stage = IN_DATA;
        peer->matched = 2; /* the line before the body has ended: a dot may follow at once */
        peer->header_length = 0;
        answer(peer, "354 Go on\r\n");
    } else if (is(line, "EHLO")) {
        peer->stage = GREETED;
        answer(peer, "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n");
    } else if (is(line, "HELO")) {
        peer->stage = GREETED;
        answer(peer, "250 sink\r\n");
    } else if (is(line, "RSET")) {
        peer->stage = GREETED;
        answer(peer, "250 2.0.0 Forgotten\r\n");
    } else if (is(line, "NOOP")) {
        answer(peer, "250 2.0.0 Here\r\n");
    } else if (is(line, "QUIT")) {
        peer->stage = LEAVING;
        answer(peer, "221 2.0.0 Goodbye\r\n");
    } else {
        answer(peer, "500 5.5.2 What?\r\n");
    }
}

/* Take a command line, or its beginning; returns how much was taken. */
static size_t take_line(struct peer *peer, const char *at, size_t length)
{
    const char *end = memchr(at, '\n', length);
    size_t taken = end ? (size_t)(end - at) + 1 : length;
    if (peer->line_length + taken >= LONGEST_LINE) {
        answer(peer, "500 5.5.6 The line is too long\r\n");
        peer->stage = LEAVING;
        return length;
    }
    memcpy(peer->line + peer->line_length, at, taken);
    peer->line_length += taken;
    if (end) {
        peer->line[peer->line_length] = 0;
        peer->line_length = 0;
        obey(peer, peer->line);
    }
    return taken;
}

static void forget(struct peer *peer)
{
    close(peer->socket);
    free(peer);
}

/* Write what there is to say; false where the connection has ended with it. */
static bool write_replies(struct peer *peer)
{
    ssize_t written = 0;
    if (peer->reply_length) {
        written = send(peer->socket, peer->reply, peer->reply_length, MSG_NOSIGNAL);
        if (written < 0 && errno != EAGAIN)
            return false;
        if (written < 0)
            written = 0;
    }
    peer->reply_length -= (size_t)written;
    memmove(peer->reply, peer->reply + written, peer->reply_length);
    bool waits = peer->reply_length > 0;
    if (waits != peer->waits_to_write) {
        struct epoll_event event = {.events = waits ? EPOLLOUT : EPOLLIN, .data.ptr = peer};
        epoll_ctl(epoll, EPOLL_CTL_MOD, peer->socket, &event);
        peer->waits_to_write = waits;
    }
    return waits || peer->stage != LEAVING;
}

static bool serve(struct peer *peer)
{
    if (!peer->waits_to_write) {
        ssize_t read = recv(peer->socket, input, AT_ONCE, 0);
        if (read == 0 || (read < 0 && errno != EAGAIN))
            return false;
        size_t length = read > 0 ? (size_t)read : 0;
        for (size_t at = 0; at < length && peer->stage != LEAVING;)
            at += peer->stage == IN_DATA ? take_body(peer, input + at, length - at)
                                         : take_line(peer, input + at, length - at);
    }
    return write_replies(peer);
}

static void welcome(int listener)
{
    int on = 1, socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0)
        return;
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer) {
        close(socket);
        return;
    }
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    peer->socket = socket;
    counted.connections++;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
    answer(peer, "220 sink ESMTP\r\n");
    if (!write_replies(peer))
        forget(peer);
}

static int listen_on(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024) ||
        getsockname(listener, (struct sockaddr *)&address, &length)) {
        perror("sink");
        exit(1);
    }
    printf("{\"port\": %d}\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static int listen_for_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

int main(int count, char **words)
{
    struct epoll_event happened[64], event = {.events = EPOLLIN};
    int listener, signals;

    if (count < 2 || count > 3) {
        fprintf(stderr, "usage: sink PORT [RECORD]\n");
        return 2;
    }
    if (count == 3 && !(record = fopen(words[2], "w"))) {
        perror(words[2]);
        return 1;
    }
    signals = listen_for_signals();
    listener = listen_on(atoi(words[1]));
    epoll = epoll_create1(EPOLL_CLOEXEC);
    event.data.ptr = &listener;
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    event.data.ptr = &signals;
    epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &event);

    for (;;) {
        int events = epoll_wait(epoll, happened, 64, -1);
        for (int number = 0; number < events; number++) {
            void *who = happened[number].data.ptr;
            if (who == &listener) {
                welcome(listener);
            } else if (who == &signals) {
                struct signalfd_siginfo signal;
                if (read(signals, &signal, sizeof signal) != sizeof signal)
                    continue;
                tell();
                if (signal.ssi_signo != SIGUSR1)
                    return 0;
            } else if (!serve(who)) {
                forget(who);
            }
        }
    }
}
