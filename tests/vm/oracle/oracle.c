/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * p2p-oracle: any PCI hierarchy, in memory, and the kernel's own P2PDMA answer for every pair in it.
 *
 * A description written to <debugfs>/p2p-oracle/build makes host bridges whose functions are nothing but bytes of
 * config space; the kernel enumerates them as it does hardware. <debugfs>/p2p-oracle/pairs then has one row for every
 * ordered pair of non-bridge functions of the machine: "provider client distance map". <debugfs>/p2p-oracle/ask has the
 * row of one pair: open, write "PROVIDER CLIENT", read. <debugfs>/p2p-oracle/find has whose memory the kernel takes for
 * clients: open, write "CLIENT...", read: a line "provider times" for each one that was taken in 256 tries.
 * <debugfs>/p2p-oracle/allowlist has the kernel's table of host bridges, "VENDOR:DEVICE FLAGS" a row; it is not there
 * where the kernel does not say where that is.
 *
 * The lines (numbers are hex, BDF is DDDD:BB:DD.F):
 *   host DOMAIN FIRST LAST   a host bridge whose root bus is FIRST and whose buses end at LAST
 *   fn BDF SIZE              a function with SIZE (100 or 1000) bytes of config space, all zero
 *   at OFFSET BYTES          content of the last fn, as a string of hex digits
 *   rw OFFSET BYTES          which bits of it can be written (none by default)
 *   scan                     let the kernel see the new hosts; again: look for functions that were removed
 *   sriov BDF N              enable N virtual functions
 *   remove BDF               as "echo 1 > remove" does; not an error where it has gone already
 *   clear                    take everything away
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pci-p2pdma.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#include <linux/hex.h>
#endif

struct oracle_fn {
	struct list_head node;
	int domain;
	u8 bus;
	u8 devfn;
	unsigned int size;
	u8 *config;
	u8 *writable;
};

struct oracle_host {
	struct list_head node;
	struct pci_sysdata sysdata;	/* first user of the domain number: pci_domain_nr() */
	struct resource buses;
	struct resource memory;		/* never assigned from; a host bridge without a window draws warnings */
	struct pci_bus *bus;
	u8 first;
};

static LIST_HEAD(functions);
static LIST_HEAD(hosts);
static DEFINE_MUTEX(oracle_lock);	/* all writes to the lists, and one description at a time */

/* --- config space --- */

static struct oracle_fn *fn_find(int domain, u8 bus, u8 devfn)
{
	struct oracle_fn *fn;

	list_for_each_entry(fn, &functions, node)
		if (fn->domain == domain && fn->bus == bus && fn->devfn == devfn)
			return fn;
	return NULL;
}

static int oracle_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *val)
{
	struct oracle_fn *fn = fn_find(pci_domain_nr(bus), bus->number, devfn);
	int i;

	*val = ~0U >> (32 - 8 * size);
	if (!fn || where + size > fn->size)
		return PCIBIOS_SUCCESSFUL;	/* as hardware: nobody answers, all ones */
	*val = 0;
	for (i = 0; i < size; i++)
		*val |= (u32)fn->config[where + i] << (8 * i);
	return PCIBIOS_SUCCESSFUL;
}

