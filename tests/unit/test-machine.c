/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machine: paths of slots. */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "core/model/machine.h"

static struct p2p_edge edge(int to)
{
	return (struct p2p_edge){ p2p_fact_of(to == P2P_NOBODY ? -ENOENT : 0, P2P_ORIGIN_READ), to };
}

/* A root port, a switch of two ports, a PF below it and its VF on the bus behind; and an end of the root bus. */
static struct p2p_function functions[] = {
	{ .bdf = { 0x10000, 0x80, 0x08 } }, { .bdf = { 0x10000, 0x81, 0x00 } }, { .bdf = { 0x10000, 0x82, 0xfb } },
	{ .bdf = { 0x10000, 0x83, 0x00 } }, { .bdf = { 0x10000, 0x84, 0x00 } }, { .bdf = { 0x10000, 0x80, 0x10 } },
};

static const struct p2p_machine machine = { .functions = functions,
					    .function_count = sizeof(functions) / sizeof(*functions) };

static bool path_is(int index, int error, const char *wanted)
{
	struct p2p_buf buf = P2P_BUF_INIT;

	p2p_buf_puts(&buf, "at ");
	int got = p2p_function_path(&machine, index, &buf);
	bool same = got == error && !strncmp(buf.text, "at ", 3) && !strcmp(buf.text + 3, wanted);

	if (!same)
		fprintf(stderr, "%d, '%s', not %d, '%s'\n", got, buf.text, error, wanted);
	p2p_buf_free(&buf);
	return same;
}

int main(void)
{
	static const int ups[] = { P2P_NOBODY, 0, 1, 2, 2, P2P_NOBODY };

	for (size_t i = 0; i < machine.function_count; i++) {
		functions[i].up = edge(ups[i]);
		functions[i].physfn = edge(i == 4 ? 3 : P2P_NOBODY);
	}
	CHECK(path_is(0, 0, "10000:80:01.0"));
	CHECK(path_is(1, 0, "10000:80:01.0/00.0"));
	CHECK(path_is(2, 0, "10000:80:01.0/00.0/1f.3"));
	CHECK(path_is(3, 0, "10000:80:01.0/00.0/1f.3/00.0"));
	/* The VF's slots would be the PF's. */
	CHECK(path_is(4, 0, "10000:84:00.0"));
	CHECK(path_is(5, 0, "10000:80:02.0"));

	/* An unknown edge anywhere above: no path, and nothing was added. */
	functions[1].up.fact = p2p_fact_of(-EIO, P2P_ORIGIN_READ);
	CHECK(path_is(0, 0, "10000:80:01.0"));
	CHECK(path_is(1, -EIO, ""));
	CHECK(path_is(3, -EIO, ""));
	functions[1].up.fact = (struct p2p_fact){ 0 };
	CHECK(path_is(3, -ENODATA, ""));
	return check_done();
}
