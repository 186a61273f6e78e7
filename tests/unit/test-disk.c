/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which disk it is, and who uses it, from a sysfs and a configfs as text. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "core/io/disk.h"

/* Two namespaces of one controller; the first has two partitions. */
#define DISKS                                                                  \
	"p2p-snapshot 1\n"                                                     \
	"list sys/block : dm-0 loop3 nvme0n1 nvme0n2 vda\n"                    \
	"link sys/dev/block/259:0 -> ../../devices/x/nvme/nvme0/nvme0n1\n"     \
	"link sys/dev/block/259:2 -> ../../devices/x/nvme/nvme0/nvme0n1/nvme0n1p2\n" \
	"read sys/dev/block/259:2/start = 2048\n"                              \
	"list sys/block/nvme0n1 : dev holders nvme0n1p1 nvme0n1p2 queue size\n" \
	"read sys/block/nvme0n1/dev = 259:0\n"                                 \
	"read sys/block/nvme0n1/nvme0n1p1/dev = 259:1\n"                       \
	"read sys/block/nvme0n1/nvme0n1p2/dev = 259:2\n"                       \
	"read sys/block/nvme0n1/device/dev = 238:0\n"                          \
	"read sys/block/nvme0n1/device/serial = S1 2/x   \n"                   \
	"read sys/block/nvme0n1/nsid = 7\n"                                    \
	"list sys/block/nvme0n1/holders :\n"                                   \
	"list sys/block/nvme0n1/nvme0n1p1/holders :\n"

#define QUIET                                                                                                   \
	"list sys/block/nvme0n1/nvme0n1p2/holders :\n"                                                          \
	"read proc/swaps = Filename Type Size Used Priority\n"                                                  \
	"read proc/self/mountinfo = 22 1 254:0 / / rw - ext4 /dev/vda rw\n"                                     \
	"fail proc/1/mountinfo EACCES\n"                                                                        \
	"fail sys/kernel/config/nvmet/subsystems ENOENT list\n"                                                      \
	"fail sys/module/nvmet ENOENT list\n"

static int fake_stat(const char *path, struct stat *ret)
{
	static const struct {
		const char *path;
		mode_t mode;
		unsigned major, minor;
	} nodes[] = {
		{ "/dev/nvme0n1", S_IFBLK, 259, 0 }, { "/dev/nvme0n1p2", S_IFBLK, 259, 2 },
		{ "/dev/by/x y", S_IFBLK, 259, 2 },  { "/dev/vda", S_IFBLK, 254, 0 },
		{ "/dev/nvme0", S_IFCHR, 238, 0 },   { "/dev/nvme1", S_IFCHR, 238, 1 },
	};

	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++) {
		if (strcmp(nodes[i].path, path) != 0)
			continue;
		*ret = (struct stat){ .st_mode = nodes[i].mode, .st_rdev = makedev(nodes[i].major, nodes[i].minor) };
		return 0;
	}
	errno = ENOENT;
	return -1;
}

static struct p2p_source *open_text(const char *text, const char *more)
{
	struct p2p_buf all = P2P_BUF_INIT;
	struct p2p_problem problem = { "" };
	struct p2p_source *source = NULL;
	size_t lines = 0;

	p2p_buf_printf(&all, "%s%s", text, more);
	for (const char *at = all.text; (at = strchr(at, '\n')); at++)
		lines += at[1] != '\t';
	p2p_buf_printf(&all, "end %zu\n", lines - 1);
	if (p2p_source_parse_snapshot("test", all.text, all.len, &problem, &source))
		fprintf(stderr, "%s\n", problem.text);
	assert(source);
	p2p_buf_free(&all);
	return source;
}

/* Everything that is said of nvme0n1: what is certain, then what is not. */
static void expect(const char *more, const char *wanted, const char *unknown)
{
	struct p2p_names users = P2P_NAMES_INIT, not_told = P2P_NAMES_INIT;
	struct p2p_source *source = open_text(DISKS, more);
	const struct p2p_disk_look look = { source, fake_stat };
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_disk disk;
	struct stat st;
	const char *name = NULL;

	assert(!fake_stat("/dev/nvme0n1", &st) && !p2p_disk_find(source, &st, &disk));
	p2p_disk_users(&look, &disk, &users, &not_told);
	while ((name = p2p_names_next(&users, name)))
		p2p_buf_printf(&text, "%s%s", text.len ? "; " : "", name);
	if (strcmp(p2p_buf_text(&text), wanted) != 0)
		fprintf(stderr, "'%s' is not '%s'\n", p2p_buf_text(&text), wanted);
	assert(!strcmp(p2p_buf_text(&text), wanted));
	p2p_buf_reset(&text);
	while ((name = p2p_names_next(&not_told, name)))
		p2p_buf_printf(&text, "%s%s", text.len ? "; " : "", name);
	if (!*unknown && text.len)
		fprintf(stderr, "'%s' cannot be told\n", text.text);
	assert(*unknown ? text.len && strstr(text.text, unknown) != NULL : !text.len);
	p2p_buf_free(&text);
	p2p_names_free(&users);
	p2p_names_free(&not_told);
	p2p_source_free(source);
}