static int oracle_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 val)
{
	struct oracle_fn *fn = fn_find(pci_domain_nr(bus), bus->number, devfn);
	int i;

	if (!fn || where + size > fn->size)
		return PCIBIOS_SUCCESSFUL;
	for (i = 0; i < size; i++, val >>= 8) {
		u8 mask = fn->writable[where + i];

		fn->config[where + i] = (fn->config[where + i] & ~mask) | (val & mask);
	}
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops oracle_ops = { .read = oracle_read, .write = oracle_write };

/* --- building --- */

static int build_host(int domain, u8 first, u8 last)
{
	struct oracle_host *host = kzalloc(sizeof(*host), GFP_KERNEL);

	if (!host)
		return -ENOMEM;
	host->sysdata.domain = domain;
	host->sysdata.node = NUMA_NO_NODE;
	host->first = first;
	host->buses = (struct resource){ .start = first, .end = last, .flags = IORESOURCE_BUS };
	host->memory = (struct resource){ .start = 0xe0000000, .end = 0xe00fffff, .flags = IORESOURCE_MEM };
	list_add_tail(&host->node, &hosts);
	return 0;
}

static int build_fn(int domain, u8 bus, u8 devfn, unsigned int size)
{
	struct oracle_fn *fn;

	if (size != PCI_CFG_SPACE_SIZE && size != PCI_CFG_SPACE_EXP_SIZE)
		return -EINVAL;
	if (fn_find(domain, bus, devfn))
		return -EEXIST;
	fn = kzalloc(sizeof(*fn) + 2 * size, GFP_KERNEL);
	if (!fn)
		return -ENOMEM;
	fn->domain = domain;
	fn->bus = bus;
	fn->devfn = devfn;
	fn->size = size;
	fn->config = (u8 *)(fn + 1);
	fn->writable = fn->config + size;
	list_add_tail(&fn->node, &functions);
	return 0;
}

static int build_bytes(bool rw, unsigned int offset, const char *hex)
{
	struct oracle_fn *fn = list_empty(&functions) ? NULL : list_last_entry(&functions, struct oracle_fn, node);
	size_t count = strlen(hex) / 2;

	if (!fn || offset > fn->size || count > fn->size - offset || strlen(hex) % 2)
		return -EINVAL;
	return hex2bin((rw ? fn->writable : fn->config) + offset, hex, count);
}

static int host_scan(struct oracle_host *host)
{
	LIST_HEAD(windows);

	if (!host->bus) {
		pci_add_resource(&windows, &host->memory);
		pci_add_resource(&windows, &host->buses);
		host->bus = pci_create_root_bus(NULL, host->first, &oracle_ops, &host->sysdata, &windows);
		if (!host->bus) {
			pci_free_resource_list(&windows);
			return -EBUSY;
		}
	}
	pci_scan_child_bus(host->bus);
	pci_bus_add_devices(host->bus);
	return 0;
}

static int build_scan(void)
{
	struct oracle_host *host;
	int err = 0;

	pci_lock_rescan_remove();
	list_for_each_entry(host, &hosts, node) {
		err = host_scan(host);
		if (err)
			break;
	}
	pci_unlock_rescan_remove();
	return err;
}

/* A PF that goes away with VFs enabled is a BUG() in the kernel, so they go first: everywhere, or below top. */
static void quiesce(struct pci_dev *top)
{
	struct pci_dev *dev = NULL, *up;

	for_each_pci_dev(dev) {
		if (dev->bus->ops != &oracle_ops || !dev->is_physfn || !pci_num_vf(dev))
			continue;
		for (up = dev; up && up != top; up = pci_upstream_bridge(up))
			;
		if (up == top)
			pci_disable_sriov(dev);
	}
}

static int build_device(const char *verb, int domain, u8 bus, u8 devfn, int count)
{
	struct pci_dev *dev = pci_get_domain_bus_and_slot(domain, bus, devfn);
	int err = 0;

	if (!dev)	/* what is to be removed may have gone with a bridge above it */
		return strcmp(verb, "remove") ? -ENODEV : 0;
	if (dev->bus->ops != &oracle_ops) {
		err = -EPERM;	/* the real hardware of the guest is not ours to take away */
	} else if (!strcmp(verb, "sriov")) {
		err = pci_enable_sriov(dev, count);
	} else {
		quiesce(dev);
		pci_lock_rescan_remove();
		pci_stop_and_remove_bus_device(dev);
		pci_unlock_rescan_remove();
	}
	pci_dev_put(dev);
	return err;
}

static void build_clear(void)
{
	struct oracle_host *host, *next_host;
	struct oracle_fn *fn, *next_fn;

	quiesce(NULL);
	pci_lock_rescan_remove();
	list_for_each_entry_safe(host, next_host, &hosts, node) {
		if (host->bus) {
			pci_stop_root_bus(host->bus);
			pci_remove_root_bus(host->bus);
		}
		list_del(&host->node);
		kfree(host);
	}
	pci_unlock_rescan_remove();
	list_for_each_entry_safe(fn, next_fn, &functions, node) {
		list_del(&fn->node);
		kfree(fn);
	}
}

static int build_line(char *line)
{
	unsigned int domain, bus, slot, func, n = 0;
	char *verb = strsep(&line, " ");
	char *bdf = line;

	if (!*verb || *verb == '#')
		return 0;
	if (!strcmp(verb, "scan"))
		return build_scan();
	if (!strcmp(verb, "clear")) {
		build_clear();
		return 0;
	}
	if (!line)
		return -EINVAL;
	if (!strcmp(verb, "host"))
		return sscanf(line, "%x %x %x", &domain, &bus, &n) == 3 ? build_host(domain, bus, n) : -EINVAL;
	if (!strcmp(verb, "at") || !strcmp(verb, "rw")) {
		char *offset = strsep(&line, " ");

		if (!line || kstrtouint(offset, 16, &n))
			return -EINVAL;
		return build_bytes(*verb == 'r', n, line);
	}
	if (sscanf(bdf, "%x:%x:%x.%x %x", &domain, &bus, &slot, &func, &n) < 4)
		return -EINVAL;
	if (!strcmp(verb, "fn"))
		return build_fn(domain, bus, PCI_DEVFN(slot, func), n);
	if (!strcmp(verb, "remove") || !strcmp(verb, "sriov"))
		return build_device(verb, domain, bus, PCI_DEVFN(slot, func), n);
	return -EINVAL;
}

/* Takes whole lines only; what is left after the last newline is for the caller's next write(). */
static ssize_t build_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	char *text, *rest, *line, *end;
	ssize_t ret;

	count = min_t(size_t, count, SZ_64K);
	text = memdup_user_nul(from, count);
	if (IS_ERR(text))
		return PTR_ERR(text);
	end = strrchr(text, '\n');
	if (!end) {
		kfree(text);
		return -EINVAL;
	}
	*end = '\0';
	ret = end - text + 1;
	mutex_lock(&oracle_lock);
	for (rest = text; (line = strsep(&rest, "\n"));) {
		char shown[48];
		int err;

		strscpy(shown, line, sizeof(shown));
		err = build_line(line);
		if (err) {
			pr_err("p2p-oracle: '%s': error %d\n", shown, err);
			ret = err;
			break;
		}
	}
	mutex_unlock(&oracle_lock);
	kfree(text);
	return ret;
}

