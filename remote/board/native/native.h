/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * native.h - between the files of this board
 */
#ifndef NATIVE_H
#define NATIVE_H

#include <stdint.h>

/* From start.S, on the boot stack. */
_Noreturn void board_main(void);

/* fault.c: report faults of the processor from now on. */
void native_fault_init(void);

/* time.c: the time as of the last look at the clock; no system call. */
uint64_t native_last_us(void);

#endif /* NATIVE_H */
