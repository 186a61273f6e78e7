/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lspci-parse.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_BYTES 16
#define CONFIG_MAX 4096

/* lspci's own longest lines (VPD, -vvv) stay far below; what is longer is no text. */
#define LINE_MAX_BYTES 65536

/* More than any machine has, as scan-hierarchy.c thinks too; it bounds the memory that noise can ask for. */
#define FUNCTIONS_MAX (1u << 20)

/* A path is shown from its end, so that the sentence still fits struct p2p_problem. */
#define PATH_SHOWN 160

#define AGAIN "run `lspci -D -xxxx` as root again and send the whole output"

struct parser {
	const char *path;
	struct p2p_arena *arena;
	struct p2p_problem *problem;
	struct p2p_lspci_function *functions; /* in the order of the text */
	size_t count, room;
	size_t line;             /* of `begin`, from 1 */
	const char *begin, *end; /* the present line, trailing blanks cut off */
	size_t row_line;         /* of the present function's last hex row */
	unsigned recorded;       /* bytes of its configuration space so far */
	bool refused;            /* lspci says that it may not show them */
	bool any_hex, tells_drivers, extended;
	uint8_t config[CONFIG_MAX];
};

static int fail_at(struct parser *parser, size_t line, size_t column, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int fail_at(struct parser *parser, size_t line, size_t column, const char *format, ...)
{
	const char *path = parser->path;
	size_t len = strlen(path);
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return p2p_problem_set(parser->problem, -EINVAL, "%s%s:%zu:%zu: %s", len > PATH_SHOWN ? "..." : "",
			       len > PATH_SHOWN ? path + len - PATH_SHOWN : path, line, column, what);
}

/* The column of a place in the present line. */
static size_t column_of(const struct parser *parser, const char *at)
{
	return (size_t)(at - parser->begin) + 1;
}

static struct p2p_lspci_function *present(struct parser *parser)
{
	return parser->count ? &parser->functions[parser->count - 1] : NULL;
}

/* The present function's address as text, for messages. */
static const char *who(struct parser *parser, char text[P2P_BDF_TEXT])
{
	return p2p_bdf_format(present(parser)->bdf, true, text);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

static const char *skip_word(const char *at, const char *end)
{
	while (at < end && !is_blank(*at))
		at++;
	return at;
}

/* Past the indentation and the quoting marks of mail. */
static const char *skip_margin(const char *at, const char *end)
{
	while (at < end && (is_blank(*at) || *at == '>'))
		at++;
	return at;
}

/* ------------------------------------------------------------- one function */

/* May a dump of a function end after that many bytes? */
static bool whole(const struct parser *parser)
{
	switch (parser->recorded) {
	case 0:
	case PCI_STD_HEADER_SIZEOF:
	case PCI_CFG_SPACE_SIZE:
	case CONFIG_MAX:
		return true;
	case 2 * PCI_STD_HEADER_SIZEOF:
		/* Only these have a longer standard header, which lspci shows whole. */
		return (parser->config[PCI_HEADER_TYPE] & 0x7f) == PCI_HEADER_TYPE_CARDBUS;
	default:
		return false;
	}
}

/* The present function has been read; `last`: the text ends here. */
static int function_finish(struct parser *parser, bool last)
{
	struct p2p_lspci_function *function = present(parser);
	char address[P2P_BDF_TEXT];
	unsigned had = parser->recorded;

	if (!function)
		return 0;
	if (!whole(parser))
		return fail_at(parser, parser->row_line, 1,
			       "%s: configuration space stops after %u bytes, a row is missing; " AGAIN,
			       who(parser, address), had);
	if (last && !had && parser->any_hex && !parser->refused)
		return fail_at(parser, function->line, 1,
			       "%s: the text ends before its configuration space; " AGAIN, who(parser, address));
	if (had) {
		uint8_t *config = p2p_arena_alloc(parser->arena, had);

		memcpy(config, parser->config, had);
		function->config = config;
		function->recorded = (uint16_t)had;
	}
	parser->extended |= had == CONFIG_MAX;
	return 0;
}

static void function_begin(struct parser *parser, struct p2p_bdf bdf)
{
	if (parser->count == parser->room) {
		parser->room = parser->room ? parser->room * 2 : 64;
		parser->functions = p2p_realloc(parser->functions, parser->room, sizeof(*parser->functions));
	}
	parser->functions[parser->count++] = (struct p2p_lspci_function){ .bdf = bdf, .line = parser->line };
	parser->row_line = parser->line;
	parser->recorded = 0;
	parser->refused = false;
}

/* --------------------------------------------------------------- three lines */

/*
 * An address, then nothing or `class: name`.  Sentences may begin with an
 * address too ("03:00.0 is my card"), so the colon is asked for.
 * 1: it was one; 0: it is not.
 */
static int address_line(struct parser *parser, const char *at)
{
	const char *word_end = skip_word(at, parser->end), *rest = skip_blanks(word_end, parser->end);
	size_t len = (size_t)(word_end - at);
	char word[2 * P2P_BDF_TEXT] = "";
	struct p2p_bdf bdf;

	if (len < 7 || len >= sizeof(word))
		return 0;
	memcpy(word, at, len);
	char *slash = strchr(word, '/');

	if (slash) {
		*slash = '\0';
		if (!p2p_bdf_parse(word, &bdf) && hex_digit(slash[1]) >= 0 && hex_digit(slash[2]) >= 0)
			return fail_at(parser, parser->line, column_of(parser, at + (slash - word)),
				       "%s: a path in place of an address (lspci -P); " AGAIN, word);
		return 0;
	}
	if (p2p_bdf_parse(word, &bdf))
		return 0;
	bool named = false;

	for (const char *p = rest; p < parser->end && !named; p++)
		named = *p == ':' && (p + 1 == parser->end || is_blank(p[1]));
	if (rest < parser->end && !named)
		return 0;
	int error = function_finish(parser, false);

	if (error)
		return error;
	if (parser->count == FUNCTIONS_MAX)
		return fail_at(parser, parser->line, 1,
			       "more than %u functions, this is no machine's PCI hierarchy; " AGAIN, FUNCTIONS_MAX);
	function_begin(parser, bdf);
	return 1;
}

/* `OFFSET:` of two to four hex digits, then blanks or the end; NULL: it is not one. */
static const char *row_offset(const char *at, const char *end, unsigned *ret)
{
	unsigned value = 0;
	int digits = 0;

	for (; at < end && digits < 4 && hex_digit(*at) >= 0; at++, digits++)
		value = value << 4 | (unsigned)hex_digit(*at);
	if (digits < 2 || at == end || *at != ':' || (at + 1 < end && !is_blank(at[1])))
		return NULL;
	*ret = value;
	return at + 1;
}

/*
 * Can the line only be a hex row?  It has a row's offset and then a byte; or,
 * within a function, the offset that must come next, whatever follows.
 */
static bool is_row(struct parser *parser, const char *bytes, unsigned offset)
{
	const char *first = skip_blanks(bytes, parser->end);
	bool byte = skip_word(first, parser->end) - first == 2 && hex_digit(first[0]) >= 0 && hex_digit(first[1]) >= 0;

	return byte || (parser->count && offset == parser->recorded && offset < CONFIG_MAX);
}

/* Is the row the one that must come next? */
static int row_place(struct parser *parser, const char *at, unsigned offset)
{
	char address[P2P_BDF_TEXT];
	size_t column = column_of(parser, at);

	if (!parser->count)
		return fail_at(parser, parser->line, column,
			       "row %02x of a function whose address line is missing; " AGAIN, offset);
	if (offset == parser->recorded && offset < CONFIG_MAX)
		return 0;
	who(parser, address);
	if (!offset)
		return fail_at(parser, parser->line, column,
			       "%s: row 00 a second time, as if the address line of another function were missing; "
			       AGAIN, address);
	if (parser->recorded == CONFIG_MAX)
		return fail_at(parser, parser->line, column,
			       "%s: row %02x after the end of its configuration space; " AGAIN, address, offset);
	return fail_at(parser, parser->line, column, "%s: row %02x where row %02x must come; " AGAIN, address,
		       offset, parser->recorded);
}

static int row_bytes(struct parser *parser, const char *at)
{
	uint8_t *row = parser->config + parser->recorded;
	char address[P2P_BDF_TEXT];

	for (unsigned i = 0; i < ROW_BYTES; i++) {
		at = skip_blanks(at, parser->end);
		if (at == parser->end)
			return fail_at(parser, parser->line, column_of(parser, at),
				       "%s: row %02x ends after %u of %u bytes; " AGAIN, who(parser, address),
				       parser->recorded, i, ROW_BYTES);
		if (skip_word(at, parser->end) - at != 2 || hex_digit(at[0]) < 0 || hex_digit(at[1]) < 0)
			return fail_at(parser, parser->line, column_of(parser, at),
				       "%s: row %02x: not a byte of two hex digits; " AGAIN, who(parser, address),
				       parser->recorded);
		row[i] = (uint8_t)(hex_digit(at[0]) << 4 | hex_digit(at[1]));
		at += 2;
	}
	at = skip_blanks(at, parser->end);
	if (at < parser->end)
		return fail_at(parser, parser->line, column_of(parser, at),
			       "%s: row %02x goes on after its %u bytes; " AGAIN, who(parser, address),
			       parser->recorded, ROW_BYTES);
	parser->recorded += ROW_BYTES;
	parser->row_line = parser->line;
	parser->any_hex = true;
	return 0;
}

/* 1: it was a row; 0: it is not. */
static int row_line(struct parser *parser, const char *at)
{
	unsigned offset;
	const char *bytes = row_offset(at, parser->end, &offset);

	if (!bytes || !is_row(parser, bytes, offset))
		return 0;
	int error = row_place(parser, at, offset);

	if (!error)
		error = row_bytes(parser, bytes);
	return error ? error : 1;
}

/* The text after `label` at `at`; NULL: something else is there. */
static const char *after(const struct parser *parser, const char *at, const char *label)
{
	size_t len = strlen(label);

	if ((size_t)(parser->end - at) < len || memcmp(at, label, len) != 0)
		return NULL;
	return skip_blanks(at + len, parser->end);
}

/* One word that can be the name of a file in sysfs; `digits`: a whole number. */
static int detail(struct parser *parser, const char *label, const char *value, bool digits, const char **ret)
{
	size_t len = (size_t)(parser->end - value);
	bool good = len > 0 && len < 64 && value[0] != '.';
	char address[P2P_BDF_TEXT];

	for (size_t i = 0; i < len && good; i++) {
		unsigned char c = (unsigned char)value[i];

		good = digits ? c >= '0' && c <= '9' && len < 10 : c > ' ' && c < 0x7f && c != '/';
	}
	if (!good)
		return fail_at(parser, parser->line, column_of(parser, value), "%s: `%s` is not followed by a %s; "
			       AGAIN, who(parser, address), label, digits ? "number" : "name");
	if (*ret)
		return fail_at(parser, parser->line, 1, "%s: `%s` a second time; " AGAIN, who(parser, address), label);
	*ret = p2p_arena_strndup(parser->arena, value, len);
	return 0;
}

/* What -v and -k add before the rows. */
static int detail_line(struct parser *parser, const char *at)
{
	static const char driver[] = "Kernel driver in use:", node[] = "NUMA node:", group[] = "IOMMU group:";
	struct p2p_lspci_function *function = present(parser);
	const char *value;

	if (!function || parser->recorded)
		return 0;
	if ((value = after(parser, at, driver))) {
		parser->tells_drivers = true;
		return detail(parser, driver, value, false, &function->driver);
	}
	if ((value = after(parser, at, node)))
		return detail(parser, node, value, true, &function->numa_node);
	if ((value = after(parser, at, group)))
		return detail(parser, group, value, true, &function->iommu_group);
	if (after(parser, at, "WARNING: Cannot show hex-dump"))
		parser->refused = true;
	return 0;
}

/* ------------------------------------------------------------ the whole text */

static int line_parse(struct parser *parser, const char *begin, size_t len)
{
	const char *nul = memchr(begin, '\0', len < LINE_MAX_BYTES ? len : LINE_MAX_BYTES);

	parser->begin = begin;
	parser->end = begin + len;
	parser->line++;
	if (nul)
		return fail_at(parser, parser->line, column_of(parser, nul),
			       "a NUL byte, this is not plain text (UTF-16? save it as UTF-8); " AGAIN);
	if (len > LINE_MAX_BYTES)
		return fail_at(parser, parser->line, LINE_MAX_BYTES + 1,
			       "a line of more than %d bytes, this is not lspci's text; " AGAIN, LINE_MAX_BYTES);
	while (parser->end > begin && (is_blank(parser->end[-1]) || parser->end[-1] == '\r'))
		parser->end--;
	const char *at = skip_margin(begin, parser->end);

	if (at == parser->end)
		return 0;
	int done = row_line(parser, at);

	if (!done)
		done = address_line(parser, at);
	if (!done)
		done = detail_line(parser, at);
	return done < 0 ? done : 0;
}

static int lines_parse(struct parser *parser, const char *text, size_t len)
{
	const char *end = text + len;

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3; /* a byte order mark, which some editors put there */
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t length = (size_t)((newline ? newline : end) - text);
		int error = line_parse(parser, text, length);

		if (error)
			return error;
		text += length + (newline != NULL);
	}
	int error = function_finish(parser, true);

	if (error)
		return error;
	if (!parser->count)
		return fail_at(parser, parser->line ? parser->line : 1, 1,
			       "no PCI function in the whole text; is it the output of lspci? " AGAIN);
	if (!parser->any_hex)
		return fail_at(parser, parser->functions[0].line, 1,
			       "functions without their configuration space (lspci without -xxxx), from which nothing "
			       "can be told; " AGAIN);
	return 0;
}

static int function_order(const void *a, const void *b)
{
	const struct p2p_lspci_function *x = a, *y = b;
	int order = p2p_bdf_compare(x->bdf, y->bdf);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

static int functions_sort(struct parser *parser)
{
	struct p2p_lspci_function *functions = parser->functions, *twice = NULL;
	char address[P2P_BDF_TEXT];

	qsort(functions, parser->count, sizeof(*functions), function_order);
	for (size_t i = 1; i < parser->count; i++)
		if (!p2p_bdf_compare(functions[i - 1].bdf, functions[i].bdf) &&
		    (!twice || functions[i].line < twice->line))
			twice = &functions[i];
	if (!twice)
		return 0;
	return fail_at(parser, twice->line, 1,
		       "%s a second time, first in line %zu: two dumps in one text? keep one of them, or " AGAIN,
		       p2p_bdf_format(twice->bdf, true, address), twice[-1].line);
}

int p2p_lspci_parse(const char *path, const char *text, size_t len, struct p2p_arena *arena,
		    struct p2p_problem *problem, struct p2p_lspci *ret)
{
	struct parser *parser = p2p_malloc(sizeof(*parser));

	*parser = (struct parser){ .path = path, .arena = arena, .problem = problem };
	int error = lines_parse(parser, text, len);

	if (!error)
		error = functions_sort(parser);
	if (!error) {
		ret->functions = p2p_arena_array(arena, parser->count, sizeof(*ret->functions));
		memcpy(ret->functions, parser->functions, parser->count * sizeof(*ret->functions));
		ret->count = parser->count;
		ret->tells_drivers = parser->tells_drivers;
		ret->extended = parser->extended;
	}
	free(parser->functions);
	free(parser);
	return error;
}
