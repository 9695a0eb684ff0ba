/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edit.c - editing one line on a terminal, with history
 */
#include "edit.h"

#include <string.h>

#include <hvl/metal/log.h>

#define CTRL(c) ((c)&0x1f)
#define ESC 0x1b
#define DEL 0x7f

#define ERASE_LINE "\r\x1b[K"

static void edit_put(struct edit *edit, const char *text)
{
	edit->write(text, strlen(text));
}

/* Prompt, line, cursor, in one write. */
static void edit_draw(struct edit *edit)
{
	char out[EDIT_SIZE + 64];
	int n = hvl_format(out, sizeof(out), ERASE_LINE "%s%s", edit->prompt,
			   edit->line);

	if (edit->pos < edit->len)
		hvl_format(out + n, sizeof(out) - (size_t)n, "\x1b[%uD",
			   (unsigned int)(edit->len - edit->pos));
	edit_put(edit, out);
}

static void edit_clear(struct edit *edit)
{
	edit->len = edit->pos = 0;
	edit->line[0] = '\0';
	edit->back = 0;
}

void edit_init(struct edit *edit, const char *prompt,
	       void (*write)(const char *text, size_t len))
{
	memset(edit, 0, sizeof(*edit));
	edit->prompt = prompt;
	edit->write = write;
}

void edit_begin(struct edit *edit)
{
	edit_clear(edit);
	edit->shown = true;
	edit_put(edit, edit->prompt);
}

void edit_hide(struct edit *edit)
{
	if (edit->shown)
		edit_put(edit, ERASE_LINE);
}

void edit_show(struct edit *edit)
{
	if (edit->shown)
		edit_draw(edit);
}

static void edit_insert(struct edit *edit, char c)
{
	if (edit->len == EDIT_SIZE - 1) {
		edit_put(edit, "\a");
		return;
	}
	memmove(edit->line + edit->pos + 1, edit->line + edit->pos,
		edit->len - edit->pos + 1);
	edit->line[edit->pos++] = c;
	edit->len++;
	if (edit->pos == edit->len)
		edit->write(&c, 1);
	else
		edit_draw(edit);
}

/* Remove from @from up to @to; the cursor lands there. */
static void edit_cut(struct edit *edit, size_t from, size_t to)
{
	memmove(edit->line + from, edit->line + to, edit->len - to + 1);
	edit->len -= to - from;
	edit->pos = from;
	edit_draw(edit);
}

static void edit_backspace(struct edit *edit)
{
	if (edit->pos > 0)
		edit_cut(edit, edit->pos - 1, edit->pos);
}

static void edit_delete(struct edit *edit)
{
	if (edit->pos < edit->len)
		edit_cut(edit, edit->pos, edit->pos + 1);
}

static void edit_cut_word(struct edit *edit)
{
	size_t from = edit->pos;

	while (from > 0 && edit->line[from - 1] == ' ')
		from--;
	while (from > 0 && edit->line[from - 1] != ' ')
		from--;
	edit_cut(edit, from, edit->pos);
}

static void edit_move(struct edit *edit, size_t pos)
{
	if (pos > edit->len)
		return;
	edit->pos = pos;
	edit_draw(edit);
}

static void edit_take(struct edit *edit, const char *line)
{
	edit->len = edit->pos = strlen(line);
	memcpy(edit->line, line, edit->len + 1);
	edit_draw(edit);
}

static char *edit_history_at(struct edit *edit, unsigned int back)
{
	return edit->history[(edit->nhistory - back) % EDIT_HISTORY];
}

static void edit_look_back(struct edit *edit)
{
	if (edit->back == EDIT_HISTORY || edit->back == edit->nhistory)
		return;
	if (edit->back == 0)
		memcpy(edit->draft, edit->line, edit->len + 1);
	edit_take(edit, edit_history_at(edit, ++edit->back));
}

static void edit_look_forward(struct edit *edit)
{
	if (edit->back == 0)
		return;
	if (--edit->back == 0)
		edit_take(edit, edit->draft);
	else
		edit_take(edit, edit_history_at(edit, edit->back));
}

