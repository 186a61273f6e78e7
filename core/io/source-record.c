/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tee.  What it has answered once it answers so again, from the transcript:
 * two different answers to one question could not both be in it.
 */
#include "source.h"

#include <errno.h>
#include <stdlib.h>

#include "../base/arena.h"
#include "transcript.h"

struct record_source {
	struct p2p_source source;
	struct p2p_source *inner;
	struct p2p_transcript *transcript;
};

static struct p2p_record *find_or_add(struct record_source *record, enum p2p_verb verb, const char *key)
{
	struct p2p_record *known = p2p_transcript_find(record->transcript, verb, key);

	return known ? known : p2p_transcript_add(record->transcript, verb, key);
}

/* Unknown needs no record: it is what a key without one is. */
static int record_error(struct record_source *record, enum p2p_verb verb, const char *key, int error)
{
	if (error != -ENODATA)
		find_or_add(record, verb, key)->error = error;
	return error;
}

static int record_read(struct p2p_source *source, const char *key, uint64_t offset, void *buffer, size_t length,
		       size_t *ret)
{
	struct record_source *record = (struct record_source *)source;
	size_t got;
	int known = p2p_transcript_read(record->transcript, key, offset, buffer, length, ret);

	if (!known)
		return 0;
	int error = p2p_source_read(record->inner, key, offset, buffer, length, &got);

	if (error == -ENODATA)
		return known;
	if (error)
		p2p_record_fail(find_or_add(record, P2P_VERB_READ, key), offset, length, error);
	else
		p2p_record_data(find_or_add(record, P2P_VERB_READ, key), offset, buffer, got, length);
	return p2p_transcript_read(record->transcript, key, offset, buffer, length, ret);
}

static int record_link(struct p2p_source *source, const char *key, struct p2p_buf *ret)
{
	struct record_source *record = (struct record_source *)source;
	int error = p2p_transcript_link(record->transcript, key, ret);

	if (error != -ENODATA)
		return error;
	error = p2p_source_link(record->inner, key, ret);
	if (error)
		return record_error(record, P2P_VERB_LINK, key, error);
	p2p_record_bytes(p2p_transcript_add(record->transcript, P2P_VERB_LINK, key), ret->text, ret->len, 0);
	return 0;
}

static int record_list(struct p2p_source *source, const char *key, struct p2p_names *ret)
{
	struct record_source *record = (struct record_source *)source;
	int error = p2p_transcript_list(record->transcript, key, ret);

	if (error != -ENODATA)
		return error;
	error = p2p_source_list(record->inner, key, ret);
	if (error)
		return record_error(record, P2P_VERB_LIST, key, error);
	p2p_record_bytes(p2p_transcript_add(record->transcript, P2P_VERB_LIST, key), ret->text.text, ret->text.len,
			 ret->count);
	return 0;
}

static void record_free(struct p2p_source *source)
{
	struct record_source *record = (struct record_source *)source;

	p2p_source_free(record->inner);
	p2p_transcript_free(record->transcript);
	free(record);
}

static const struct p2p_source_ops record_ops = {
	.read = record_read,
	.link = record_link,
	.list = record_list,
	.free = record_free,
};

struct p2p_source *p2p_source_record(struct p2p_source *inner)
{
	struct record_source *record = p2p_malloc(sizeof(*record));

	*record = (struct record_source){ .source.ops = &record_ops, .inner = inner,
					  .transcript = p2p_transcript_new() };
	return &record->source;
}

void p2p_source_transcript(const struct p2p_source *source, struct p2p_buf *ret)
{
	if (source->ops != &record_ops)
		abort();
	p2p_transcript_write(((const struct record_source *)source)->transcript, ret);
}
