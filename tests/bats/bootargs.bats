#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# p2pctl bootargs: on recorded machines, and on installed systems made up in a folder.

load helper

HOPS='0000:00:01.0/00.0/08.0;0000:00:01.0/00.0/09.0'
REDIR="disable_acs_redir=$HOPS"
CONFIG='config_acs=x0100x1@0000:00:01.0/00.0/08.0;x0100x1@0000:00:01.0/00.0/09.0'
HOPS_OPTIONS="$REDIR,$CONFIG"

setup() {
	umask 022
	export COLUMNS=1000 # so that nothing is wrapped
	cd "$BATS_TEST_TMPDIR"
	cat >policy.yaml <<-'END'
		schema: p2p-policy/1
		rules:
		  - name: disks
		    do: allow
		    providers: [{ driver: nvme }]
		    clients: [{ class: "0108" }]
		    within: switch
		    acs-redirect: off
	END
}

# `bootargs MACHINE ARG...` with the policy; MACHINE is one of tests/machines, or a file.
bootargs() {
	local machine=$1
	shift
	[ -e "$machine" ] || machine=$(snap "$machine")
	p2pctl bootargs -F "$machine" --policy policy.yaml "$@"
}

# `with_cmdline MACHINE TEXT` is that machine booted with more arguments, as the file machine.snap.
with_cmdline() {
	sed "s|^read proc/cmdline = .*|& $2|" "$(snap "$1")" >machine.snap
}

# `kernel RELEASE WORDS` installs a kernel in the image, with the text that a bzImage has about itself.
kernel() {
	local file=image/boot/vmlinuz-$1
	mkdir -p image/boot
	head -c 4096 /dev/zero >"$file"
	printf 'HdrS' | dd of="$file" bs=1 seek=$((0x202)) conv=notrunc status=none
	printf '\x00\x04' | dd of="$file" bs=1 seek=$((0x20e)) conv=notrunc status=none
	printf '%s\0' "$1 $2" | dd of="$file" bs=1 seek=$((0x600)) conv=notrunc status=none
	printf 'CONFIG_PCI=y\n%s\nCONFIG_INTEL_IOMMU_DEFAULT_ON=y\n' "${3:-CONFIG_PCI_P2PDMA=y}" >"image/boot/config-$1"
}

# An installed system with two kernels, and with GRUB as Debian has it.
debian_image() {
	mkdir -p image/var/lib image/etc/default/grub.d image/usr/sbin
	# shellcheck disable=SC2016
	echo 'for x in ${sysconfdir}/default/grub.d/*.cfg ; do . "$x"; done' >image/usr/sbin/grub-mkconfig
	echo 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"' >image/etc/default/grub
	kernel 6.1.0-28-amd64 '(debian-kernel@lists.debian.org) #1 SMP Debian 6.1.119-1 (2024-11-22)'
	kernel 7.2.12 '(build@example.org) #1 SMP'
}