/* Neither empty lines nor the same one twice in a row. */
static void edit_remember(struct edit *edit)
{
	if (edit->len == 0 ||
	    (edit->nhistory > 0 &&
	     strcmp(edit_history_at(edit, 1), edit->line) == 0))
		return;
	memcpy(edit->history[edit->nhistory % EDIT_HISTORY], edit->line,
	       edit->len + 1);
	edit->nhistory++;
}

/* ESC [ 3 ~ and the like: the number says which key. */
static void edit_numbered_key(struct edit *edit)
{
	switch (edit->param) {
	case 1:
	case 7:
		edit_move(edit, 0);
		break;
	case 3:
		edit_delete(edit);
		break;
	case 4:
	case 8:
		edit_move(edit, edit->len);
		break;
	}
}

static void edit_cursor_key(struct edit *edit, char key)
{
	switch (key) {
	case 'A':
		edit_look_back(edit);
		break;
	case 'B':
		edit_look_forward(edit);
		break;
	case 'C':
		edit_move(edit, edit->pos + 1);
		break;
	case 'D':
		if (edit->pos > 0)
			edit_move(edit, edit->pos - 1);
		break;
	case 'H':
		edit_move(edit, 0);
		break;
	case 'F':
		edit_move(edit, edit->len);
		break;
	case '~':
		edit_numbered_key(edit);
		break;
	}
}

/* Return: whether the byte belonged to an escape sequence. */
static bool edit_escape_key(struct edit *edit, char key)
{
	switch (edit->escape) {
	case EDIT_PLAIN:
		if (key != ESC)
			return false;
		edit->escape = EDIT_ESC;
		return true;
	case EDIT_ESC:
		edit->param = 0;
		edit->escape = key == '[' || key == 'O' ? EDIT_CSI : EDIT_PLAIN;
		return true;
	case EDIT_CSI:
		if (key >= '0' && key <= '9') {
			edit->param =
				(edit->param * 10 + (unsigned int)(key - '0')) %
				100;
			return true;
		}
		/* A modifier of the key follows; the key counts. */
		if (key == ';')
			return true;
		edit->escape = EDIT_PLAIN;
		edit_cursor_key(edit, key);
		return true;
	}
	return false;
}

static enum edit_event edit_end(struct edit *edit, enum edit_event event,
				const char *text)
{
	edit->shown = false;
	edit_put(edit, text);
	return event;
}

static void edit_control_key(struct edit *edit, char key)
{
	switch (key) {
	case CTRL('A'):
		edit_move(edit, 0);
		break;
	case CTRL('B'):
		edit_cursor_key(edit, 'D');
		break;
	case CTRL('D'):
		edit_delete(edit);
		break;
	case CTRL('E'):
		edit_move(edit, edit->len);
		break;
	case CTRL('F'):
		edit_move(edit, edit->pos + 1);
		break;
	case CTRL('H'):
	case DEL:
		edit_backspace(edit);
		break;
	case CTRL('K'):
		edit->line[edit->len = edit->pos] = '\0';
		edit_draw(edit);
		break;
	case CTRL('L'):
		edit_draw(edit);
		break;
	case CTRL('N'):
		edit_look_forward(edit);
		break;
	case CTRL('P'):
		edit_look_back(edit);
		break;
	case CTRL('U'):
		edit_cut(edit, 0, edit->pos);
		break;
	case CTRL('W'):
		edit_cut_word(edit);
		break;
	}
}

enum edit_event edit_key(struct edit *edit, char key)
{
	bool second = key == '\n' && edit->after_cr;

	edit->after_cr = key == '\r';
	if (second || edit_escape_key(edit, key))
		return EDIT_MORE;
	if (key == '\r' || key == '\n') {
		edit_remember(edit);
		return edit_end(edit, EDIT_LINE, "\r\n");
	}
	if (key == CTRL('C'))
		return edit_end(edit, EDIT_CANCEL, "^C\r\n");
	if (key >= ' ' && key < DEL)
		edit_insert(edit, key);
	else
		edit_control_key(edit, key);
	return EDIT_MORE;
}
