/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BTF: how a structure of the running kernel is laid out; the one door to
 * libbpf.  Floor 2 (io).  It reads bytes that it is given, no file.
 */
#ifndef P2P_IO_BTF_H
#define P2P_IO_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define P2P_BTF_MEMBERS_MAX 4

/* Bytes, from the start of the structure. */
struct p2p_btf_layout {
	uint32_t size;
	struct {
		uint32_t offset, size;
	} members[P2P_BTF_MEMBERS_MAX];
};

/* Built with libbpf: without, p2p_btf_struct knows nothing. */
bool p2p_btf_supported(void);

/*
 * The layout of the structure `name` with its members `members`, in their
 * order, of which there are at most P2P_BTF_MEMBERS_MAX.  `btf` is the whole of
 * /sys/kernel/btf/vmlinux.  -ENODATA: no such structure; -EINVAL: no BTF that
 * libbpf understands, a member is missing or is a bit field, or there are two
 * structures of that name that differ; -ENOTSUP: built without libbpf.
 */
int p2p_btf_struct(const void *btf, size_t len, const char *name, const char *const *members, size_t count,
		   struct p2p_btf_layout *ret);

#endif
