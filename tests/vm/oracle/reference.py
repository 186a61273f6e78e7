#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A third opinion: what the kernel should answer for a description, from the rules alone.

reference.py DESCRIPTION KERNEL intel|zen [PROVIDER CLIENT] - prints all rows, or one pair with how it came about.

It shares no code with p2ptopo and reads the bytes of the description as the kernel does, so when the kernel and
p2ptopo differ it says whom to suspect. Rules: 5.2 and later.
"""
import re
import sys

ANY, SAME = -1, True
# vendor, device, needs the same host bridge, first release, release that dropped it
TABLE = [
    (0x1022, 0x1450, False, (5, 2), (5, 9)), (0x1022, 0x15d0, False, (5, 8), (5, 9)),
    (0x1022, 0x1630, False, (5, 8), (5, 9)),
    (0x8086, 0x3c00, SAME, (5, 4), None), (0x8086, 0x3c01, SAME, (5, 4), None), (0x8086, 0x2f00, SAME, (5, 4), None),
    (0x8086, 0x2f01, SAME, (5, 4), None), (0x8086, 0x2030, False, (5, 6), None), (0x8086, 0x2031, False, (5, 7), None),
    (0x8086, 0x2032, False, (5, 7), None), (0x8086, 0x2033, False, (5, 7), None), (0x8086, 0x2020, False, (5, 6), None),
    (0x8086, 0x09a2, False, (5, 18), None),
] + [(0x8086, device, False, (7, 1, 3), None)
     for device in (0x0b25, 0x0cfe, 0x11fb, 0x1212, 0x1216, 0x4940, 0x4942, 0x4944, 0x4946, 0x4948)] + [
    (0x1ae0, ANY, False, (7, 1), None)] + [(0x10de, device, False, (7, 3), None) for device in range(0x2f95, 0x2f99)]
ROOT_PORT, UPSTREAM, DOWNSTREAM, TO_PCIE = 4, 5, 6, 8


def release(text):
    return tuple(int(n) for n in re.match(r'(\d+)\.(\d+)(?:\.(\d+))?', text).groups(default='0'))


class Function:
    def __init__(self, bdf, size):
        self.bdf, self.config, self.host, self.parent, self.pf = bdf, bytearray(size), None, None, None

    def word(self, offset, size=2):
        if offset + size > len(self.config):
            return (1 << 8 * size) - 1
        return int.from_bytes(self.config[offset:offset + size], 'little')

    name = property(lambda self: '%04x:%02x:%02x.%d' % self.bdf)
    header = property(lambda self: self.config[14] & 0x7f)

    def port_type(self):
        if not self.word(6) & 0x10:
            return None
        at = self.config[0x34] & 0xfc
        for _ in range(48):
            if at < 0x40:
                return None
            if self.config[at] == 0x10:
                return self.word(at + 2) >> 4 & 15
            at = self.config[at + 1] & 0xfc
        return None

    def extended(self, wanted):
        """Where the first capability of that kind is. The list may run anywhere; the kernel gives up after 480."""
        if not self.has_extended():
            return None
        at = 0x100
        for _ in range(480):
            header = self.word(at, 4)
            if header == 0:
                return None
            if header & 0xffff == wanted:
                return at
            at = header >> 20 & 0xffc
            if at < 0x100:
                return None
        return None

    def has_extended(self):
        """PCI Express functions and host bridges have it, but it does not pass a bridge of another kind."""
        host_bridge = self.word(10) == 0x0600
        if len(self.config) < 4096 or (self.port_type() is None and not host_bridge):
            return False
        bridge = self.up()
        while bridge:
            if bridge.port_type() not in (ROOT_PORT, UPSTREAM, DOWNSTREAM):
                return False
            bridge = bridge.up()
        return True

    def redirect(self):
        at = self.extended(0x0d)
        return at is not None and self.word(at + 6) & 0x2c != 0

    def up(self):
        return self.pf.parent if self.pf else self.parent


class Machine:
    """The description, enumerated: which functions the kernel has, in which order on each root bus."""

    def __init__(self, text):
        self.all, self.hosts, self.seen, self.order = {}, {}, {}, {}
        fn = None
        for line in text.splitlines():
            verb, *args = line.split()
            if verb == 'host':
                self.hosts[int(args[0], 16), int(args[1], 16)] = True
            elif verb == 'fn':
                bdf = self.bdf(args[0])
                fn = self.all[bdf] = Function(bdf, int(args[1], 16))
            elif verb == 'at':
                data = bytes.fromhex(args[1])
                fn.config[int(args[0], 16):int(args[0], 16) + len(data)] = data
            elif verb == 'scan':
                for host in self.hosts:
                    self.scan(host, host[1], None)
            elif verb == 'sriov':
                self.sriov(self.all[self.bdf(args[0])], int(args[1], 16))
            elif verb == 'remove':
                self.remove(self.bdf(args[0]))

    @staticmethod
    def bdf(text):
        return tuple(int(part, 16) for part in re.split('[:.]', text))

    def scan(self, host, bus, bridge):
        link = bridge is not None and bridge.port_type() in (ROOT_PORT, DOWNSTREAM, TO_PCIE)
        for dev in range(1 if link else 32):
            first = self.all.get((host[0], bus, dev, 0))
            if first is None:
                continue
            for func in range(8 if first.config[14] & 0x80 else 1):
                fn = self.all.get((host[0], bus, dev, func))
                if fn is None or fn.word(0) == 0xffff:
                    continue
                if fn.bdf not in self.seen:
                    self.seen[fn.bdf] = fn
                    fn.host, fn.parent = host, bridge
                    self.order.setdefault((host[0], bus), []).append(fn)
                if fn.header == 1:
                    self.scan(host, fn.config[0x19], fn)

    def sriov(self, pf, count):
        at = pf.extended(0x10)
        for i in range(count):
            rid = (pf.bdf[1] << 8 | pf.bdf[2] << 3 | pf.bdf[3]) + pf.word(at + 20) + i * pf.word(at + 22)
            vf = self.all[pf.bdf[0], rid >> 8, rid >> 3 & 31, rid & 7]
            vf.host, vf.pf = pf.host, pf
            self.seen[vf.bdf] = vf

    def remove(self, bdf):
        fn = self.seen.pop(bdf, None)
        if fn is None:
            return
        self.order[bdf[:2]].remove(fn)
        for below in [f for f in self.seen.values() if f.parent is fn or f.pf is fn]:
            self.remove(below.bdf)

    def plain_order(self):
        """Whether what is first on each root bus can be told without knowing the order of discovery."""
        return all(fns[0] is min(fns, key=lambda f: f.bdf) for bus, fns in self.order.items() if bus in self.hosts and fns)


class Kernel:
    def __init__(self, machine, kernel, cpu):
        self.machine, self.release, self.zen = machine, release(kernel), cpu == 'zen'

    def first(self, host):
        order = self.machine.order.get(host, [])
        zero = [fn for fn in order if fn.bdf[2:] == (0, 0)]
        if self.release < (5, 14) and not (5, 10, 20) <= self.release < (5, 11):    # the backport; its exact point is unknown
            return zero[0] if zero else None
        if not order or order[0] in zero:
            return order[0] if order else None
        return order[0] if self.release >= (5, 19) and order[0].port_type() == ROOT_PORT else None

    def host_allowed(self, host, same):
        fn = self.first(host)
        if fn is None:
            return False, f'host {host}: no usable first function'
        for vendor, device, needs_same, since, until in TABLE:
            if self.release < since or (until and self.release >= until):
                continue
            if fn.word(0) == vendor and device in (ANY, fn.word(2)):
                ok = same or not needs_same
                return ok, f'host {host}: {fn.name} {vendor:04x}:{fn.word(2):04x} {"listed" if ok else "needs one host"}'
        return False, f'host {host}: {fn.name} {fn.word(0):04x}:{fn.word(2):04x} is not listed'

    def pair(self, provider, client):
        """(distance, map, why)"""
        redirecting, a, da, common = [], provider, 0, None
        while a:
            if a.redirect():
                redirecting.append(a.name)
            b, db = client, 0
            while b and b is not a:
                b, db = b.up(), db + 1
            if b:
                common = a
                break
            a, da = a.up(), da + 1
        distance = da + db
        if common:
            b = client
            while b is not common:
                if b.redirect():
                    redirecting.append(b.name)
                b = b.up()
            if not redirecting:
                return distance, 'BUS_ADDR', f'common {common.name}, no redirect'
            why = f'common {common.name}, redirecting: {" ".join(redirecting)}'
        else:
            why = 'no common bridge'
        if self.zen and self.release >= (5, 9):
            return distance, 'THRU_HOST_BRIDGE', why + '; zen'
        same = provider.host == client.host
        for host in dict.fromkeys([provider.host, client.host]):
            ok, says = self.host_allowed(host, same)
            why += '; ' + says
            if not ok:
                return -1, 'NOT_SUPPORTED', why
        return distance, 'THRU_HOST_BRIDGE', why

    def functions(self):
        return [fn for fn in self.machine.seen.values() if fn.header not in (1, 2)]

    def rows(self):
        fns = self.functions()
        return {(p.name, c.name): self.pair(p, c) for p in fns for c in fns}


def chain(fn):
    """The way up from a function, one line a node."""
    while fn:
        at = fn.extended(0x0d)
        acs = 'no ACS' if at is None else f'ACS at {at:x} = {fn.word(at + 6):04x}'
        kind = {None: 'conventional', 0: 'endpoint', 4: 'root port', 5: 'upstream', 6: 'downstream', 7: 'to PCI',
                9: 'RC endpoint'}.get(fn.port_type(), f'type {fn.port_type()}')
        yield f'{fn.name} {fn.word(0):04x}:{fn.word(2):04x} {kind}, {acs}' + (f', VF of {fn.pf.name}' if fn.pf else '')
        fn = fn.up()


def explain(machine, kernel, provider, client):
    for role, name in (('provider', provider), ('client', client)):
        fn = machine.seen.get(machine.bdf(name))
        if fn is None:
            yield f'{role} {name}: not part of the description (hardware of the guest)'
            continue
        for node in chain(fn):
            yield f'{role}: {node}'
        order = machine.order.get(fn.host, [])
        yield f'{role}: host {fn.host[0]:04x}:{fn.host[1]:02x}, in order: ' + ' '.join(
            f'{f.name}({f.word(0):04x}:{f.word(2):04x} type {f.port_type()})' for f in order)
    if all(machine.bdf(name) in machine.seen for name in (provider, client)):
        distance, map_type, why = kernel.pair(*(machine.seen[machine.bdf(name)] for name in (provider, client)))
        yield f'reference: {map_type} {distance} ({why})'


def main():
    if len(sys.argv) not in (4, 6):
        sys.exit('usage: reference.py DESCRIPTION KERNEL intel|zen [PROVIDER CLIENT]')
    with open(sys.argv[1], encoding='ascii') as file:
        machine = Machine(file.read())
    kernel = Kernel(machine, *sys.argv[2:4])
    if len(sys.argv) == 6:
        print('\n'.join(explain(machine, kernel, *sys.argv[4:])))
    else:
        for (provider, client), (distance, map_type, _) in kernel.rows().items():
            print(provider, client, distance, map_type)


if __name__ == '__main__':
    main()
