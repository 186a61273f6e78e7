/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makers of cells about one function: what the table in function-columns.c
 * calls, and what they share.  Floor 6.
 */
#ifndef P2PTOPO_FUNCTION_MAKERS_H
#define P2PTOPO_FUNCTION_MAKERS_H

#include "function-columns.h"

/* True when there is no value to print: the cell then is what the fact is. */
bool function_no_value(struct function_cell *cell, struct p2p_fact fact);

/* What is put is KNOWN. */
void function_put(struct function_cell *cell, enum p2p_role role, const char *text);
void function_put_number(struct function_cell *cell, uint64_t number);
void function_put_bytes(const struct function_at *at, struct function_cell *cell, uint64_t bytes);
void function_put_answer(struct function_cell *cell, bool yes);
void function_put_address(const struct function_at *at, struct function_cell *cell, int index);

/* One of many in a cell: with a blank before it unless it is the first. */
void function_add(struct function_cell *cell, const char *text);

/* The cell's column is ordered by numbers. */
void function_sort_by(struct function_cell *cell, uint64_t number);

/* The plain fact that a maker of many columns is told by its entry. */
#define FUNCTION_FACT(type) (*(const struct type *)((const char *)at->function + at->column->fact))

#define FUNCTION_MAKER(name) void function_make_##name(const struct function_at *at, struct function_cell *cell)

/* Of many columns: their entries say which fact, and a detail. */
FUNCTION_MAKER(number);
FUNCTION_MAKER(signed);
FUNCTION_MAKER(hex); /* `detail` digits */
FUNCTION_MAKER(word);
FUNCTION_MAKER(answer);
FUNCTION_MAKER(enabled); /* a control word, of which the bits `detail` mean on */
FUNCTION_MAKER(edge);
FUNCTION_MAKER(children); /* devices of the kind `detail` */
FUNCTION_MAKER(cmb_register);

/* Of one column each. */
FUNCTION_MAKER(device);
FUNCTION_MAKER(path);
FUNCTION_MAKER(id);
FUNCTION_MAKER(subsystem);
FUNCTION_MAKER(vendor_name);
FUNCTION_MAKER(device_name);
FUNCTION_MAKER(class_name);
FUNCTION_MAKER(type);
FUNCTION_MAKER(name);
FUNCTION_MAKER(net_state);
FUNCTION_MAKER(host);
FUNCTION_MAKER(asleep);
FUNCTION_MAKER(dead);
FUNCTION_MAKER(acs);
FUNCTION_MAKER(acs_cap);
FUNCTION_MAKER(acs_ctl);
FUNCTION_MAKER(acs_offset);
FUNCTION_MAKER(acs_cap_words);
FUNCTION_MAKER(acs_ctl_words);
FUNCTION_MAKER(link);
FUNCTION_MAKER(speed);
FUNCTION_MAKER(speed_max);
FUNCTION_MAKER(width);
FUNCTION_MAKER(width_max);
FUNCTION_MAKER(link_state);
FUNCTION_MAKER(bars);
FUNCTION_MAKER(bar_sizes);
FUNCTION_MAKER(bar_largest);
FUNCTION_MAKER(resizable_most);
FUNCTION_MAKER(memory);
FUNCTION_MAKER(memory_free);
FUNCTION_MAKER(memory_published);
FUNCTION_MAKER(cmb);
FUNCTION_MAKER(cmb_bar);
FUNCTION_MAKER(cmb_offset);
FUNCTION_MAKER(island);
FUNCTION_MAKER(offer);
FUNCTION_MAKER(client);
FUNCTION_MAKER(cxl);
FUNCTION_MAKER(proved);

#endif
