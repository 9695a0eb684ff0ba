/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * table.h - the parts of table.S, which holds the resource table
 */
#ifndef REMOTE_TABLE_H
#define REMOTE_TABLE_H

#define REMOTE_TABLE_TRACE_SIZE 8192

#ifndef __ASSEMBLER__
#include <hvl/wire/rsc_table.h>

extern struct hvl_rsc_hvl remote_table_hvl;
extern char remote_table_trace[REMOTE_TABLE_TRACE_SIZE];
#endif

#endif /* REMOTE_TABLE_H */
