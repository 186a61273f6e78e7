#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What `meson install` puts where, with DESTDIR, and that nothing else is touched.

load helper

BUILD=${P2PTOPO%/*/*}

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# Every file below a folder, and where it is to be.
files() { (cd "$1" && find . ! -type d | sed 's/^\.//' | sort); }

# What runs p2pctl at boot, where a build with these options installs it.
boot_files() {
	meson setup "$@" build "$TOP" >setup.log || { cat setup.log >&2; return 1; }
	DESTDIR=$PWD/dest meson install -C build --no-rebuild --quiet --tags boot
	files dest
}

# Each program named by a rule, a unit or a script is one that is installed.
programs_are_there() { # DEST FILE...
	local dest=$1 path
	shift
	for path in $(grep -hoE '^[^#]*' "$@" | grep -oE '/[^" ]*/(s?bin/p2pctl|p2pctl-event)' | sort -u); do
		[ -x "$dest$path" ] || fail "$path is named, and not installed"
	done
	! grep -l '@[A-Z]' "$@" || fail 'a word that meson should have put in'
}

@test "all that is installed is below the prefix, in DESTDIR, and is what this list says" {
	local prefix
	prefix=$(meson introspect "$BUILD" --buildoptions | jq -r '.[] | select(.name == "prefix") | .value')
	DESTDIR=$PWD/dest meson install -C "$BUILD" --no-rebuild --quiet
	files dest | sed "s|^$prefix/||" >list
	diff - list <<-'END'
		lib/systemd/system/p2pctl-nvmet.service
		lib/systemd/system/p2pctl.path
		lib/systemd/system/p2pctl.service
		lib/tmpfiles.d/p2pctl.conf
		lib/udev/rules.d/99-p2pdma.rules
		libexec/p2pctl-event
		sbin/p2pctl
		sbin/p2ptopo
		share/bash-completion/completions/p2pctl
		share/bash-completion/completions/p2ptopo
		share/fish/vendor_completions.d/p2pctl.fish
		share/fish/vendor_completions.d/p2ptopo.fish
		share/man/man5/p2p-allowlist.5
		share/man/man5/p2p-policy.5
		share/man/man5/p2p-snapshot.5
		share/man/man8/p2pctl.8
		share/man/man8/p2ptopo.8
		share/p2ptopo/allowlist.yaml
		share/p2ptopo/p2p-bench-1.json
		share/p2ptopo/p2p-policy-1.json
		share/p2ptopo/p2pctl-1.json
		share/p2ptopo/p2ptopo-1.json
		share/zsh/site-functions/_p2ptopo
	END
	programs_are_there dest "dest$prefix"/lib/systemd/system/* "dest$prefix"/lib/udev/rules.d/* "dest$prefix/libexec/p2pctl-event"
}

@test "with the prefix /usr the folders are those that pkg-config names" {
	mkdir pc
	printf 'Name: udev\nDescription: u\nVersion: 1\nudevdir=/usr/lib/other-udev\n' >pc/udev.pc
	printf 'Name: systemd\nDescription: s\nVersion: 1\nsystemdsystemunitdir=/lib/units\ntmpfilesdir=/usr/lib/tmp.d\n' >pc/systemd.pc
	PKG_CONFIG_PATH=$PWD/pc boot_files --prefix /usr >list
	diff - list <<-'END'
		/lib/units/p2pctl-nvmet.service
		/lib/units/p2pctl.path
		/lib/units/p2pctl.service
		/usr/lib/other-udev/rules.d/99-p2pdma.rules
		/usr/lib/tmp.d/p2pctl.conf
		/usr/libexec/p2pctl-event
	END
	grep -q 'RUN+="/usr/libexec/p2pctl-event note pci"' dest/usr/lib/other-udev/rules.d/99-p2pdma.rules
	grep -q '^ExecStart=/usr/libexec/p2pctl-event run$' dest/lib/units/p2pctl.service
	grep -q '/usr/sbin/p2pctl enable --auto' dest/usr/libexec/p2pctl-event
	[ -x dest/usr/libexec/p2pctl-event ]
}

@test "options name other folders, or leave systemd or all of it out" {
	boot_files --prefix /usr -Dudevdir=/u -Dsystemdsystemunitdir=no -Dtmpfilesdir=no >list
	is "$(<list)" $'/u/rules.d/99-p2pdma.rules\n/usr/libexec/p2pctl-event'
	rm -r dest build
	boot_files --prefix /usr -Dudevdir=no >list || [ -z "$(<list)" ]
	is "$(<list)" ''
}

@test "p2pctl-event: wrong words are refused, and nothing is noted" {
	run sh "$BUILD/udev/p2pctl-event"
	is "$status" 2
	run sh "$BUILD/udev/p2pctl-event" note
	is "$status" 2
	run sh "$BUILD/udev/p2pctl-event" note ../../etc/passwd
	is "$status" 2
	is "$output" 'p2pctl-event: note takes a name'
}