static const struct file_operations build_fops = { .owner = THIS_MODULE, .open = simple_open, .write = build_write };

/* --- asking --- */

/*
 * The map type is the return value of the static function that decides, caught by a return probe: no provider state is
 * needed, so nothing is cached between two questions. It was called upstream_bridge_distance before 5.14.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
static const char * const map_names[] = { "UNKNOWN", "NONE", "NOT_SUPPORTED", "BUS_ADDR", "THRU_HOST_BRIDGE" };
#else
static const char * const map_names[] = { "UNKNOWN", "NOT_SUPPORTED", "BUS_ADDR", "THRU_HOST_BRIDGE" };
#endif
static int last_map;

static int map_returned(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	WRITE_ONCE(last_map, (int)regs_return_value(regs));
	return 0;
}

static struct kretprobe map_probe = { .handler = map_returned };
static bool map_probed;

static void map_probe_register(void)
{
	static const char * const symbols[] = { "calc_map_type_and_dist", "upstream_bridge_distance" };
	int i;

	for (i = 0; i < ARRAY_SIZE(symbols) && !map_probed; i++) {
		map_probe.kp.addr = NULL;
		map_probe.kp.symbol_name = symbols[i];
		map_probed = !register_kretprobe(&map_probe);
	}
	if (!map_probed)
		pr_warn("p2p-oracle: this kernel does not let its map type be seen; it is '-' in all rows\n");
}

/* The functions of one reading of "pairs"; position p is provider p / count and client p % count. */
struct oracle_pairs {
	size_t count;
	struct pci_dev *devs[];
};

static void *pairs_start(struct seq_file *seq, loff_t *pos)
{
	struct oracle_pairs *pairs = seq->private;

	return *pos < pairs->count * pairs->count ? pos : NULL;
}

static void *pairs_next(struct seq_file *seq, void *v, loff_t *pos)
{
	++*pos;
	return pairs_start(seq, pos);
}

static void pairs_stop(struct seq_file *seq, void *v)
{
}

/* The kernel's answer for one pair, now. */
static int ask(struct pci_dev *provider, struct pci_dev *client, const char **map_name)
{
	struct device *dev = &client->dev;
	int distance, map;

	mutex_lock(&oracle_lock);
	last_map = -1;
	distance = pci_p2pdma_distance_many(provider, &dev, 1, false);
	map = READ_ONCE(last_map);
	mutex_unlock(&oracle_lock);
	*map_name = map >= 0 && map < ARRAY_SIZE(map_names) ? map_names[map] : "-";
	return distance;
}

