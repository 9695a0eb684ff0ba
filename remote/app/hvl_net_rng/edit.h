/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edit.h - editing one line on a terminal, with history
 *
 * Knows the cursor and editing keys of a terminal and the control keys of
 * other shells. Line and prompt together stay within 80 columns, so that a
 * line never wraps.
 *
 * Threads  One at a time.
 */
#ifndef APP_EDIT_H
#define APP_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#define EDIT_SIZE 74u /* bytes of a line, its NUL included */
#define EDIT_HISTORY 8u

enum edit_event {
	EDIT_MORE,   /* the line is not finished */
	EDIT_LINE,   /* it is: edit->line, until the next key */
	EDIT_CANCEL, /* ^C */
};

enum edit_escape {
	EDIT_PLAIN,
	EDIT_ESC,
	EDIT_CSI
};

struct edit {
	const char *prompt;
	void (*write)(const char *text, size_t len); /* to the terminal */
	char line[EDIT_SIZE];
	size_t len; /* of the line */
	size_t pos; /* of the cursor */
	enum edit_escape escape;
	unsigned int param; /* of an escape sequence */
	bool after_cr;	    /* a newline would be the same key's */
	bool shown;	    /* prompt and line are on the terminal */
	char history[EDIT_HISTORY][EDIT_SIZE];
	unsigned int nhistory; /* lines ever remembered */
	unsigned int back;     /* 0: not looking at history, 1: the newest */
	char draft[EDIT_SIZE]; /* what was typed before looking */
};

/** edit_init() - nothing typed, no history; borrows @prompt */
void edit_init(struct edit *edit, const char *prompt,
	       void (*write)(const char *text, size_t len));

/** edit_begin() - show the prompt, start an empty line */
void edit_begin(struct edit *edit);

/** edit_key() - one byte from the terminal, while a line is shown */
enum edit_event edit_key(struct edit *edit, char key);

/** edit_hide(), edit_show() - take the line away and put it back */
void edit_hide(struct edit *edit);
void edit_show(struct edit *edit);

#endif /* APP_EDIT_H */
