/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gzip.h"

#include <errno.h>
#include <limits.h>

#include "config.h"

#if HAVE_ZLIB

#include <zlib.h>

static int inflate_all(z_stream *stream, size_t max, struct p2p_buf *text)
{
	unsigned char chunk[16384];
	int state;

	do {
		stream->next_out = chunk;
		stream->avail_out = sizeof(chunk);
		state = inflate(stream, Z_NO_FLUSH);
		if (state != Z_OK && state != Z_STREAM_END)
			return -EINVAL;
		p2p_buf_add(text, chunk, sizeof(chunk) - stream->avail_out);
		if (text->len > max)
			return -EFBIG;
	} while (state != Z_STREAM_END);
	return 0;
}

static int read_form(const void *bytes, size_t len, int form, size_t max, struct p2p_buf *ret)
{
	z_stream stream = { .next_in = (z_const Bytef *)bytes };
	struct p2p_buf text = P2P_BUF_INIT;

	if (len > UINT_MAX)
		return -EFBIG;
	stream.avail_in = (unsigned)len;
	if (inflateInit2(&stream, form) != Z_OK)
		return -EINVAL;
	int error = inflate_all(&stream, max, &text);

	inflateEnd(&stream);
	if (error) {
		p2p_buf_free(&text);
		return error;
	}
	p2p_buf_free(ret);
	*ret = text;
	return 0;
}

int p2p_gzip_read(const void *bytes, size_t len, size_t max, struct p2p_buf *ret)
{
	return read_form(bytes, len, 16 + MAX_WBITS, max, ret); /* 16: gzip's header and checksum, nothing else */
}

int p2p_zlib_read(const void *bytes, size_t len, size_t max, struct p2p_buf *ret)
{
	return read_form(bytes, len, MAX_WBITS, max, ret);
}

#else

int p2p_gzip_read(const void *bytes, size_t len, size_t max, struct p2p_buf *ret)
{
	(void)bytes;
	(void)len;
	(void)max;
	(void)ret;
	return -ENOTSUP;
}

int p2p_zlib_read(const void *bytes, size_t len, size_t max, struct p2p_buf *ret)
{
	return p2p_gzip_read(bytes, len, max, ret);
}

#endif
