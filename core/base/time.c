/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DAY 86400
#define YEAR_LAST 9999

/* Days from 1970-01-01 to the first of March of year 0, counted back. */
#define EPOCH 719468

/*
 * Days in the proleptic Gregorian calendar.  Years begin in March here, so that
 * the day that comes and goes is their last.
 */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	year -= month <= 2;
	int64_t era = year / 400, of_era = year % 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH;
}

char *p2p_time_format(int64_t seconds, char text[P2P_TIME_TEXT])
{
	const int64_t last = days_of(YEAR_LAST + 1, 1, 1) * DAY - 1;

	seconds = seconds < 0 ? 0 : seconds > last ? last : seconds;
	int64_t days = seconds / DAY + EPOCH, era = days / 146097, of_era = days % 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100), march = (5 * of_year + 2) / 153;
	int64_t month = march < 10 ? march + 3 : march - 9, day = of_year - (153 * march + 2) / 5 + 1;
	int second = (int)(seconds % DAY);

	snprintf(text, P2P_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)(year + era * 400 + (month <= 2)),
		 (int)month, (int)day, second / 3600, second / 60 % 60, second % 60);
	return text;
}

/* `count` digits at *at, which moves behind them and `end`. */
static int digits(const char **at, int count, char end, unsigned *ret)
{
	*ret = 0;
	for (int i = 0; i < count; i++, *at += 1) {
		if (**at < '0' || **at > '9')
			return -EINVAL;
		*ret = *ret * 10 + (unsigned)(**at - '0');
	}
	return *(*at)++ == end ? 0 : -EINVAL;
}

int p2p_time_parse(const char *text, int64_t *ret)
{
	unsigned year, month, day, hour, minute, second;
	char again[P2P_TIME_TEXT];

	if (digits(&text, 4, '-', &year) || digits(&text, 2, '-', &month) || digits(&text, 2, 'T', &day) ||
	    digits(&text, 2, ':', &hour) || digits(&text, 2, ':', &minute) || digits(&text, 2, 'Z', &second) || *text)
		return -EINVAL;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
		return -EINVAL;
	int64_t seconds = days_of(year, month, day) * DAY + hour * 3600 + minute * 60 + second;

	/* The 31st of a month that has no such day. */
	p2p_time_format(seconds, again);
	if (day != (unsigned)(again[8] - '0') * 10 + (unsigned)(again[9] - '0'))
		return -EINVAL;
	*ret = seconds;
	return 0;
}

void p2p_time_age(int64_t seconds, struct p2p_buf *ret)
{
	long long age = seconds;

	if (age < 0)
		p2p_buf_puts(ret, "in the future");
	else if (age < 120)
		p2p_buf_printf(ret, "%lld s", age);
	else if (age < 2 * 3600)
		p2p_buf_printf(ret, "%lld min", age / 60);
	else if (age < 2 * DAY)
		p2p_buf_printf(ret, "%lld h", age / 3600);
	else
		p2p_buf_printf(ret, "%lld days", age / DAY);
}
