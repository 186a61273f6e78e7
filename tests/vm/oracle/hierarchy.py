#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hierarchy.py SEED - prints a random PCI hierarchy as oracle.c reads it. The same seed gives the same hierarchy.

Only the shape is random; what is special is chosen often: everything that the kernel's rules branch on has a knob
here. The knobs of a hierarchy ("mood") are drawn first, so that quiet hierarchies exist as well as wild ones.
"""
import random
import struct
import sys

# Hardware that the kernel's table of host bridges has in some release, oldest first, and hardware near it.
LISTED = [(0x1022, 0x1450), (0x1022, 0x15d0), (0x1022, 0x1630), (0x8086, 0x3c00), (0x8086, 0x3c01), (0x8086, 0x2f00),
          (0x8086, 0x2f01), (0x8086, 0x2030), (0x8086, 0x2031), (0x8086, 0x2032), (0x8086, 0x2033), (0x8086, 0x2020),
          (0x8086, 0x09a2), (0x8086, 0x0b25), (0x8086, 0x0cfe), (0x8086, 0x11fb), (0x8086, 0x1212), (0x8086, 0x1216),
          (0x8086, 0x4940), (0x8086, 0x4942), (0x8086, 0x4944), (0x8086, 0x4946), (0x8086, 0x4948), (0x1ae0, 0x001f),
          (0x1ae0, 0xabcd), (0x10de, 0x2f95), (0x10de, 0x2f96), (0x10de, 0x2f97), (0x10de, 0x2f98)]
UNLISTED = [(0x1022, 0x1480), (0x1022, 0x14a4), (0x8086, 0x29c0), (0x8086, 0x0c08), (0x8086, 0x6f00), (0x8086, 0x0d00),
            (0x8086, 0x3c02), (0x8086, 0x2034), (0x1d0f, 0x0200), (0x1d17, 0x1003), (0x10de, 0x22b2), (0x8086, 0x2f02),
            (0x1022, 0x2030), (0x10de, 0x2030)]     # a listed device number under another vendor is not listed
# a110: ports whose ACS control the hardware keeps elsewhere; the kernel's P2PDMA reads the plain place all the same
PORTS = [(0x8086, 0x2f02), (0x8086, 0x347a), (0x8086, 0xa110), (0x1022, 0x1483), (0x10b5, 0x8747), (0x1000, 0xc030),
         (0x11f8, 0x4052), (0x104c, 0x8232)]
ENDPOINTS = [(0x144d, 0xa808, 0x010802), (0x15b3, 0x101d, 0x020000), (0x15b3, 0xa2d6, 0x020000),
             (0x10de, 0x2330, 0x030200), (0x1002, 0x740f, 0x038000), (0x8086, 0x0b60, 0x010802),
             (0x8086, 0x0b25, 0x088000), (0x1bb1, 0x0100, 0x058000), (0x1e0f, 0x0001, 0x010802),
             (0x10ee, 0x903f, 0x120000)]
HOST, ISA, PCI_BRIDGE = 0x060000, 0x060100, 0x060400
ENDPOINT, LEGACY, ROOT, UP, DOWN, TO_PCI, TO_PCIE, RC_ENDPOINT, RC_EVENTS = 0, 1, 4, 5, 6, 7, 8, 9, 10
FREE_DOMAINS = [1, 2, 0x7fff, 0xfffe, 0x10000, 0x10001, 0x1fffe, 0xabcde, 0x7ffffff]


class Fn:
    """One function: its config space and which bits of it can be written."""

    def __init__(self, bdf, ids, klass, kind, bridge=False, multi=False, size=4096):
        self.bdf, self.kind, self.bridge = bdf, kind, bridge
        self.config, self.mask = bytearray(size), {}
        self.put(0, '<HHHHBBBBBBBB', *ids, 0, 0x10 if kind is not None else 0, 0, klass & 0xff, klass >> 8 & 0xff,
                 klass >> 16, 0x10, 0, (1 if bridge else 0) | (0x80 if multi else 0), 0)
        self.rw(4, 0x0547, 2)
        self.rw(0x3c, 0xff, 1)
        if bridge:
            self.put(0x1c, '<HHHHHH', 0, 0, 0xfff0, 0, 0xfff1, 1)   # all windows closed
            self.rw(0x3e, 0x0fff, 2)
        else:
            self.put(0x2c, '<HH', *ids)

    def put(self, offset, form, *values):
        struct.pack_into(form, self.config, offset, *values)

    def rw(self, offset, mask, size):
        self.mask[offset] = (mask, size)

    def text(self):
        domain, bus, dev, func = self.bdf
        yield f'fn {domain:04x}:{bus:02x}:{dev:02x}.{func} {len(self.config):x}'
        for offset in range(0, len(self.config), 16):
            chunk = self.config[offset:offset + 16]
            if any(chunk):
                yield f'at {offset:x} {chunk.hex()}'
        for offset, (mask, size) in self.mask.items():
            yield f'rw {offset:x} {mask.to_bytes(size, "little").hex()}'


class Hierarchy:
    def __init__(self, seed):
        self.r = r = random.Random(seed)
        self.fns, self.hosts, self.events = [], [], []
        self.pfs = []
        self.no_extended = 0                    # how many bridges above us hide the extended config space
        self.acs_ports = r.choice([0, 0.3, 0.6, 1])
        self.acs_ends = r.choice([0, 0, 0.2, 0.5])
        self.redirect = r.choice([0, 0.1, 0.3, 0.7, 1])
        self.odd_chains = r.choice([0, 0.3, 0.8])
        self.sriov = r.random() < 0.25
        self.shape = r.choice(['wide', 'mixed', 'mixed', 'deep', 'conventional'])
        self.budget = r.randint(12, 44)         # functions that are not bridges
        for domain, first, last in self.draw_hosts():
            self.hosts.append((domain, first, last))
            self.host(domain, first, last)
        if r.random() < 0.5:
            self.reorder()

    def chance(self, p):
        return self.r.random() < p

    # --- hosts ---

    def draw_hosts(self):
        """Domain 0 has the guest's own hardware, so ours begin at bus 40 there; any other domain is free."""
        r, hosts = self.r, []
        for domain in r.sample(FREE_DOMAINS, r.choice([1, 1, 1, 2, 3])) + ([0] if self.chance(0.4) else []):
            first = 0x40 if domain == 0 else 0
            bounds = sorted(r.sample(range(first + 0x18, 0xe0, 0x18), r.choice([0, 0, 1, 2])))
            for begin, end in zip([first] + bounds, bounds + [0x100]):
                hosts.append((domain, begin, end - 1))
        r.shuffle(hosts)
        return hosts

    def ids_of_first(self):
        """Most kernels know the older rows only, so these are drawn more often."""
        pool = self.r.choice([LISTED, LISTED, LISTED[3:13], LISTED[3:7], UNLISTED])
        return self.r.choice(pool)

    def host(self, domain, first, last):
        r = self.r
        self.domain, self.next_bus, self.last_bus = domain, first + 1, last
        slots = sorted(r.sample(range(32), r.randint(1, 5)))
        if self.chance(0.7):
            slots[0] = 0
        self.bus_function_0(first, slots[0])
        for dev in slots[1:]:
            what = r.random()
            if what < 0.6:
                self.root_ports(first, dev)
            elif what < 0.8:
                self.endpoint(first, dev, kind=r.choice([RC_ENDPOINT, RC_ENDPOINT, RC_EVENTS, None]))
            else:
                self.conventional(first, dev, kind=r.choice([TO_PCI, None]))

    def bus_function_0(self, bus, dev):
        """What is found first on a root bus: this is what the table of the kernel is asked about."""
        r, what, ids = self.r, self.r.random(), self.ids_of_first()
        if what < 0.35:         # a host bridge, with a config space of either size, with or without PCI Express
            fn = self.add(bus, dev, 0, ids, HOST, r.choice([None, None, RC_ENDPOINT, ROOT]), size=r.choice([256, 4096]))
            if self.chance(self.acs_ends):
                self.extended(fn, self.control())
        elif what < 0.7:        # a root port
            self.port(bus, dev, 0, ROOT, ids=ids)
        elif what < 0.8:        # some other kind of bridge
            self.conventional(bus, dev, kind=r.choice([TO_PCI, None, UP, DOWN]), ids=ids)
        else:                   # an accelerator
            self.endpoint(bus, dev, kind=r.choice([RC_ENDPOINT, ENDPOINT, None]), ids=ids + (0x088000,))

    def root_ports(self, bus, dev):
        count = self.r.choice([1, 1, 1, 2, 4])
        ids = self.r.choice(PORTS + LISTED[7:11])
        for func in range(count):
            self.port(bus, dev, func, ROOT, ids=ids, multi=count > 1)

    # --- below a port ---

    def add(self, bus, dev, func, ids, klass, kind, **more):
        fn = Fn((self.domain, bus, dev, func), ids, klass, kind, **more)
        if kind is not None:
            self.express(fn)
        self.fns.append(fn)
        if not fn.bridge:
            self.budget -= 1
        return fn

    def port(self, bus, dev, func, kind, ids=None, multi=False, below=None, depth=0):
        """A bridge with a bus of its own; below(bus) fills that bus."""
        if self.next_bus > self.last_bus:
            return
        fn = self.add(bus, dev, func, ids or self.r.choice(PORTS), PCI_BRIDGE, kind, bridge=True, multi=multi,
                      size=256 if kind is None else self.r.choice([4096] * 7 + [256]))
        if self.chance(self.acs_ports if kind not in (None, TO_PCI) else self.acs_ports / 4):
            self.extended(fn, self.control())
        elif self.chance(0.3):
            self.extended(fn, None)
        secondary = self.next_bus
        self.next_bus += 1
        (below or (lambda b: self.link(b, depth)))(secondary)
        if self.chance(0.1) and self.next_bus <= self.last_bus:
            self.next_bus += 1          # a bus number kept free, as hot-plug slots have
        fn.put(0x18, '<BBB', bus, secondary, self.next_bus - 1)

    def link(self, bus, depth):
        """One device on a link: only device number 0 can be there."""
        deep = {'wide': 0.2, 'mixed': 0.35, 'deep': 0.9, 'conventional': 0.1}[self.shape]
        pci = 0.6 if self.shape == 'conventional' else 0.1
        if self.budget <= 0:
            return
        if depth < 9 and self.chance(deep):
            self.switch(bus, depth)
        elif self.chance(pci):
            self.conventional(bus, 0, kind=TO_PCI)
        elif self.chance(0.95):
            self.endpoint(bus, 0, kind=self.r.choice([ENDPOINT] * 9 + [LEGACY]))

    def switch(self, bus, depth):
        r = self.r
        functions = r.choice([1, 1, 1, 2, 3])

        def inside(secondary):
            devs = sorted(r.sample(range(32), r.choice([1, 2, 2, 3, 4] if depth < 3 else [1, 1, 2])))
            for dev in devs:
                if self.chance(0.08):   # an endpoint within the switch
                    self.endpoint(secondary, dev, kind=ENDPOINT)
                    continue
                count = r.choice([1] * 8 + [2])
                for func in range(count):
                    self.port(secondary, dev, func, DOWN, multi=count > 1, depth=depth + 1)

        self.port(bus, 0, 0, UP, multi=functions > 1, below=inside)
        for func in range(1, functions):
            if self.chance(0.3):        # a second upstream port beside the first
                self.port(bus, 0, func, UP, multi=True, below=lambda b: self.port(b, 0, 0, DOWN, depth=depth + 1))
            else:
                self.end_function(bus, 0, func, r.choice(ENDPOINTS), ENDPOINT, multi=True)

    def conventional(self, bus, dev, kind, ids=None):
        """A bridge to (or between) parallel buses: every device number can be there, and nothing has ACS."""
        def inside(secondary):
            self.no_extended += 1
            for slot in sorted(self.r.sample(range(32), self.r.choice([1, 1, 2, 3]))):
                if self.chance(0.2):
                    self.conventional(secondary, slot, kind=None)
                elif self.chance(0.05):
                    self.port(secondary, slot, 0, TO_PCIE)
                else:
                    self.endpoint(secondary, slot, kind=None)
            self.no_extended -= 1

        self.port(bus, dev, 0, kind, ids=ids, below=inside)

    def endpoint(self, bus, dev, kind, ids=None):
        r, functions = self.r, self.r.choice([1, 1, 1, 2, 3, 8])
        ids = ids or r.choice(ENDPOINTS)
        funcs = [0] + sorted(r.sample(range(1, 8), functions - 1))
        for func in funcs:
            fn = self.end_function(bus, dev, func, ids, kind, multi=functions > 1)
            if (func, dev, functions, kind) == (0, 0, 1, ENDPOINT) and self.sriov and len(self.pfs) < 2 and not self.no_extended:
                self.virtual_functions(fn)

    def end_function(self, bus, dev, func, ids, kind, multi):
        size = 256 if kind is None else self.r.choice([4096] * 7 + [256])
        fn = self.add(bus, dev, func, ids[:2], ids[2], kind, multi=multi, size=size)
        if size == 4096 and self.chance(self.acs_ends):
            self.extended(fn, self.control())
        elif size == 4096 and self.chance(0.2):
            self.extended(fn, None)
        return fn

    # --- capabilities ---

    def express(self, fn):
        """The PCI Express capability, somewhere in a list that may hold others and need not ascend."""
        r = self.r
        offsets = r.sample(range(0x40, 0xc4, 0x3c), r.choice([1, 1, 2]))
        fn.put(0x34, 'B', offsets[0])
        last = r.randrange(len(offsets))
        for i, offset in enumerate(offsets):
            after = offsets[i + 1] if i + 1 < len(offsets) else 0
            if i == last:
                fn.put(offset, '<BBHI', 0x10, after, 2 | fn.kind << 4, 0x8000)
                fn.put(offset + 12, '<I', 0x00400443)       # a link, so that nothing divides by its width
                fn.put(offset + 18, '<H', 0x2043)
                fn.rw(offset + 8, 0xffff, 2)
            else:
                fn.put(offset, '<BBHI', 0x09, after, 8, 0)
        fn.express_at = offsets[last]

    def control(self):
        """An ACS control word. Bits 04, 08 and 20 redirect; nothing else may matter."""
        r = self.r
        quiet = r.choice([0, 1, 2, 0x10, 0x40, 0x53, r.getrandbits(16) & ~0x2c])
        if not self.chance(self.redirect):
            return quiet
        return r.choice([4, 8, 0x20, 0x1d, 0x5f, quiet | r.choice([4, 8, 0xc, 0x20, 0x24, 0x28, 0x2c])])

    def extended(self, fn, control, more=()):
        """The extended capabilities. With odd_chains the list runs backwards, has holes, decoys or even a loop."""
        r = self.r
        if len(fn.config) < 4096:
            return
        ids = [(0x0d, control)] if control is not None else []
        ids += [(i, None) for i in r.sample([0x03, 0x0b, 0x0b, 0x18, 0x01], r.randint(0, 4))]
        odd = self.chance(self.odd_chains)
        if odd:
            r.shuffle(ids)
            if control is not None and self.chance(0.2):        # a second one, which must not be looked at
                ids.append((0x0d, self.control()))
        ids += more
        if not ids:
            ids = [(0x03, None)]
        offsets = sorted(r.sample(range(0x140, 0xfc0, 0x40), len(ids) - 1))
        if odd:
            r.shuffle(offsets)
        offsets = [0x100] + offsets
        end = 0                                                 # or a loop, or one that points into the legacy part
        if odd and self.chance(0.15):
            end = r.choice([0x100, 0x80, 0x40])
        if end == 0x100:    # the kernel looks for all vendor capabilities of a device, and would never come back
            ids = [(0x18 if cap == 0x0b else cap, data) for cap, data in ids]
        for i, ((cap, data), offset) in enumerate(zip(ids, offsets)):
            after = offsets[i + 1] if i + 1 < len(ids) else end
            junk = r.choice([0, 1, 2, 3]) if odd and after else 0  # two reserved bits
            fn.put(offset, '<I', cap | 1 << 16 | (after | junk) << 20)
            if cap == 0x0d:
                fn.put(offset + 4, '<HH', 0x7f, data)
                fn.rw(offset + 6, 0x7f, 2)
                fn.put(offset + 8, '<I', 0 if data & 0x2c else 0x2c)   # where some Intel ports keep the real word
            elif cap == 0x10:
                data(fn, offset)
        if odd and self.chance(0.3):                            # one that no list leads to
            free = [o for o in range(0x140, 0xfc0, 0x40) if o not in offsets]
            fn.put(r.choice(free), '<IHH', 0x1000d, 0x7f, 0x2c)

    def virtual_functions(self, pf):
        r = self.r
        domain, bus, _, _ = pf.bdf
        if len(pf.config) < 4096 or pf.config[0x100:0x104] != bytes(4):
            return
        count, stride = r.choice([1, 2, 4]), r.choice([1, 2])
        offset = r.choice([1, 4, 0x80])
        if self.next_bus <= self.last_bus and self.chance(0.4):
            offset = 0x100              # on the next bus, which no bridge leads to
            self.next_bus += 1

        def fill(fn, at):
            fn.put(at + 12, '<HHHBBHHHHII', count, count, 0, 0, 0, offset, stride, 0, 0x1889, 0x553, 1)
            fn.rw(at + 8, 0x19, 2)
            fn.rw(at + 16, 0xffff, 2)
            fn.rw(at + 32, 0xffff, 4)

        self.extended(pf, self.control() if self.chance(self.acs_ends) else None, more=[(0x10, fill)])
        for i in range(count):
            rid = (bus << 8) + offset + i * stride
            vf = self.add(rid >> 8, rid >> 3 & 0x1f, rid & 7, (0xffff, 0xffff), 0x020000, ENDPOINT)
            if self.chance(self.acs_ends):
                self.extended(vf, self.control())
        self.pfs.append((pf, count))

    # --- afterwards ---

    def reorder(self):
        """Takes functions away and looks for them again, so that they come back at the end of their bus."""
        virtual = {pf.bdf for pf, _ in self.pfs}
        candidates = [fn for fn in self.fns if fn.config[:2] != b'\xff\xff' and fn.bdf not in virtual]
        roots = {(domain, first) for domain, first, _ in self.hosts}
        firsts = [fn for fn in candidates if fn.bdf[:2] in roots]
        if self.pfs:                    # what is above a PF stays: its VFs would not come back
            candidates = [fn for fn in candidates if not fn.bridge]
            firsts = [fn for fn in firsts if not fn.bridge]
        for _ in range(self.r.randint(1, 3)):
            gone = self.r.sample(firsts, min(len(firsts), self.r.randint(0, 3)))
            gone += self.r.sample(candidates, min(len(candidates), self.r.randint(0, 3)))
            for bdf in dict.fromkeys(fn.bdf for fn in gone):
                self.events.append('remove %04x:%02x:%02x.%d' % bdf)
            if self.chance(0.9):
                self.events.append('scan')

    def text(self):
        for domain, first, last in self.hosts:
            yield f'host {domain:04x} {first:02x} {last:02x}'
        for fn in self.fns:
            yield from fn.text()
        yield 'scan'
        for pf, count in self.pfs:
            yield 'sriov %04x:%02x:%02x.%d ' % pf.bdf + f'{count:x}'
        yield from self.events


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit('usage: hierarchy.py SEED')
    print('\n'.join(Hierarchy(int(sys.argv[1])).text()))
