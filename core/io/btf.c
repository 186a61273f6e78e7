/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "btf.h"

#include <errno.h>
#include <string.h>

#include "config.h"

#if HAVE_LIBBPF

#include <bpf/btf.h>
#include <bpf/libbpf.h>

static int member_find(const struct btf *btf, const struct btf_type *type, const char *name, uint32_t *ret_offset,
		       uint32_t *ret_size)
{
	for (uint16_t i = 0; i < btf_vlen(type); i++) {
		const struct btf_member *member = &btf_members(type)[i];
		const char *text = btf__name_by_offset(btf, member->name_off);

		if (!text || strcmp(text, name) != 0)
			continue;
		uint32_t bit = btf_member_bit_offset(type, i);
		int64_t size = btf__resolve_size(btf, member->type);

		if (btf_member_bitfield_size(type, i) || bit % 8 || size <= 0 || bit / 8 > type->size ||
		    size > type->size - bit / 8)
			return -EINVAL;
		*ret_offset = bit / 8;
		*ret_size = (uint32_t)size;
		return 0;
	}
	return -EINVAL;
}

static int layout_of(const struct btf *btf, const struct btf_type *type, const char *const *members, size_t count,
		     struct p2p_btf_layout *ret)
{
	struct p2p_btf_layout layout = { .size = type->size };

	for (size_t i = 0; i < count; i++) {
		int error = member_find(btf, type, members[i], &layout.members[i].offset, &layout.members[i].size);

		if (error)
			return error;
	}
	*ret = layout;
	return 0;
}

/* All types are looked at: a second structure of that name may be another. */
static int struct_find(const struct btf *btf, const char *name, const char *const *members, size_t count,
		       struct p2p_btf_layout *ret)
{
	struct p2p_btf_layout first, layout;
	bool found = false;

	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *text = type && btf_is_struct(type) ? btf__name_by_offset(btf, type->name_off) : NULL;

		if (!text || strcmp(text, name) != 0)
			continue;
		int error = layout_of(btf, type, members, count, &layout);

		if (error)
			return error;
		if (found && memcmp(&first, &layout, sizeof(first)) != 0)
			return -EINVAL;
		first = layout;
		found = true;
	}
	if (!found)
		return -ENODATA;
	*ret = first;
	return 0;
}

bool p2p_btf_supported(void)
{
	return true;
}

int p2p_btf_struct(const void *bytes, size_t len, const char *name, const char *const *members, size_t count,
		   struct p2p_btf_layout *ret)
{
	if (len > UINT32_MAX || count > P2P_BTF_MEMBERS_MAX)
		return -EINVAL;
	libbpf_set_print(NULL); /* the core prints nothing */
	struct btf *btf = btf__new(bytes, (uint32_t)len);

	if (!btf)
		return errno == ENOMEM ? -ENOMEM : -EINVAL;
	int error = struct_find(btf, name, members, count, ret);

	btf__free(btf);
	return error;
}

#else

bool p2p_btf_supported(void)
{
	return false;
}

int p2p_btf_struct(const void *btf, size_t len, const char *name, const char *const *members, size_t count,
		   struct p2p_btf_layout *ret)
{
	(void)btf;
	(void)len;
	(void)name;
	(void)members;
	(void)count;
	(void)ret;
	return -ENOTSUP;
}

#endif
