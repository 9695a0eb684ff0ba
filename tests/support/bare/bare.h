/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bare.h - what a program without an operating system's libraries stands on
 *
 * start.S calls bare_main() and ends the program with what it returns.
 */
#ifndef TESTS_BARE_H
#define TESTS_BARE_H

#include <stddef.h>

int bare_main(void);

/** bare_write() - to the standard error output, all or nothing */
void bare_write(const char *text, size_t len);

#endif /* TESTS_BARE_H */
