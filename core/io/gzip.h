/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gzip: compressed bytes made plain; the one door to zlib.  Floor 2 (io).
 */
#ifndef P2P_IO_GZIP_H
#define P2P_IO_GZIP_H

#include <stddef.h>

#include "../base/buf.h"

/*
 * Replaces what `ret` held by the plain bytes of a whole gzip file, at most
 * `max` of them.  -EFBIG: more; -EINVAL: not gzip, cut short or damaged;
 * -ENOTSUP: built without zlib.
 */
int p2p_gzip_read(const void *bytes, size_t len, size_t max, struct p2p_buf *ret);

/* The same of the bare zlib form (RFC 1950), which has no file header. */
int p2p_zlib_read(const void *bytes, size_t len, size_t max, struct p2p_buf *ret);

#endif
