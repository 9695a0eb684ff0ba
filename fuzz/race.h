/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * race.h - the other side's processor, which writes while ours reads
 *
 * A second thread turns bits of the shared memory over and back, in places
 * that the harness names, from race_on() to race_off(). What holds of any
 * bytes must hold then too: a value that was checked may differ when it is
 * read again.
 */
#ifndef FUZZ_RACE_H
#define FUZZ_RACE_H

#include <stddef.h>
#include <stdint.h>

/** Start, once per program: the places are forgotten. @seed: of the bits */
void race_begin(uint32_t seed);

/** Name a place: the more often, the more is written there. */
void race_place(void *va, size_t len);

/**
 * race_tries() - how often to try what is over in a moment
 *
 * From the same private state each time: the other thread must hit the few
 * nanoseconds between two looks. 0 without a race, and when a program has tried
 * for long enough.
 */
unsigned int race_tries(void);

/** From here on until race_off(), which waits until the last bit is back. */
void race_on(void);
void race_off(void);

/** No more in this program. */
void race_end(void);

#endif /* FUZZ_RACE_H */