static int pairs_show(struct seq_file *seq, void *v)
{
	struct oracle_pairs *pairs = seq->private;
	size_t at = *(loff_t *)v;
	struct pci_dev *provider = pairs->devs[at / pairs->count];
	struct pci_dev *client = pairs->devs[at % pairs->count];
	const char *map_name;
	int distance = ask(provider, client, &map_name);

	seq_printf(seq, "%s %s %d %s\n", pci_name(provider), pci_name(client), distance, map_name);
	return 0;
}

static const struct seq_operations pairs_ops = {
	.start = pairs_start, .next = pairs_next, .stop = pairs_stop, .show = pairs_show,
};

static int pairs_release(struct inode *inode, struct file *file)
{
	struct oracle_pairs *pairs = ((struct seq_file *)file->private_data)->private;
	size_t i;

	for (i = 0; i < pairs->count; i++)
		pci_dev_put(pairs->devs[i]);
	kvfree(pairs);
	return seq_release(inode, file);
}

static int pairs_open(struct inode *inode, struct file *file)
{
	struct oracle_pairs *pairs;
	struct pci_dev *dev = NULL;
	size_t count = 0;
	int err;

	for_each_pci_dev(dev)
		count++;
	pairs = kvzalloc(struct_size(pairs, devs, count), GFP_KERNEL);
	if (!pairs)
		return -ENOMEM;
	err = seq_open(file, &pairs_ops);
	if (err) {
		kvfree(pairs);
		return err;
	}
	((struct seq_file *)file->private_data)->private = pairs;
	for_each_pci_dev(dev)
		if (dev->hdr_type == PCI_HEADER_TYPE_NORMAL && pairs->count < count)
			pairs->devs[pairs->count++] = pci_dev_get(dev);
	return 0;
}

static const struct file_operations pairs_fops = {
	.owner = THIS_MODULE, .open = pairs_open, .read = seq_read, .llseek = seq_lseek, .release = pairs_release,
};

static ssize_t ask_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	unsigned int domain[2], bus[2], slot[2], func[2];
	struct pci_dev *devs[2] = { NULL, NULL };
	char *text = simple_transaction_get(file, from, count);
	const char *map_name;
	int distance, i, ret = -ENODEV;

	if (IS_ERR(text))
		return PTR_ERR(text);
	if (sscanf(text, "%x:%x:%x.%x %x:%x:%x.%x", &domain[0], &bus[0], &slot[0], &func[0],
		   &domain[1], &bus[1], &slot[1], &func[1]) != 8)
		return -EINVAL;
	for (i = 0; i < 2; i++)
		devs[i] = pci_get_domain_bus_and_slot(domain[i], bus[i], PCI_DEVFN(slot[i], func[i]));
	if (devs[0] && devs[1]) {
		distance = ask(devs[0], devs[1], &map_name);
		ret = scnprintf(text, SIMPLE_TRANSACTION_LIMIT, "%d %s\n", distance, map_name);
		simple_transaction_set(file, ret);
		ret = count;
	}
	pci_dev_put(devs[0]);
	pci_dev_put(devs[1]);
	return ret;
}

static const struct file_operations ask_fops = {
	.owner = THIS_MODULE,
	.write = ask_write,
	.read = simple_transaction_read,
	.release = simple_transaction_release,
};

/* --- whose memory is taken --- */

#define FIND_TRIES 256

struct find {
	struct pci_dev *clients[16];
	struct device *devs[16];
	int count;
	struct { struct pci_dev *dev; int times; } found[32];
};

static int find_clients(struct find *find, char *text)
{
	unsigned int domain, bus, slot, func;
	char *word;

	while ((word = strsep(&text, " \n"))) {
		if (!*word)
			continue;
		if (find->count == ARRAY_SIZE(find->clients) ||
		    sscanf(word, "%x:%x:%x.%x", &domain, &bus, &slot, &func) != 4)
			return -EINVAL;
		find->clients[find->count] = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, func));
		if (!find->clients[find->count])
			return -ENODEV;
		find->devs[find->count] = &find->clients[find->count]->dev;
		find->count++;
	}
	return find->count ? 0 : -EINVAL;
}

