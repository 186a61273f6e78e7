/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fault.h"

#include <stdlib.h>
#include <string.h>

/* What follows `mark` in `text`; NULL: it is not there. */
static const char *after(const char *text, const char *mark)
{
	const char *at = strstr(text, mark);

	return at ? at + strlen(mark) : NULL;
}

static bool starts(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* A number of 1 to 16 hex digits, with 0x before it or not; false: none is there, or it is longer. */
static bool read_hex(const char *text, uint64_t *ret)
{
	uint64_t value = 0;
	int digits = 0;

	if (starts(text, "0x"))
		text += 2;
	for (; hex_digit(*text) >= 0; text++) {
		if (++digits > 16)
			return false;
		value = value << 4 | (unsigned)hex_digit(*text);
	}
	if (!digits)
		return false;
	*ret = value;
	return true;
}

static void set_address(const char *text, struct p2p_fault *fault)
{
	fault->has_address = text && read_hex(text, &fault->address);
}

/*
 * "0000:03:00.0", "03:00.0", or as some releases have it "0x03:0x00.0", and then
 * one of `ends` (or the end of the line).
 */
static void set_function(const char *text, const char *ends, struct p2p_fault *fault)
{
	char plain[P2P_BDF_TEXT + 8];
	size_t len = 0;

	for (; text && (hex_digit(*text) >= 0 || *text == ':' || *text == '.' || *text == 'x'); text++) {
		if (starts(text, "0x")) {
			text++;
			continue;
		}
		if (len + 1 >= sizeof(plain))
			return;
		plain[len++] = *text;
	}
	plain[len] = '\0';
	if (!text || (*text && !strchr(ends, *text)) || p2p_bdf_parse(plain, &fault->function))
		return;
	fault->has_function = true;
	fault->has_domain = strchr(plain, ':') != strrchr(plain, ':');
}

/* The last "driver 0000:03:00.0: " that the kernel put before `end` (drivers/base/core.c:dev_printk). */
static void set_printer(const char *line, const char *end, struct p2p_fault *fault)
{
	for (const char *at = line; at < end; at++) {
		struct p2p_bdf bdf;
		int len = at == line || at[-1] == ' ' ? p2p_bdf_parse_prefix(at, &bdf) : -1;

		if (len <= 0 || at + len >= end || at[len] != ':' || at[len + 1] != ' ')
			continue;
		fault->function = bdf;
		fault->has_function = fault->has_domain = true;
	}
}

/* "nvme nvme0: " before `end`. */
static void set_name(const char *line, const char *end, struct p2p_fault *fault)
{
	const char *at = after(line, "nvme nvme");
	size_t len = 4;

	if (!at || at >= end || hex_digit(*at) < 0)
		return;
	for (const char *digit = at; *digit >= '0' && *digit <= '9'; digit++)
		len++;
	if (len >= sizeof(fault->name) || at[len - 4] != ':')
		return;
	memcpy(fault->name, at - 4, len);
	fault->name[len] = '\0';
}

/* ---------------------------------------------------------------- IOMMUs */

static bool parse_dmar(const char *line, struct p2p_fault *fault)
{
	const char *at = after(line, "DMAR:"), *asked;

	if (!at)
		return false;
	at += *at == ' ';
	if (starts(at, "DRHD: handling fault status")) {
		fault->kind = P2P_FAULT_OTHER;
		return true;
	}
	asked = after(at, "] Request device [");
	if (*at != '[' || !asked)
		return false;
	fault->kind = P2P_FAULT_DMAR;
	if (starts(at, "[DMA Write"))
		fault->access = P2P_FAULT_WRITE;
	else if (starts(at, "[DMA Read"))
		fault->access = P2P_FAULT_READ;
	set_function(asked, "]", fault);
	set_address(after(asked, "fault addr "), fault);
	return true;
}

static bool parse_amd(const char *line, struct p2p_fault *fault)
{
	const char *at = after(line, "AMD-Vi: Event logged [");

	if (!at)
		return false;
	fault->kind = P2P_FAULT_AMD_VI;
	if (strstr(at, "device="))
		set_function(after(at, "device="), " ]", fault);
	else
		set_printer(line, at, fault);
	set_address(after(at, "address="), fault);
	return true;
}

static bool parse_smmu(const char *line, struct p2p_fault *fault)
{
	const char *at = after(line, "arm-smmu"), *event;

	if (!at)
		return false;
	event = after(at, ": event: ");
	if (event) {
		fault->kind = P2P_FAULT_SMMU;
		set_function(after(event, " client: "), " ", fault);
		set_address(after(event, " iova: "), fault);
		return true;
	}
	event = after(at, ": event 0x");
	if (event && strstr(event, " received:")) {
		fault->kind = P2P_FAULT_SMMU;
		return true;
	}
	event = after(at, ": Unhandled context fault: ");
	if (!event)
		return false;
	fault->kind = P2P_FAULT_SMMU;
	set_address(after(event, "iova="), fault);
	return true;
}

/* ------------------------------------------------------------------- AER */

/* Releases differ: "Corrected" or "Correctable", "Uncorrected (Fatal)" or "Uncorrectable (Fatal)". */
static enum p2p_fault_kind severity_of(const char *text)
{
	if (starts(text, "Multiple "))
		text += strlen("Multiple ");
	if (starts(text, "Corrected") || starts(text, "Correctable"))
		return P2P_FAULT_AER_CORRECTED;
	if (starts(text, "Uncorrected (Fatal)") || starts(text, "Uncorrectable (Fatal)"))
		return P2P_FAULT_AER_FATAL;
	if (starts(text, "Uncorrected (Non-Fatal)") || starts(text, "Uncorrectable (Non-Fatal)"))
		return P2P_FAULT_AER_NONFATAL;
	return P2P_FAULT_NONE;
}

static bool parse_aer(const char *line, struct p2p_fault *fault)
{
	const char *at = after(line, "PCIe Bus Error: severity="), *from;

	/* Whoever prints this is whose error it is. */
	if (at) {
		fault->kind = severity_of(at);
		set_printer(line, at, fault);
		return fault->kind != P2P_FAULT_NONE;
	}
	at = after(line, "AER: ");
	if (at && severity_of(at)) {
		/* The port prints it, and names who sent the message. */
		from = after(at, " error message received from ");
		if (!from)
			from = after(at, " error received: ");
		fault->kind = severity_of(at);
		set_function(from, " (\n", fault);
		return from;
	}
	if (!at)
		at = after(line, "DPC: ");
	if (!at || !(starts(at, "containment event") || starts(at, "unmasked uncorrectable error") ||
		     starts(at, "device recovery ") || starts(at, "aer_status: ") || starts(at, "can't recover ") ||
		     starts(at, "subordinate device reset failed")))
		return false;
	fault->kind = P2P_FAULT_OTHER;
	set_printer(line, at, fault);
	return true;
}

/* ------------------------------------------------------------------ NVMe */

static const struct {
	const char *start, *within;
	enum p2p_fault_kind kind;
} nvme_says[] = {
	{ "I/O ", " timeout, reset controller", P2P_FAULT_NVME_RESET },
	{ "I/O ", " timeout, disable controller", P2P_FAULT_NVME_RESET },
	{ "I/O ", " timeout, ", P2P_FAULT_NVME_TIMEOUT },
	{ "Admin Cmd ", " timeout, ", P2P_FAULT_NVME_RESET },
	{ "controller is down; will reset", "", P2P_FAULT_NVME_RESET },
	{ "Device not ready; aborting ", "", P2P_FAULT_NVME_RESET },
	{ "Disabling device after reset failure", "", P2P_FAULT_NVME_RESET },
	{ "Removing after probe failure", "", P2P_FAULT_NVME_RESET },
	{ "resetting controller", "", P2P_FAULT_NVME_RESET },
	{ "frozen state error detected, reset controller", "", P2P_FAULT_NVME_RESET },
	{ "restart after slot reset", "", P2P_FAULT_NVME_RESET },
};

static bool parse_nvme(const char *line, struct p2p_fault *fault)
{
	const char *at = after(line, "nvme "), *text = at ? after(at, ": ") : NULL;

	if (!text)
		return false;
	for (size_t i = 0; i < sizeof(nvme_says) / sizeof(*nvme_says); i++) {
		if (!starts(text, nvme_says[i].start) || !strstr(text, nvme_says[i].within))
			continue;
		fault->kind = nvme_says[i].kind;
		set_name(line, text, fault);
		set_printer(line, text, fault);
		return true;
	}
	return false;
}

bool p2p_fault_parse(const char *line, struct p2p_fault *ret)
{
	static bool (*const parsers[])(const char *, struct p2p_fault *) = { parse_dmar, parse_amd, parse_smmu,
									     parse_aer, parse_nvme };

	for (size_t i = 0; i < sizeof(parsers) / sizeof(*parsers); i++) {
		struct p2p_fault fault = { 0 };

		if (!parsers[i](line, &fault))
			continue;
		*ret = fault;
		return true;
	}
	return false;
}

const char *p2p_fault_kind_name(enum p2p_fault_kind kind)
{
	static const char *const names[] = {
		[P2P_FAULT_DMAR] = "DMAR",
		[P2P_FAULT_AMD_VI] = "AMD-Vi",
		[P2P_FAULT_SMMU] = "SMMU",
		[P2P_FAULT_AER_CORRECTED] = "AER corrected",
		[P2P_FAULT_AER_NONFATAL] = "AER non-fatal",
		[P2P_FAULT_AER_FATAL] = "AER fatal",
		[P2P_FAULT_NVME_TIMEOUT] = "NVMe timeout",
		[P2P_FAULT_NVME_RESET] = "NVMe reset",
		[P2P_FAULT_OTHER] = "other",
	};

	return names[kind];
}

bool p2p_fault_is_loss(enum p2p_fault_kind kind)
{
	return kind != P2P_FAULT_NONE && kind != P2P_FAULT_AER_CORRECTED;
}

bool p2p_fault_names(const struct p2p_fault *fault, struct p2p_bdf function)
{
	return fault->has_function && fault->function.bus == function.bus && fault->function.devfn == function.devfn &&
	       (!fault->has_domain || fault->function.domain == function.domain);
}