static void test_users(void)
{
	expect(QUIET, "", "");
	expect("list sys/block/nvme0n1/nvme0n1p2/holders : dm-0\nread sys/block/dm-0/dm/name = vg-root\n"
	       "read proc/swaps = Filename\nread proc/self/mountinfo = 22 1 254:0 / / rw - ext4 /dev/vda rw\n"
	       "fail proc/1/mountinfo EACCES\nfail sys/kernel/config/nvmet/subsystems ENOENT list\n",
	       "held by dm-0, 'vg-root' (nvme0n1p2)", "");
	/* A file system of several disks names one of them, and has a number of its own. */
	expect("list sys/block/nvme0n1/nvme0n1p2/holders :\n"
	       "text proc/swaps\n\tFilename Type\n\t/dev/by/x\\x5c040y partition 1 0 -2\n"
	       "text proc/self/mountinfo\n\t30 1 0:40 / /a\\x5c040b rw - btrfs /dev/nvme0n1 rw\n"
	       "\t31 1 259:1 / /c rw shared:1 - ext4 /dev/root rw\n"
	       "fail sys/kernel/config/nvmet/subsystems ENOENT list\n",
	       "mounted on /a b (nvme0n1); mounted on /c (nvme0n1p1); swap (nvme0n1p2)", "");
}

#define BUT_NVMET                                                          \
	"list sys/block/nvme0n1/nvme0n1p2/holders :\n"                      \
	"read proc/swaps = Filename\n"                                      \
	"read proc/self/mountinfo = 22 1 254:0 / / rw - ext4 /dev/vda rw\n" \
	"list sys/kernel/config/nvmet/subsystems : s\n"

static void test_nvmet(void)
{
	expect(BUT_NVMET "list sys/kernel/config/nvmet/subsystems/s/namespaces : 1 2\n"
			 "read sys/kernel/config/nvmet/subsystems/s/namespaces/1/device_path = /dev/vda\n"
			 "read sys/kernel/config/nvmet/subsystems/s/namespaces/1/enable = 1\n"
			 "read sys/kernel/config/nvmet/subsystems/s/namespaces/2/device_path = /dev/by/x y\n"
			 "read sys/kernel/config/nvmet/subsystems/s/namespaces/2/enable = 1\n",
	       "exported by nvmet: subsystem s, namespace 2 (nvme0n1p2)", "");
	expect(BUT_NVMET "list sys/kernel/config/nvmet/subsystems/s/namespaces : 1\n"
			 "read sys/kernel/config/nvmet/subsystems/s/namespaces/1/device_path = /dev/nvme0n1\n"
			 "read sys/kernel/config/nvmet/subsystems/s/namespaces/1/enable = 0\n",
	       "", "it is not enabled now");
	expect(BUT_NVMET "list sys/kernel/config/nvmet/subsystems/s/namespaces :\n"
			 "read sys/kernel/config/nvmet/subsystems/s/passthru/device_path = /dev/nvme0\n"
			 "read sys/kernel/config/nvmet/subsystems/s/passthru/enable = 1\n",
	       "exported by nvmet: subsystem s, passed through (nvme0n1)", "");
	/* Loaded, and nobody can say what it exports. */
	expect("list sys/block/nvme0n1/nvme0n1p2/holders :\nread proc/swaps = Filename\n"
	       "read proc/self/mountinfo = 22 1 254:0 / / rw - ext4 /dev/vda rw\n"
	       "fail sys/kernel/config/nvmet/subsystems ENOENT list\nlist sys/module/nvmet : holders\n",
	       "", "nvmet is loaded");
	expect("list sys/block/nvme0n1/nvme0n1p2/holders :\nread proc/swaps = Filename\n"
	       "read proc/self/mountinfo = 22 1 254:0 / / rw - ext4 /dev/vda rw\n"
	       "fail sys/kernel/config/nvmet/subsystems EACCES list\n",
	       "", "nvmet is loaded");
}

static void key_is(const char *path, const char *more, const char *wanted)
{
	struct p2p_source *source = open_text(DISKS, more);
	char key[P2P_DISK_KEY];
	struct p2p_disk disk;
	struct stat st;

	assert(!fake_stat(path, &st) && !p2p_disk_find(source, &st, &disk));
	p2p_disk_key(source, &disk, path, key);
	if (strncmp(key, wanted, strlen(wanted)) != 0)
		fprintf(stderr, "'%s' is not '%s'\n", key, wanted);
	assert(!strncmp(key, wanted, strlen(wanted)) && !strchr(key, '/') && key[0] != '.');
	p2p_source_free(source);
}

static void test_keys(void)
{
	key_is("/dev/nvme0n1", "", "serial-S1_2_x-7-");
	key_is("/dev/nvme0n1p2", "", "serial-S1_2_x-7-");
	key_is("/dev/nvme0n1", "read sys/block/nvme0n1/nguid = 00000000-0000-0000-0000-000000000000\n", "serial-");
	key_is("/dev/nvme0n1", "read sys/block/nvme0n1/eui = 00 25 38 11\n", "eui-00_25_38_11-");
	key_is("/dev/nvme0n1", "read sys/block/nvme0n1/nguid = 1-2\nread sys/block/nvme0n1/eui = 3\n", "nguid-1-2");
}

static void test_partition(void)
{
	struct p2p_source *source = open_text(DISKS, QUIET);
	struct p2p_disk disk;
	struct stat st;

	assert(!fake_stat("/dev/nvme0n1p2", &st) && !p2p_disk_find(source, &st, &disk));
	assert(disk.start == 2048 * 512 && disk.whole == makedev(259, 0) && !strcmp(disk.name, "nvme0n1"));
	assert(!fake_stat("/dev/vda", &st) && p2p_disk_find(source, &st, &disk) < 0);
	p2p_source_free(source);
}

int main(void)
{
	test_users();
	test_nvmet();
	test_keys();
	test_partition();
	return 0;
}