static int find_try(struct find *find)
{
	struct pci_dev *dev = pci_p2pmem_find_many(find->devs, find->count);
	int i;

	if (!dev)
		return 0;
	for (i = 0; i < ARRAY_SIZE(find->found); i++) {
		if (find->found[i].dev == dev)
			pci_dev_put(dev);	/* held since it was first taken */
		else if (find->found[i].dev)
			continue;
		find->found[i].dev = dev;
		find->found[i].times++;
		return 0;
	}
	pci_dev_put(dev);
	return -E2BIG;
}

static ssize_t find_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	char *text = simple_transaction_get(file, from, count);
	struct find *find;
	ssize_t err;
	int i, len = 0;

	if (IS_ERR(text))
		return PTR_ERR(text);
	find = kzalloc(sizeof(*find), GFP_KERNEL);
	if (!find)
		return -ENOMEM;
	err = find_clients(find, text);
	for (i = 0; !err && i < FIND_TRIES; i++)
		err = find_try(find);
	for (i = 0; i < ARRAY_SIZE(find->found) && find->found[i].dev; i++) {
		len += scnprintf(text + len, SIMPLE_TRANSACTION_LIMIT - len, "%s %d\n", pci_name(find->found[i].dev),
				 find->found[i].times);
		pci_dev_put(find->found[i].dev);
	}
	for (i = 0; i < find->count; i++)
		pci_dev_put(find->clients[i]);
	kfree(find);
	if (err)
		return err;
	simple_transaction_set(file, len);
	return count;
}

static const struct file_operations find_fops = {
	.owner = THIS_MODULE,
	.write = find_write,
	.read = simple_transaction_read,
	.release = simple_transaction_release,
};

/* --- the kernel's table --- */

/* As in drivers/pci/p2pdma.c of that release; a vendor of 0 ends it. The device became an int with the wildcard. */
struct allowlist_row {
	unsigned short vendor;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 1, 0)
	int device;
#else
	unsigned short device;
#endif
	unsigned int flags;
};

static const struct allowlist_row *allowlist;

/* kallsyms_lookup_name is no longer exported (5.7), but a probe says where it is. */
static void allowlist_find(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	unsigned long (*lookup)(const char *name);

	if (register_kprobe(&probe))
		return;
	lookup = (void *)probe.addr;
	unregister_kprobe(&probe);
	allowlist = (void *)lookup("pci_p2pdma_whitelist");
}

static int allowlist_show(struct seq_file *seq, void *v)
{
	const struct allowlist_row *row;

	for (row = allowlist; row->vendor; row++) {
		if ((int)row->device < 0)
			seq_printf(seq, "%04x:any %x\n", row->vendor, row->flags);
		else
			seq_printf(seq, "%04x:%04x %x\n", row->vendor, row->device, row->flags);
	}
	return 0;
}

static int allowlist_open(struct inode *inode, struct file *file)
{
	return single_open(file, allowlist_show, NULL);
}

static const struct file_operations allowlist_fops = {
	.owner = THIS_MODULE, .open = allowlist_open, .read = seq_read, .llseek = seq_lseek, .release = single_release,
};

/* --- module --- */

static struct dentry *oracle_dir;

static int __init oracle_init(void)
{
	map_probe_register();
	oracle_dir = debugfs_create_dir("p2p-oracle", NULL);
	debugfs_create_file("build", 0200, oracle_dir, NULL, &build_fops);
	debugfs_create_file("pairs", 0400, oracle_dir, NULL, &pairs_fops);
	debugfs_create_file("ask", 0600, oracle_dir, NULL, &ask_fops);
	debugfs_create_file("find", 0600, oracle_dir, NULL, &find_fops);
	allowlist_find();
	if (allowlist)
		debugfs_create_file("allowlist", 0400, oracle_dir, NULL, &allowlist_fops);
	return 0;
}

static void __exit oracle_exit(void)
{
	debugfs_remove_recursive(oracle_dir);
	build_clear();
	if (map_probed)
		unregister_kretprobe(&map_probe);
}

module_init(oracle_init);
module_exit(oracle_exit);
MODULE_DESCRIPTION("In-memory PCI hierarchies and the kernel's P2PDMA answer for every pair");
MODULE_LICENSE("GPL");
