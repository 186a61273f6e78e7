/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int p2p_problem_set(struct p2p_problem *problem, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(problem->text, sizeof(problem->text), format, args);
	va_end(args);
	return error;
}

const char *p2p_problem_errno(int error)
{
	return strerror(error < 0 ? -error : error);
}
