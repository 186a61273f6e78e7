/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transcript: what was asked of a source and what it answered.  Floor 2 (io).
 * A recording source fills it, a snapshot is it as text (p2p-snapshot(5)).
 *
 * Only the first answer counts: a byte, once known, does not change, an end
 * does not move to where bytes were, and what failed once does not succeed
 * later.  So everything that was answered from a transcript is answered so
 * again from the finished one.
 */
#ifndef P2P_IO_TRANSCRIPT_H
#define P2P_IO_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../base/names.h"

struct p2p_transcript;

/* In the order in which the records of one key are written. */
enum p2p_verb {
	P2P_VERB_READ,
	P2P_VERB_LINK,
	P2P_VERB_LIST,
};

/* One unbroken range of a file: `len` bytes from `offset`, at `bytes[at]`. */
struct p2p_extent {
	uint64_t offset;
	uint32_t at, len;
};

/* A read that failed: from `offset` up to `end`. */
struct p2p_range {
	uint64_t offset, end;
};

/* All that is known of a key for one verb. */
struct p2p_record {
	const char *key;
	enum p2p_verb verb;
	int error;      /* of what is not in the record; 0: that was never asked */
	char *bytes;    /* read: of all extents; link: the target; list: the names, each terminated */
	size_t len, size;
	size_t count;   /* read: extents; list: names */
	size_t extents_size;
	struct p2p_extent *extents; /* read: ascending, none touches another's bytes */
	uint64_t end;   /* read: no byte is here or after; P2P_END_UNKNOWN */
	struct p2p_range *failed; /* read: while recording; the text has only their error */
	size_t failed_count;
};

#define P2P_END_UNKNOWN UINT64_MAX

/* The most records, some 600 MB of memory, and the most bytes of one: no machine comes near. */
#define P2P_TRANSCRIPT_MAX ((size_t)4 << 20)
#define P2P_RECORD_MAX ((size_t)1 << 30)

/* The caller owns it. */
struct p2p_transcript *p2p_transcript_new(void);

/* NULL is fine. */
void p2p_transcript_free(struct p2p_transcript *transcript);

/* The record, NULL when there is none; valid until the next p2p_transcript_add. */
struct p2p_record *p2p_transcript_find(const struct p2p_transcript *transcript, enum p2p_verb verb, const char *key);

/* A new, empty record for what has none; `key` is copied. */
struct p2p_record *p2p_transcript_add(struct p2p_transcript *transcript, enum p2p_verb verb, const char *key);

/* The records, in the order in which they were added. */
const struct p2p_record *p2p_transcript_records(const struct p2p_transcript *transcript, size_t *ret_count);

/* As p2p_source_read, _link, _list; -ENODATA: not recorded. */
int p2p_transcript_read(const struct p2p_transcript *transcript, const char *key, uint64_t offset, void *buffer,
			size_t length, size_t *ret);
int p2p_transcript_link(const struct p2p_transcript *transcript, const char *key, struct p2p_buf *ret);
int p2p_transcript_list(const struct p2p_transcript *transcript, const char *key, struct p2p_names *ret);

/*
 * A read of `asked` bytes from `offset` gave `len`, fewer only at the end.  What
 * is known already stays.  The read fails instead where it says otherwise than
 * before: the file is shorter than what is known of it (-ESTALE), or a read
 * that failed would not have.
 */
void p2p_record_data(struct p2p_record *record, uint64_t offset, const void *bytes, size_t len, size_t asked);

/* A read of `asked` bytes from `offset` failed.  The first error of a record is the error of all its failures. */
void p2p_record_fail(struct p2p_record *record, uint64_t offset, size_t asked, int error);

/* The bytes of a link's target or of terminated names. */
void p2p_record_bytes(struct p2p_record *record, const void *bytes, size_t len, size_t count);

/* The transcript as a snapshot's text; replaces what `ret` held. */
void p2p_transcript_write(const struct p2p_transcript *transcript, struct p2p_buf *ret);

#endif
