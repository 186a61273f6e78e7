/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "published.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "state.h"

#define FACT(name) { #name, offsetof(struct p2p_function, name) }

const struct p2p_published_fact p2p_published_facts[] = {
	FACT(port_type), FACT(ats),  FACT(pri),	      FACT(pasid), FACT(mps), FACT(mps_max),
	FACT(mrrs),	 FACT(resizable), FACT(vfs), FACT(vfs_max), FACT(cxl),
};
const size_t p2p_published_fact_count = sizeof(p2p_published_facts) / sizeof(*p2p_published_facts);

int p2p_published_read(const char *name, uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	int fd = -1, error = p2p_state_open_trusted(P2P_PUBLISHED_DIR, name, &fd);

	if (error)
		return error;
	error = p2p_state_read_at(fd, offset, buffer, length, ret);
	close(fd);
	return error;
}

int p2p_published_age(int64_t *ret)
{
	struct stat st;
	int fd = -1, error = p2p_state_open_trusted(P2P_PUBLISHED_DIR, P2P_PUBLISHED_NAME, &fd);

	if (error)
		return error;
	if (fstat(fd, &st))
		error = -errno;
	close(fd);
	if (!error)
		*ret = (int64_t)time(NULL) - (int64_t)st.st_mtime;
	return error;
}
