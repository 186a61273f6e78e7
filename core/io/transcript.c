/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transcript.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "../base/arena.h"

struct p2p_transcript {
	struct p2p_arena *arena; /* keys */
	struct p2p_record *records;
	size_t count, size;
	uint32_t *slots; /* index of a record + 1; 0 free; a power of two of them, at most half used */
	size_t slot_count;
	uint64_t seed[2]; /* keys come from files that a stranger may have made */
};

static uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32) + v[3];
	v[2] += v[1];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 of the key, the verb in the last byte. */
static uint64_t hash(const struct p2p_transcript *transcript, enum p2p_verb verb, const char *key, size_t len)
{
	uint64_t v[4] = { transcript->seed[0] ^ 0x736f6d6570736575, transcript->seed[1] ^ 0x646f72616e646f6d,
			  transcript->seed[0] ^ 0x6c7967656e657261, transcript->seed[1] ^ 0x7465646279746573 };
	uint64_t word, last = (uint64_t)(len & 0x3f) << 58 | (uint64_t)verb << 56;

	for (; len >= 8; len -= 8, key += 8) {
		memcpy(&word, key, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = 0;
	memcpy(&word, key, len);
	word |= last; /* at most 7 bytes are in it */
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct p2p_transcript *p2p_transcript_new(void)
{
	struct p2p_transcript *transcript = p2p_malloc(sizeof(*transcript));
	const void *random = (const void *)getauxval(AT_RANDOM); /* 16 bytes, new in each process */

	*transcript = (struct p2p_transcript){ .arena = p2p_arena_new() };
	if (random)
		memcpy(transcript->seed, random, sizeof(transcript->seed));
	return transcript;
}

void p2p_transcript_free(struct p2p_transcript *transcript)
{
	if (!transcript)
		return;
	for (size_t i = 0; i < transcript->count; i++) {
		free(transcript->records[i].bytes);
		free(transcript->records[i].extents);
		free(transcript->records[i].failed);
	}
	free(transcript->records);
	free(transcript->slots);
	p2p_arena_free(transcript->arena);
	free(transcript);
}

/* The slot of the record, or the free one where it would be. */
static size_t find_slot(const struct p2p_transcript *transcript, enum p2p_verb verb, const char *key, size_t len)
{
	size_t slot = (size_t)hash(transcript, verb, key, len);

	for (;; slot++) {
		slot &= transcript->slot_count - 1;
		uint32_t index = transcript->slots[slot];

		if (!index)
			return slot;
		const struct p2p_record *record = &transcript->records[index - 1];

		if (record->verb == verb && strcmp(record->key, key) == 0)
			return slot;
	}
}

struct p2p_record *p2p_transcript_find(const struct p2p_transcript *transcript, enum p2p_verb verb, const char *key)
{
	if (!transcript->slot_count)
		return NULL;
	uint32_t index = transcript->slots[find_slot(transcript, verb, key, strlen(key))];

	return index ? &transcript->records[index - 1] : NULL;
}

static void grow(struct p2p_transcript *transcript)
{
	transcript->size = transcript->size ? transcript->size * 2 : 64;
	transcript->records = p2p_realloc(transcript->records, transcript->size, sizeof(*transcript->records));
	transcript->slot_count = transcript->size * 2;
	free(transcript->slots);
	transcript->slots = calloc(transcript->slot_count, sizeof(*transcript->slots));
	if (!transcript->slots)
		abort();
	for (size_t i = 0; i < transcript->count; i++) {
		const struct p2p_record *record = &transcript->records[i];
		size_t slot = find_slot(transcript, record->verb, record->key, strlen(record->key));

		transcript->slots[slot] = (uint32_t)i + 1;
	}
}

struct p2p_record *p2p_transcript_add(struct p2p_transcript *transcript, enum p2p_verb verb, const char *key)
{
	size_t len = strlen(key);

	if (transcript->count == transcript->size)
		grow(transcript);
	struct p2p_record *record = &transcript->records[transcript->count];

	*record = (struct p2p_record){ .key = p2p_arena_strndup(transcript->arena, key, len), .verb = verb,
				       .end = P2P_END_UNKNOWN };
	transcript->slots[find_slot(transcript, verb, key, len)] = (uint32_t)++transcript->count;
	return record;
}

const struct p2p_record *p2p_transcript_records(const struct p2p_transcript *transcript, size_t *ret_count)
{
	*ret_count = transcript->count;
	return transcript->records;
}

static uint64_t extent_end(const struct p2p_extent *extent)
{
	return extent->offset + extent->len;
}

/* The first extent that ends after `offset`. */
static size_t find_extent(const struct p2p_record *record, uint64_t offset)
{
	size_t low = 0, high = record->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (extent_end(&record->extents[middle]) > offset)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Where the known bytes that begin at `offset` stop, at `end` at the latest. */
static uint64_t known_until(const struct p2p_record *record, uint64_t offset, uint64_t end)
{
	for (size_t i = find_extent(record, offset); i < record->count && offset < end; i++) {
		if (record->extents[i].offset > offset)
			break;
		offset = extent_end(&record->extents[i]);
	}
	return offset < end ? offset : end;
}

static void copy_known(const struct p2p_record *record, uint64_t offset, uint64_t end, char *buffer)
{
	for (size_t i = find_extent(record, offset); offset < end; i++) {
		const struct p2p_extent *extent = &record->extents[i];
		uint64_t until = extent_end(extent) < end ? extent_end(extent) : end;

		memcpy(buffer, record->bytes + extent->at + (offset - extent->offset), (size_t)(until - offset));
		buffer += until - offset;
		offset = until;
	}
}

int p2p_transcript_read(const struct p2p_transcript *transcript, const char *key, uint64_t offset, void *buffer,
			size_t length, size_t *ret)
{
	const struct p2p_record *record = p2p_transcript_find(transcript, P2P_VERB_READ, key);

	if (!record)
		return -ENODATA;
	uint64_t until = known_until(record, offset, offset + length);

	if (until < offset + length && until < record->end)
		return record->error ? record->error : -ENODATA;
	copy_known(record, offset, until, buffer);
	*ret = (size_t)(until - offset);
	return 0;
}

int p2p_transcript_link(const struct p2p_transcript *transcript, const char *key, struct p2p_buf *ret)
{
	const struct p2p_record *record = p2p_transcript_find(transcript, P2P_VERB_LINK, key);

	if (!record || record->error)
		return record ? record->error : -ENODATA;
	p2p_buf_reset(ret);
	p2p_buf_add(ret, record->bytes, record->len);
	return 0;
}

int p2p_transcript_list(const struct p2p_transcript *transcript, const char *key, struct p2p_names *ret)
{
	const struct p2p_record *record = p2p_transcript_find(transcript, P2P_VERB_LIST, key);

	if (!record || record->error)
		return record ? record->error : -ENODATA;
	p2p_names_reset(ret);
	p2p_buf_add(&ret->text, record->bytes, record->len);
	ret->count = record->count;
	return 0;
}

static void add_bytes(struct p2p_record *record, const void *bytes, size_t len)
{
	if (record->size - record->len < len) {
		/* Most records get all their bytes at once: no room to spare the first time. */
		record->size = record->size ? (record->len + len) * 2 : len;
		record->bytes = p2p_realloc(record->bytes, record->size, 1);
	}
	if (len)
		memcpy(record->bytes + record->len, bytes, len);
	record->len += len;
}

/* A range of which no byte is known yet, before extent `index`. */
static void add_extent(struct p2p_record *record, size_t index, uint64_t offset, const void *bytes, size_t len)
{
	struct p2p_extent *before = index ? &record->extents[index - 1] : NULL;

	if (before && extent_end(before) == offset && before->at + before->len == record->len) {
		before->len += (uint32_t)len;
		add_bytes(record, bytes, len);
		return;
	}
	if (record->count == record->extents_size) {
		record->extents_size = record->extents_size ? record->extents_size * 2 : 1;
		record->extents = p2p_realloc(record->extents, record->extents_size, sizeof(*record->extents));
	}
	memmove(&record->extents[index + 1], &record->extents[index],
		(record->count - index) * sizeof(*record->extents));
	record->extents[index] = (struct p2p_extent){ offset, (uint32_t)record->len, (uint32_t)len };
	record->count++;
	add_bytes(record, bytes, len);
}

static void fill_gaps(struct p2p_record *record, uint64_t offset, const char *bytes, uint64_t end)
{
	while (offset < end) {
		size_t i = find_extent(record, offset);
		bool in = i < record->count && record->extents[i].offset <= offset;
		uint64_t until = i == record->count ? end : in ? extent_end(&record->extents[i]) :
							     record->extents[i].offset;

		until = until < end ? until : end;
		if (!in)
			add_extent(record, i, offset, bytes, (size_t)(until - offset));
		bytes += until - offset;
		offset = until;
	}
}

/*
 * With the bytes from `offset` to `top` and the end at `end`, would a read that
 * failed be answered?
 */
static bool would_answer(const struct p2p_record *record, uint64_t offset, uint64_t top, uint64_t end)
{
	for (size_t i = 0; i < record->failed_count; i++) {
		const struct p2p_range *failed = &record->failed[i];
		uint64_t until = known_until(record, failed->offset, failed->end);

		if (until >= offset && until < top)
			until = top < failed->end ? known_until(record, top, failed->end) : failed->end;
		if (until >= failed->end || until >= end)
			return true;
	}
	return false;
}

void p2p_record_fail(struct p2p_record *record, uint64_t offset, size_t asked, int error)
{
	struct p2p_range range = { offset, offset + asked };

	if (!record->error)
		record->error = error;
	for (size_t i = 0; i < record->failed_count; i++)
		if (record->failed[i].offset == range.offset && record->failed[i].end == range.end)
			return;
	if ((record->failed_count & (record->failed_count + 1)) == 0) /* 0, 1, 3, 7, ...: grown by doubling */
		record->failed = p2p_realloc(record->failed, record->failed_count * 2 + 1, sizeof(range));
	record->failed[record->failed_count++] = range;
}

void p2p_record_data(struct p2p_record *record, uint64_t offset, const void *bytes, size_t len, size_t asked)
{
	uint64_t top = offset + len, end = record->end;

	if (len < asked && record->count && extent_end(&record->extents[record->count - 1]) > top) {
		p2p_record_fail(record, offset, asked, -ESTALE);
		return;
	}
	if (record->len + len > P2P_RECORD_MAX) {
		p2p_record_fail(record, offset, asked, -EFBIG);
		return;
	}
	if (len < asked && top < end)
		end = top;
	top = top < end ? top : end;
	if (would_answer(record, offset, top, end)) {
		p2p_record_fail(record, offset, asked, record->error);
		return;
	}
	record->end = end;
	fill_gaps(record, offset, bytes, top);
}

void p2p_record_bytes(struct p2p_record *record, const void *bytes, size_t len, size_t count)
{
	add_bytes(record, bytes, len);
	record->count = count;
}
