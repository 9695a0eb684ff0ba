/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/follow.h - what is new in a trace buffer's text
 */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include <stddef.h>

/**
 * cli_follow() - where new text begins
 * @before: the text as it was
 * @now:    and as it is: new text was added at the end, and old text may have
 *          gone at the start
 * Return: offset in @now behind what @before had already; 0 also without
 * memory.
 */
size_t cli_follow(const char *before, const char *now);

#endif /* CLI_FOLLOW_H */
