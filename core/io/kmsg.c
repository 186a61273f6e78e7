/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A read gives one record: "PRIORITY,NUMBER,MICROSECONDS,FLAGS;TEXT\n", then
 * lines of " KEY=VALUE" (KERNEL: Documentation/ABI/testing/dev-kmsg).  Bytes
 * that cannot be printed are \xNN there already.
 */
#include "kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The kernel's own limit, PRINTKRB_RECORD_MAX 1024 or CONSOLE_EXT_LOG_MAX 8192, by release. */
#define RECORD_MAX 8192
/* A log that grows as fast as it is read. */
#define RECORDS_MAX 100000

int p2p_kmsg_open(int *ret)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (lseek(fd, 0, SEEK_END) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	*ret = fd;
	return 0;
}

bool p2p_kmsg_parse(const char *record, struct p2p_buf *ret)
{
	const char *text = strchr(record, ';');

	if (!text)
		return false;
	p2p_buf_add(ret, text + 1, strcspn(text + 1, "\n"));
	return true;
}

int p2p_kmsg_read(int fd, size_t most, struct p2p_names *ret, bool *ret_lost)
{
	struct p2p_buf line = P2P_BUF_INIT;
	char record[RECORD_MAX + 1];
	int error = 0;

	for (unsigned i = 0; i < RECORDS_MAX; i++) {
		ssize_t got = read(fd, record, RECORD_MAX);

		if (got < 0 && errno == EPIPE) {
			*ret_lost = true;
			continue;
		}
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			error = got < 0 && errno != EAGAIN ? -errno : 0;
			break;
		}
		record[got] = '\0';
		p2p_buf_reset(&line);
		if (ret->count < most && p2p_kmsg_parse(record, &line))
			p2p_names_add(ret, p2p_buf_text(&line));
	}
	p2p_buf_free(&line);
	return error;
}