# What GRUB's shell makes of its files: the last words of the kernel's command line as grub.cfg would have them.
grub_words() {
	(
		. image/etc/default/grub
		for x in image/etc/default/grub.d/*.cfg; do [ ! -e "$x" ] || . "$x"; done
		echo "$GRUB_CMDLINE_LINUX_DEFAULT"
	)
}

files_of() { (cd image && find etc -type f -exec sha256sum {} + | sort -k2 && find etc -printf '%p %m %y\n' | sort); }

@test "which argument is right depends on the kernel, and each is judged" {
	bootargs switch-acs
	exits 0
	says '7.2.12 takes config_acs=: right'
	says "pci=$CONFIG"
	says_not disable_acs_redir
	says '03:00.0 (nvme0) → 04:00.0 (nvme1): NOT_SUPPORTED becomes BUS_ADDR'
	says '02:08.0: 03:00.0 (nvme0) reaches 04:00.0 (nvme1), 05:00.0 (eth0)'
	bootargs switch-acs --kernel 6.1.119 --kernel 6.10
	exits 0
	says "pci=$REDIR"
	says_not config_acs
}

@test "mixed kernels get both in one pci=, and on each only what was wished changes" {
	with_cmdline switch-acs intel_iommu=on
	bootargs machine.snap --kernel 6.1.119 --kernel 7.2 --json
	exits 0
	is "$(get .boot.argument)" "pci=$HOPS_OPTIONS"
	is "$(get -c '[.boot.kernels[].fate] | unique')" '["right"]'
	is "$(get -c '[.boot.kernels[].acs[] | [.before, .before_unknown, .after, .after_unknown]] | unique')" '[[29,0,17,0]]'
	is "$(get -c '[.boot.kernels[].pairs[] | [.before, .after]] | unique')" '[["NOT_SUPPORTED","BUS_ADDR"]]'
}

@test "what it promises is what p2ptopo says of a boot with it" {
	with_cmdline switch-acs intel_iommu=on
	bootargs machine.snap --kernel 6.1.119 --kernel 7.2 --json
	local argument release
	argument=$(get .boot.argument)
	for release in 6.1.119 7.2; do
		bootargs machine.snap --kernel 6.1.119 --kernel 7.2 --json
		local promised
		promised=$(get -c ".boot.kernels[] | select(.name == \"$release\") | [.pairs[] | [.provider, .client, .after]] | sort")
		p2ptopo pairs -F machine.snap --json --assume "kernel=$release" --assume "cmdline=intel_iommu=on $argument"
		is "$(get -c '[.pairs[] | select(.map == "BUS_ADDR") | [.provider, .client, .map]] | sort')" "$promised"
	done
}

@test "what a script has cleared since the boot is wished all the same: the next boot sets it again" {
	with_cmdline switch-acs intel_iommu=on
	sed -i '/^hex .*02:0[89].0\/config/,/^[a-z]/s/ 1d 00/ 11 00/' machine.snap
	p2ptopo pairs -F machine.snap --json
	is "$(get '[.pairs[] | select(.map == "BUS_ADDR")] | length')" 2
	bootargs machine.snap
	exits 0
	says "pci=$CONFIG"
	says 'NOT_SUPPORTED becomes BUS_ADDR'
}

@test "one kernel that would misbehave, or may, refuses all; it is named" {
	bootargs switch-acs --kernel 6.1.119 --kernel 6.12.8 --kernel 7.2.12
	exits 5
	says '6.12.8 takes neither right: MISBEHAVES; 6.11 to 6.14 misapply the masks'
	says 'TransBlk+'
	says 'Refused: Linux 6.12.8 would misbehave'
	bootargs switch-acs --kernel 6.12.8
	exits 5
	says 'No argument is right for any of these kernels.'
	bootargs switch-acs --kernel 6.12 --kernel 6.1
	exits 5
	says 'Refused: Linux 6.12 may misbehave'
	bootargs switch-acs --kernel 6.12.117 --kernel 6.1
	exits 0
	bootargs ubuntu
	says 'takes not known'
}

@test "a kernel before 4.20 takes neither; one without P2PDMA only pays; they refuse nothing" {
	debian_image
	kernel 4.19.0-27-amd64 '#1 SMP Debian 4.19.316-1'
	kernel 6.1.0-29-cloud-amd64 '#1 SMP Debian 6.1.123-1' '# CONFIG_PCI_P2PDMA is not set'
	bootargs switch-acs --image image
	exits 0
	says '4.19.0-27-amd64 (4.19.316) takes neither: nothing; older than 4.20'
	says '6.1.0-28-amd64 (6.1.119) takes disable_acs_redir=: right'
	says '6.1.0-29-cloud-amd64 (6.1.123) takes disable_acs_redir=: right; built without P2PDMA: it pays the price and gains nothing'
	says '6.1.0-29-cloud-amd64: NOT_SUPPORTED stays'
}

@test "from 6.19 on, without an IOMMU, nothing reaches a port that no driver binds to: said, and not written" {
	sed 's/^list \(sys.class.iommu\|sys.kernel.iommu_groups\) : .*/list \1 :/
		/^text .*02:0[89].0\/uevent/,/PCI_CLASS/{/DRIVER=/d}' "$(snap switch-acs)" >machine.snap
	bootargs machine.snap --kernel 7.2.12
	exits 5
	says '7.2.12 takes config_acs=: nothing; from 6.19 on, without an IOMMU, the arguments reach only functions that a driver binds to'
	says 'Refused: no kernel here gains anything by it'
	# 6.18 does it when functions are found.
	bootargs machine.snap --kernel 6.18.1 --kernel 7.2.12
	exits 0
	says '6.18.1 takes config_acs=: right'
	says '7.2.12: NOT_SUPPORTED stays'
}

@test "kernels without P2PDMA alone have a price and no gain: refused" {
	debian_image
	rm image/boot/*
	kernel 6.1.0-29-cloud-amd64 '#1 SMP Debian 6.1.123-1' '# CONFIG_PCI_P2PDMA is not set'
	bootargs switch-acs --image image --write
	exits 5
	says 'Refused: no kernel here gains anything by it'
}

@test "the price refuses here too; ACS that is not known is exit 4; nothing wished is said" {
	sed '/03:00.0\/uevent/,/PCI_CLASS/s/DRIVER=nvme/DRIVER=vfio-pci/' "$(snap switch-acs)" >vfio.snap
	p2pctl bootargs -F vfio.snap nvme0 nvme1
	exits 5
	says 'REFUSED: 03:00.0'
	says 'Refused: the price of a hop is refused'
	says_not 'pci=config_acs='
	p2pctl bootargs -F "$(snap unprivileged)" nvme0 nvme1
	exits 4
	says 'Not known enough to write anything'
	sed -i 's/acs-redirect: off/&\n    acs-by: runtime/' policy.yaml
	bootargs switch-acs
	exits 0
	says 'The policy wishes nothing of the command line'
}

@test "two devices need no policy, and cannot be written" {
	p2pctl bootargs -F "$(snap switch-acs)" nvme0 nvme1
	exits 0
	says "pci=$CONFIG"
	p2pctl bootargs -F "$(snap switch-acs)" nvme0 nvme1 --image . --write
	exits 2
	bootargs switch-acs --write
	exits 2
	complains 'give --image'
	bootargs switch-acs --image . --write --remove
	exits 2
	bootargs switch-acs --kernel seven
	exits 2
	complains '--kernel seven: no release'
	bootargs switch-acs --image nowhere
	exits 3
}

@test "what others say is joined behind ours, and where it is about the same hop it refuses" {
	with_cmdline switch-acs 'intel_iommu=on pci=realloc,config_acs=1xx@pci:15b3:101d'
	bootargs machine.snap --kernel 7.2
	exits 0
	says "pci=$CONFIG;1xx@pci:15b3:101d"
	with_cmdline switch-acs 'intel_iommu=on pci=config_acs=11xx@0000:02:09.0'
	bootargs machine.snap --kernel 7.2
	exits 5
	says 'already names 0000:02:09.0, or may, and wishes something else of it'
	# Somebody else did it already.
	with_cmdline switch-acs "intel_iommu=on pci=config_acs=x0000xx@0000:02:09.0;x0000xx@0000:02:08.0"
	sed -i '/^hex .*02:0[89].0\/config/,/^[a-z]/s/ 1d 00/ 11 00/' machine.snap
	bootargs machine.snap --kernel 7.2
	exits 0
	says 'No argument is needed'
	# shellcheck disable=SC2016
	with_cmdline switch-acs 'pci=config_acs=$(reboot)'
	bootargs machine.snap --kernel 7.2
	exits 5
	says 'holds something other than addresses and flags'
}

@test "--write makes a drop-in of GRUB that says what was printed, once; --remove leaves no trace" {
	debian_image
	local before
	before=$(files_of)
	bootargs switch-acs --image image --write
	exits 0
	says "pci=$HOPS_OPTIONS"
	says 'Next: update-grub'
	is "$(grub_words)" "quiet \"pci=$HOPS_OPTIONS\""
	is "$(stat -c %a image/etc/default/grub.d/p2pctl.cfg)" 644
	bootargs switch-acs --image image --write
	exits 0
	says 'The files are so already.'
	# Booted with it, it is still ours: not joined with itself, and still wished.
	with_cmdline switch-acs "intel_iommu=on pci=$HOPS_OPTIONS"
	bootargs machine.snap --image image --write
	exits 0
	says 'The files are so already.'
	is "$(grub_words)" "quiet \"pci=$HOPS_OPTIONS\""
	bootargs switch-acs --image image --remove
	exits 0
	says 'p2pctl.cfg: removed.'
	is "$(files_of)" "$before"
	bootargs switch-acs --image image --remove
	exits 0
	says 'Nothing of ours'
}

@test "a folder that was not there goes again; a policy that wishes nothing takes the argument out" {
	debian_image
	rmdir image/etc/default/grub.d
	local before
	before=$(files_of)
	bootargs switch-acs --image image --write
	exits 0
	is "$(grub_words)" "quiet \"pci=$HOPS_OPTIONS\""
	sed -i 's/acs-redirect: off/&\n    acs-by: runtime/' policy.yaml
	bootargs switch-acs --image image --write
	exits 0
	says 'removed.'
	is "$(files_of)" "$before"
}

@test "what was written stays where a function that cannot be read may be why the wish is gone" {
	debian_image
	bootargs switch-acs --image image --write
	bootargs unprivileged --image image --write
	exits 4
	complains 'what was written before stays'
	is "$(grub_words)" "quiet \"pci=$HOPS_OPTIONS\""
}

@test "kernel-install: our word is the last, the rest stays to the byte, and so does what was edited since" {
	debian_image
	rm image/usr/sbin/grub-mkconfig
	mkdir image/etc/kernel
	local text before
	for text in 'root=/dev/sda1 ro  quiet\n' 'root=/dev/sda1' '\n' '' 'root=/dev/sda1\n# note\n\n' "root=x\t\n"; do
		# shellcheck disable=SC2059
		printf "$text" >image/etc/kernel/cmdline
		before=$(files_of)
		bootargs switch-acs --image image --write
		exits 0
		says 'kernel-install add-all'
		grep -v '^#' image/etc/kernel/cmdline | tr -s ' \t\n' ' ' | grep -qE "(^| )pci=$HOPS_OPTIONS ?$"
		bootargs switch-acs --image image --remove
		exits 0
		is "$(files_of)" "$before"
	done
	echo 'root=/dev/sda1' >image/etc/kernel/cmdline
	chmod 600 image/etc/kernel/cmdline
	bootargs switch-acs --image image --write
	is "$(stat -c %a image/etc/kernel/cmdline)" 600
	sed -i 's/$/ more/' image/etc/kernel/cmdline
	bootargs switch-acs --image image --remove
	exits 0
	is "$(<image/etc/kernel/cmdline)" 'root=/dev/sda1 more'
}

@test "kernel-install: where only the vendor has a command line, /etc gets one made from it, and loses it again" {
	debian_image
	rm image/usr/sbin/grub-mkconfig
	mkdir -p image/usr/lib/kernel
	printf 'root=/dev/vda  ro\n# note\n' >image/usr/lib/kernel/cmdline
	local before at=image/etc/kernel/cmdline
	before=$(files_of)
	bootargs switch-acs --image image
	exits 0
	bootargs switch-acs --image image --write
	exits 0
	says "$at: written"
	says 'kernel-install add-all'
	is "$(<$at)" $'root=/dev/vda  ro\n# note'$'\n'"pci=$HOPS_OPTIONS"
	is "$(stat -c %a $at)" 644
	# kernel-install's own words for what it then takes.
	[[ $(tr -s '[:space:]' ' ' <$at) == *" pci=$HOPS_OPTIONS "* ]]
	bootargs switch-acs --image image --write
	exits 0
	says 'The files are so already.'
	bootargs switch-acs --image image --remove
	exits 0
	says "$at: removed"
	is "$(files_of)" "$before"
	[ ! -e image/etc/kernel ]
	# The folder of somebody else stays.
	mkdir image/etc/kernel
	bootargs switch-acs --image image --write
	bootargs switch-acs --image image --remove
	[ -d image/etc/kernel ]
	[ ! -e $at ]
	# What the vendor changes meanwhile is what counts, at the next --write and after --remove.
	bootargs switch-acs --image image --write
	echo 'root=/dev/vdb ro' >image/usr/lib/kernel/cmdline
	bootargs switch-acs --image image --write
	exits 0
	is "$(<$at)" "root=/dev/vdb ro pci=$HOPS_OPTIONS"
	bootargs switch-acs --image image --remove
	[ ! -e $at ]
	# What the administrator has edited is theirs from then on.
	bootargs switch-acs --image image --write
	sed -i 's/ ro/ rw/' $at
	bootargs switch-acs --image image --write
	exits 0
	is "$(<$at)" "root=/dev/vdb rw pci=$HOPS_OPTIONS"
	bootargs switch-acs --image image --remove
	exits 0
	is "$(<$at)" 'root=/dev/vdb rw'
	rm $at
	# As is one that is not there any more, or the vendor's.
	bootargs switch-acs --image image --write
	rm $at
	bootargs switch-acs --image image --remove
	exits 0
	[ ! -e $at ]
	bootargs switch-acs --image image --write
	rm image/usr/lib/kernel/cmdline
	bootargs switch-acs --image image --remove
	exits 0
	is "$(<$at)" 'root=/dev/vdb ro'
	# Arguments that the vendor gives are joined as those of others are.
	rm $at
	echo 'ro pci=config_acs=1xx@pci:15b3:101d' >image/usr/lib/kernel/cmdline
	bootargs switch-acs --image image --write
	exits 0
	is "$(<$at)" "ro pci=config_acs=1xx@pci:15b3:101d pci=$HOPS_OPTIONS;1xx@pci:15b3:101d"
	# Killed before the file was made, and before it was gone.
	bootargs switch-acs --image image --remove
	before=$(files_of)
	bootargs switch-acs --image image --write
	rm $at
	bootargs switch-acs --image image --write
	exits 0
	grep -q "pci=$HOPS_OPTIONS" $at
	bootargs switch-acs --image image --remove
	is "$(files_of)" "$before"
	# What cannot be made is said, and nothing else is left.
	rmdir image/etc/kernel
	echo file >image/etc/kernel
	bootargs switch-acs --image image --write
	exits 5
	is "$(<image/etc/kernel)" file
	rm image/etc/kernel
	printf 'a\0b' >image/usr/lib/kernel/cmdline
	bootargs switch-acs --image image --write
	exits 5
	complains 'usr/lib/kernel/cmdline: it holds bytes that are no text'
}

@test "a run that was killed between the record and the files, or between two files, is finished or taken back" {
	debian_image
	mkdir image/etc/kernel
	echo 'root=/dev/sda1' >image/etc/kernel/cmdline
	local before after which
	before=$(files_of)
	bootargs switch-acs --image image --write
	after=$(files_of)
	for which in none grub both; do
		[ $which = both ] || echo 'root=/dev/sda1' >image/etc/kernel/cmdline
		[ $which != none ] || rm image/etc/default/grub.d/p2pctl.cfg
		bootargs switch-acs --image image --write
		exits 0
		is "$(files_of)" "$after"
		[ $which = both ] || echo 'root=/dev/sda1' >image/etc/kernel/cmdline
		[ $which != none ] || rm image/etc/default/grub.d/p2pctl.cfg
		bootargs switch-acs --image image --remove
		exits 0
		is "$(files_of)" "$before"
		bootargs switch-acs --image image --write
	done
}

@test "where the second file cannot be replaced, the first is as it was" {
	debian_image
	mkdir -p image/etc/kernel/.cmdline.new
	echo 'root=/dev/sda1' >image/etc/kernel/cmdline
	local before
	before=$(files_of)
	bootargs switch-acs --image image --write
	exits 5
	complains 'image/etc/kernel/cmdline: '
	is "$(files_of)" "$before"
}

@test "a new policy or another kernel replaces what was written, before and after the next boot" {
	debian_image
	mkdir image/etc/kernel
	echo 'root=/dev/sda1' >image/etc/kernel/cmdline
	local before
	before=$(files_of)
	bootargs switch-acs --image image --write
	rm image/boot/*6.1.0*
	bootargs switch-acs --image image --write
	exits 0
	is "$(grub_words)" "quiet \"pci=$CONFIG\""
	is "$(<image/etc/kernel/cmdline)" "root=/dev/sda1 pci=$CONFIG"
	# This boot still has the older one: ours all the same.
	with_cmdline switch-acs "intel_iommu=on pci=$HOPS_OPTIONS"
	bootargs machine.snap --image image --write
	exits 0
	says 'The files are so already.'
	bootargs machine.snap --image image --remove
	exits 0
	is "$(files_of)" "$before"
	bootargs machine.snap --image image --write
	exits 0
	is "$(<image/etc/kernel/cmdline)" "root=/dev/sda1 pci=$CONFIG"
}

@test "files that give the arguments already: joined, and what cannot be joined is refused with its line" {
	debian_image
	echo 'GRUB_CMDLINE_LINUX="pci=config_acs=1xx@pci:15b3:101d"' >>image/etc/default/grub
	echo '# GRUB_CMDLINE_LINUX="pci=config_acs=1@0000:00:00.0"' >>image/etc/default/grub
	bootargs switch-acs --image image --write
	exits 0
	is "$(grub_words)" "quiet \"pci=$HOPS_OPTIONS;1xx@pci:15b3:101d\""
	bootargs switch-acs --image image --remove
	echo 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX pci=config_acs=11xx@0000:02:01.0"' >image/etc/default/grub.d/site.cfg
	bootargs switch-acs --image image --write
	exits 5
	says 'image/etc/default/grub:2 and image/etc/default/grub.d/site.cfg:1 give different lists for pci=config_acs='
	[ ! -e image/etc/default/grub.d/p2pctl.cfg ]
	# shellcheck disable=SC2016
	echo 'GRUB_CMDLINE_LINUX="pci=config_acs=$(cat /etc/acs)"' >image/etc/default/grub
	rm image/etc/default/grub.d/site.cfg
	bootargs switch-acs --image image --write
	exits 5
	says 'image/etc/default/grub:1 gives a pci=config_acs= that cannot be told without running the file'
	# On this boot's command line, and in no file.
	echo 'GRUB_CMDLINE_LINUX=quiet' >image/etc/default/grub
	with_cmdline switch-acs 'pci=config_acs=1xx@pci:15b3:101d'
	bootargs machine.snap --image image --write
	exits 5
	says 'the present command line has ACS arguments that no file here gives'
	# GRUB reads it after ours.
	echo 'GRUB_CMDLINE_LINUX_DEFAULT=splash' >image/etc/default/grub.d/zz.cfg
	bootargs switch-acs --image image
	says 'Look at image/etc/default/grub.d/zz.cfg: GRUB reads it after ours'
}

@test "links, files of others and folders that others may write in are not touched" {
	debian_image
	local drop=image/etc/default/grub.d/p2pctl.cfg
	echo 'GRUB_TIMEOUT=3' >$drop
	bootargs switch-acs --image image --write
	exits 5
	complains 'not as p2pctl wrote it'
	is "$(<$drop)" GRUB_TIMEOUT=3
	rm $drop
	echo precious >victim
	ln -s ../../../../victim $drop
	bootargs switch-acs --image image --write
	exits 5
	complains 'a link'
	is "$(<victim)" precious
	rm $drop
	chmod o+w image/etc/default/grub.d
	bootargs switch-acs --image image --write
	exits 5
	complains 'others may write in'
	chmod o-w image/etc/default/grub.d
	mv image/etc/default image/etc/elsewhere
	ln -s elsewhere image/etc/default
	bootargs switch-acs --image image --write
	exits 5
	complains 'a link on the way'
	is "$(find image -name p2pctl.cfg)" ''
}

@test "a record that is not ours, or torn, stops it; nothing is written" {
	debian_image
	mkdir -m 700 image/var/lib/p2pctl
	local text
	for text in 'p2pctl-bootargs 2' $'p2pctl-bootargs 1\nargument pci=config_acs=1@$(reboot)' \
		$'p2pctl-bootargs 1\nbefore x' $'p2pctl-bootargs 1\nbefore x\nafter y' $'p2pctl-bootargs 1\nbefore \\0\nafter x' ''; do
		printf '%s\n' "$text" >image/var/lib/p2pctl/bootargs
		bootargs switch-acs --image image --write
		exits 6
		complains 'this is not what p2pctl wrote'
	done
	[ ! -e image/etc/default/grub.d/p2pctl.cfg ]
}

@test "where there is no file to write to, it prints what to type: exit 1" {
	debian_image
	rm image/usr/sbin/grub-mkconfig
	bootargs switch-acs --image image --write
	exits 1
	says 'Next: add it to the command line of your boot loader'
	mkdir -p image/run
	touch image/run/ostree-booted
	bootargs switch-acs --image image --write
	exits 1
	says "rpm-ostree kargs --append='pci=$HOPS_OPTIONS'"
}

@test "a command line that kernels would cut off is refused" {
	with_cmdline switch-acs "$(printf 'x%.0s' {1..2000})"
	bootargs machine.snap --kernel 7.2
	exits 5
	says 'kernels cut it off after 2047'
}

@test "scripts, units and rules that clear ACS are found by what they do, with file and line" {
	debian_image
	mkdir -p image/etc/systemd/system/acs.service.d image/etc/udev/rules.d image/opt/acs image/usr/local/sbin
	cat >image/etc/systemd/system/acs.service <<-'END'
		[Service]
		ExecStart=-/opt/acs/clear.sh --all
	END
	cat >image/opt/acs/clear.sh <<-'END'
		#!/bin/bash
		# setpci -s $BDF ECAP_ACS+6.w=0
		for BDF in $(lspci -d "*:*:*" | awk '{print $1}'); do
		  setpci -v -s ${BDF} ECAP_ACS+0x6.w > /dev/null || continue
		  setpci -v -s ${BDF} ecap_acs+0x6.w=0000
		done
	END
	echo 'ACTION=="add", RUN+="/usr/bin/setpci -s 02:08.0 ECAP_ACS+6.w=0:2c"' >image/etc/udev/rules.d/99-acs.rules
	printf 'setpci -s $i f2a.w=0000\n' >image/etc/rc.local
	printf 'setpci\0ECAP_ACS+6.w=0\n' >image/usr/local/sbin/binary
	printf 'setpci -s \33[31m ECAP_ACS+6.w=0\n' >$'image/usr/local/sbin/\33[31mred'
	mkfifo image/usr/local/sbin/fifo
	bootargs switch-acs --image image --json
	is "$(get -c '[.boot.scripts[] | [.path, .line, .many]]')" \
		"$(jq -nc --arg red $'image/usr/local/sbin/\33[31mred' '[["image/opt/acs/clear.sh",5,true],
			["image/etc/udev/rules.d/99-acs.rules",1,false],[$red,1,true],["image/etc/rc.local",1,true]]')"
	bootargs switch-acs --image image
	says 'image/opt/acs/clear.sh:5 changes ACS with setpci, on more hops than any pair needs'
	says 'p2pctl bootargs --write'
	says_not $'\33'
	with_cmdline switch-acs pci=noacs
	bootargs machine.snap
	says 'pci=noacs does not exist'
}

# `found PATH TEXT...`: what is found when that file has these lines, "LINE many raw" each.
found() {
	local path=image/$1
	shift
	mkdir -p "${path%/*}"
	printf '%s\n' "$@" >"$path"
	bootargs switch-acs --image image --json
	get --arg path "$path" '[.boot.scripts[] | select(.path == $path) | "\(.line)\(if .many then " many" else "" end)\(if .raw then " raw" else "" end)"] | join(", ")'
	rm "$path"
}

@test "ACS is found however a line spells it, and nothing else is" {
	debian_image
	local at=usr/local/sbin/acs
	# 146 is where this machine's switch has its control word, 1a6 is nowhere.
	is "$(found $at 'setpci -s 02:08.0 146.w=0')" '1 raw'
	is "$(found $at 'setpci -s 0000:02:08.0 144.L=0:ffff0000')" '1 raw'
	is "$(found $at 'setpci -s 02:08.0 147.b=0' 'setpci -s 02:08.0 0x146.w=0')" '1 raw, 2 raw'
	is "$(found $at 'setpci -s 03:00.0 146.w=0')" ''
	is "$(found $at 'setpci -s 02:08.0 148.w=0' 'setpci -s 02:08.0 1a6.w=0' 'setpci -s 02:08.0 04.w=0007')" ''
	is "$(found $at 'setpci -s $i 146.w=0' 'setpci -s $i 148.w=0')" '1 many raw'
	is "$(found $at 'setpci -s $i F2A.W=0000')" '1 many raw'
	is "$(found $at 'setpci -s 02:08.0 ECAP000d+6.w=0' 'setpci -s 02:08.0 ecapd+6.w=0' 'setpci -s 02:08.0 ECAP0010+6.w=0')" '1, 2'
	is "$(found $at 'setpci -s 02:08.0 CAP_EXP+8.w=0' 'setpci -s 02:08.0 ECAP_ACS+6.w' '# setpci -s 02:08.0 ECAP_ACS+6.w=0')" ''
	is "$(found $at 'setpci -s 02:08.0 \' '  ECAP_ACS+6.w=0' 'setpci -s 02:09.0 ECAP_ACS+6.w=0')" '1, 3'
	is "$(found $at 'run(["setpci", "-s", "02:08.0", "ECAP_ACS+6.w=0000"])')" '1'
	is "$(found $at 'x=$(setpci -s 02:08.0 ECAP_ACS+6.w=0)')" '1'
	is "$(found $at 'setpci \')" ''
	bootargs switch-acs --image image
	says_not 'Folklore here'
}

@test "wherever it is run from: units of packages, drop-ins, sleep hooks, the clock, modprobe" {
	debian_image
	local path line='setpci -s 02:08.0 ECAP_ACS+6.w=0'
	for path in usr/lib/systemd/system/acs.service run/systemd/system/acs.service etc/systemd/system/x.service.d/acs.conf \
		usr/local/lib/systemd/system/acs.service; do
		is "$(found "$path" '[Service]' "ExecStart=/usr/bin/$line")" 2
	done
	for path in etc/udev/rules.d/9.rules usr/lib/udev/rules.d/9.rules run/udev/rules.d/9.rules; do
		is "$(found "$path" "ACTION==\"add\", RUN+=\"/usr/bin/$line\"")" 1
	done
	for path in usr/lib/systemd/system-sleep/acs etc/systemd/system-sleep/acs etc/cron.daily/acs etc/cron.d/acs etc/rc.local \
		etc/NetworkManager/dispatcher.d/acs etc/libvirt/hooks/qemu etc/init.d/acs etc/local.d/acs.start; do
		is "$(found "$path" '#!/bin/sh' "$line")" 2
	done
	is "$(found var/spool/cron/crontabs/root "@reboot $line")" 1
	is "$(found etc/modprobe.d/acs.conf "install nvme /sbin/modprobe --ignore-install nvme; $line")" 1
	# What these run is looked into, and a unit that is enabled is found once.
	mkdir -p image/opt image/usr/lib/systemd/system image/etc/systemd/system/multi-user.target.wants image/lib
	echo "$line" >image/opt/acs.sh
	echo 'ExecStart=/opt/acs.sh' >image/usr/lib/systemd/system/acs.service
	ln -s /usr/lib/systemd/system/acs.service image/etc/systemd/system/multi-user.target.wants/acs.service
	echo 'ExecStart=/usr/bin/setpci -s 02:09.0 ECAP_ACS+6.w=0' >image/usr/lib/systemd/system/two.service
	ln -s ../two.service image/etc/systemd/system/multi-user.target.wants/two.service
	rmdir image/lib
	ln -s usr/lib image/lib
	bootargs switch-acs --image image --json
	json_ok
	is "$(get -c '[.boot.scripts[].path]')" '["image/opt/acs.sh","image/usr/lib/systemd/system/two.service"]'
}

@test "hostile kernels: names, sizes and texts are only text" {
	debian_image
	kernel '9.9.9' $'\33[31m #1'
	printf 'MZ' >image/boot/vmlinuz-6.6.6
	head -c 100000 /dev/urandom >image/boot/vmlinuz-6.6.7
	mkfifo image/boot/vmlinuz-6.6.8
	mkdir image/boot/vmlinuz-6.6.9
	ln -s /etc/passwd image/boot/vmlinuz-6.6.10
	: >"image/boot/vmlinuz-; reboot"
	: >'image/boot/vmlinuz-no-release'
	bootargs switch-acs --image image
	[ "$status" -lt 6 ]
	says_not $'\33'
	says_not reboot
	says '6.6.6 takes disable_acs_redir='
}

@test "JSON is as its schema says, whatever comes of it" {
	debian_image
	mkdir -p image/usr/local/sbin image/etc/kernel
	echo 'root=/dev/sda1' >image/etc/kernel/cmdline
	echo 'setpci -s $i ECAP_ACS+6.w=0' >image/usr/local/sbin/acs
	# shellcheck disable=SC2016
	echo 'GRUB_CMDLINE_LINUX="pci=config_acs=1xx@pci:15b3:101d pci=disable_acs_redir=$x"' >>image/etc/default/grub
	bootargs switch-acs --image image --json
	exits 5
	json_ok
	is "$(get -c '[.boot.others[] | [.name, .list]]')" '[["disable_acs_redir",null],["config_acs","1xx@pci:15b3:101d"]]'
	echo 'GRUB_CMDLINE_LINUX=' >image/etc/default/grub
	bootargs switch-acs --image image --write --json
	exits 0
	json_ok
	is "$(get -c '[.boot.changed[].path]')" '["image/etc/default/grub.d/p2pctl.cfg","image/etc/kernel/cmdline"]'
	bootargs switch-acs --image image --remove --json
	exits 0
	json_ok
	is "$(get -c '[.boot.changed[].says]')" '["removed","as it was without our argument"]'
	for kernel in 4.19 6.1 6.12 6.12.8 6.15 7.9; do
		bootargs switch-acs --kernel $kernel --json
		json_ok
	done
	for machine in ubuntu el9 unprivileged unprivileged-zen no-pci laptop hostile dgx; do
		bootargs "$machine" --json
		json_ok
	done
}

@test "all JSON of this file is as the schema says" { json_all_ok; }
