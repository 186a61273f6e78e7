/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the proofs of a run found wrong, for people.  Floor 6. */
#ifndef P2PCTL_PRINT_PROOF_H
#define P2PCTL_PRINT_PROOF_H

#include "bench-run.h"
#include "core/base/names.h"

/* A sentence for each thing that is wrong; none of a cell that is intact. */
void bench_proof_says(const struct bench_run *run, struct p2p_names *ret);

#endif
