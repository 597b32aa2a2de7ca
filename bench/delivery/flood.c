/*
 * flood: a sender that does nothing but send, to see how much a sink can take.
 *
 * flood PORT CONNECTIONS MESSAGES SIZE
 *
 * Every connection pipelines (RFC 2920): the next envelope goes out behind the last dot, in one
 * write with it, and the body when 354 is there. All messages are the same prebuilt bytes.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/tcp.h>
#include <unistd.h>

#define ENVELOPE "MAIL FROM:<flood@flood.example> BODY=8BITMIME\r\n" \
                 "RCPT TO:<reader@flood.example>\r\nDATA\r\n"
#define HELLO "EHLO flood.example\r\n" ENVELOPE
#define LINE "One line of a body, as long as lines of letters are: seventy-six and no more.\r\n"
#define DOT ".\r\n"
#define QUIT "QUIT\r\n"

struct stream {
    int socket;
    long left;             /* messages whose body has not begun */
    const char *to_write;  /* what waits to be written */
    size_t length;
    int column;            /* bytes of the current reply line that were read, up to four */
    char line[4];
};

static char *message, *last_message;
static size_t message_length, last_length;
static int epoll;

/* A body of `size` bytes, and what follows it: the dot and `rest`. */
static char *build(size_t size, const char *rest, size_t *length)
{
    char *built = malloc(size + sizeof LINE + sizeof DOT + strlen(rest)), *at = built;
    for (; (size_t)(at - built) + sizeof LINE - 1 <= size; at += sizeof LINE - 1)
        memcpy(at, LINE, sizeof LINE - 1);
    at = stpcpy(stpcpy(at, DOT), rest);
    *length = (size_t)(at - built);
    return built;
}

static void stop(const char *why)
{
    perror(why);
    exit(1);
}

static void write_on(struct stream *stream)
{
    while (stream->length) {
        ssize_t written = send(stream->socket, stream->to_write, stream->length,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
        if (written < 0 && errno != EAGAIN)
            stop("flood: send");
        if (written < 0)
            break;
        stream->to_write += written;
        stream->length -= (size_t)written;
    }
    struct epoll_event event = {.events = EPOLLIN | (stream->length ? EPOLLOUT : 0),
                                .data.ptr = stream};
    epoll_ctl(epoll, EPOLL_CTL_MOD, stream->socket, &event);
}

/* Read replies; false where the connection has ended. */
static bool read_on(struct stream *stream)
{
    char input[16384];
    ssize_t length = recv(stream->socket, input, sizeof input, MSG_DONTWAIT);
    if (length < 0)
        return errno == EAGAIN;
    for (ssize_t at = 0; at < length; at++) {
        if (input[at] == '\n') {
            if (memcmp(stream->line, "354", 3) == 0) {
                bool last = --stream->left == 0;
                stream->to_write = last ? last_message : message;
                stream->length = last ? last_length : message_length;
                write_on(stream);
            } else if (stream->line[0] != '2') {
                fprintf(stderr, "flood: refused: %.4s\n", stream->line);
                exit(1);
            }
            stream->column = 0;
        } else if (stream->column < 4) {
            stream->line[stream->column++] = input[at];
        }
    }
    return length > 0;
}

int main(int count, char **words)
{
    if (count != 5) {
        fprintf(stderr, "usage: flood PORT CONNECTIONS MESSAGES SIZE\n");
        return 2;
    }
    int connections = atoi(words[2]), open = 0, on = 1;
    long messages = atol(words[3]);
    size_t size = (size_t)atol(words[4]);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event happened[64];

    message = build(size, ENVELOPE, &message_length);
    last_message = build(size, QUIT, &last_length);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int number = 0; number < connections; number++) {
        struct stream *stream = calloc(1, sizeof *stream);
        stream->left = messages / connections + (number < messages % connections);
        if (stream->left == 0)
            continue;
        stream->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(stream->socket, (struct sockaddr *)&address, sizeof address))
            stop("flood: connect");
        setsockopt(stream->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (send(stream->socket, HELLO, sizeof HELLO - 1, MSG_NOSIGNAL) != sizeof HELLO - 1)
            stop("flood: send");
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
        epoll_ctl(epoll, EPOLL_CTL_ADD, stream->socket, &event);
        open++;
    }
    while (open) {
        int events = epoll_wait(epoll, happened, 64, -1);
        for (int number = 0; number < events; number++) {
            struct stream *stream = happened[number].data.ptr;
            if (stream->length)
                write_on(stream);
            if ((happened[number].events & ~EPOLLOUT) && !read_on(stream)) {
                close(stream->socket);
                open--;
            }
        }
    }
    return 0;
}
