/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linux's remoteproc as its files show it: see sysfs_standin.h.
 *
 * Where several checks apply, the order is the kernel's: the state that a file
 * asks for, then the reference count, then the platform.
 */
#include "sysfs_standin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CDEV_WORD_MAX 10u

static const char *const state_names[] = {
	[STANDIN_OFFLINE] = "offline",	 [STANDIN_SUSPENDED] = "suspended",
	[STANDIN_RUNNING] = "running",	 [STANDIN_CRASHED] = "crashed",
	[STANDIN_DELETED] = "deleted",	 [STANDIN_ATTACHED] = "attached",
	[STANDIN_DETACHED] = "detached",
};

static const char *const dump_names[] = {
	[STANDIN_DUMP_DISABLED] = "disabled",
	[STANDIN_DUMP_ENABLED] = "enabled",
	[STANDIN_DUMP_INLINE] = "inline",
};

#define DUMPS (sizeof(dump_names) / sizeof(dump_names[0]))

void standin_init(struct standin *s, const struct standin_config *cfg)
{
	*s = (struct standin){
		.cfg = *cfg,
		.state = cfg->detached ? STANDIN_DETACHED : STANDIN_OFFLINE,
		.recovery = true,
	};
	snprintf(s->firmware, sizeof(s->firmware), "%s", cfg->firmware);
}

static bool is_up(const struct standin *s)
{
	return s->state == STANDIN_RUNNING || s->state == STANDIN_ATTACHED;
}

static int call(int (*hook)(void *ctx), void *ctx)
{
	return hook ? hook(ctx) : 0;
}

static int boot_now(struct standin *s)
{
	const struct standin_hooks *h = &s->cfg.hooks;
	int rc = h->load ? h->load(h->ctx, s->firmware) : 0;

	if (rc == 0)
		rc = call(h->start, h->ctx);
	if (rc == 0)
		s->state = STANDIN_RUNNING;
	return rc;
}

static int attach_now(struct standin *s)
{
	int rc = call(s->cfg.hooks.attach, s->cfg.hooks.ctx);

	if (rc == 0)
		s->state = STANDIN_ATTACHED;
	return rc;
}

/* Only the first start does anything; that it did is not looked at again. */
static int boot(struct standin *s)
{
	int rc;

	if (s->state == STANDIN_DELETED)
		return -ENODEV;
	if (++s->power > 1)
		return 0;
	rc = s->state == STANDIN_DETACHED ? attach_now(s) : boot_now(s);
	if (rc < 0)
		s->power--;
	return rc;
}

static int stop_now(struct standin *s)
{
	return s->cfg.hooks.stop ? s->cfg.hooks.stop(s->cfg.hooks.ctx) :
				   -EINVAL;
}

static int detach_now(struct standin *s)
{
	return s->cfg.hooks.detach ? s->cfg.hooks.detach(s->cfg.hooks.ctx) :
				     -EINVAL;
}

/* Give one start back, and take the core down with the last. */
static int power_down(struct standin *s, int (*down)(struct standin *s),
		      enum standin_state then)
{
	int rc;

	if (s->power > 1) {
		s->power--;
		return 0;
	}
	rc = down(s);
	if (rc < 0)
		return rc;
	s->power = 0;
	s->state = then;
	return 0;
}

static int do_start(struct standin *s, bool busy_if_up)
{
	return busy_if_up && is_up(s) ? -EBUSY : boot(s);
}

static int do_stop(struct standin *s)
{
	return is_up(s) ? power_down(s, stop_now, STANDIN_OFFLINE) : -EINVAL;
}

static int do_detach(struct standin *s)
{
	if (s->state != STANDIN_ATTACHED || !s->cfg.hooks.detach)
		return -EINVAL;
	return power_down(s, detach_now, STANDIN_DETACHED);
}

/* Attach again to what restarted by itself; nothing is loaded. */
static void recover_attached(struct standin *s)
{
	if (detach_now(s) < 0)
		return;
	s->state = STANDIN_DETACHED;
	attach_now(s);
}

static void recover_booted(struct standin *s)
{
	/* What cannot be stopped stays crashed. */
	if (stop_now(s) < 0)
		return;
	if (s->coredump != STANDIN_DUMP_DISABLED)
		s->dumps++;
	s->state = STANDIN_OFFLINE;
	/* A failure leaves it offline, and its start counted for good. */
	boot_now(s);
}

static void recover(struct standin *s)
{
	if (s->state != STANDIN_CRASHED)
		return;
	if (s->cfg.attach_on_recovery)
		recover_attached(s);
	else
		recover_booted(s);
}

void standin_crash(struct standin *s)
{
	s->crash_reported = true;
}

void standin_work(struct standin *s)
{
	if (!s->crash_reported)
		return;
	s->crash_reported = false;
	if (s->state == STANDIN_CRASHED || s->state == STANDIN_OFFLINE)
		return;
	s->state = STANDIN_CRASHED;
	s->crashes++;
	if (s->recovery)
		recover(s);
}

void standin_remove(struct standin *s)
{
	if (is_up(s))
		stop_now(s);
	s->state = STANDIN_DELETED;
	s->power = 0;
}

/* Whole words, with or without a newline behind: the files of sysfs */
static bool word_is(const char *buf, size_t len, const char *word)
{
	if (len > 0 && buf[len - 1] == '\n')
		len--;
	return len == strlen(word) && memcmp(buf, word, len) == 0;
}

/* Beginnings of words, as long as what was written: the other files */
static bool prefix_is(const char *buf, size_t len, const char *word)
{
	return len > 0 && len <= strlen(word) && memcmp(buf, word, len) == 0;
}

static int write_firmware(struct standin *s, const char *buf, size_t len)
{
	const char *newline = memchr(buf, '\n', len);

	if (s->state != STANDIN_OFFLINE)
		return -EBUSY;
	if (newline)
		len = (size_t)(newline - buf);
	if (len == 0 || len >= sizeof(s->firmware))
		return -EINVAL;
	memcpy(s->firmware, buf, len);
	s->firmware[len] = '\0';
	return 0;
}

static int write_state(struct standin *s, const char *buf, size_t len)
{
	int rc;

	if (word_is(buf, len, "start"))
		return do_start(s, !s->cfg.start_counts);
	if (word_is(buf, len, "detach"))
		return do_detach(s);
	if (!word_is(buf, len, "stop"))
		return -EINVAL;
	if (!is_up(s))
		return -EINVAL;
	rc = do_stop(s);
	return s->cfg.stop_tells ? rc : 0;
}

static int set_recovery(struct standin *s, bool enabled, bool disabled,
			bool once)
{
	if (enabled)
		s->recovery = true;
	else if (disabled)
		s->recovery = false;
	else if (!once)
		return -EINVAL;
	if (!disabled)
		recover(s);
	return 0;
}

static int write_recovery(struct standin *s, const char *buf, size_t len)
{
	return set_recovery(s, word_is(buf, len, "enabled"),
			    word_is(buf, len, "disabled"),
			    word_is(buf, len, "recover"));
}

static int write_debug_recovery(struct standin *s, const char *buf, size_t len)
{
	return set_recovery(s, prefix_is(buf, len, "enabled"),
			    prefix_is(buf, len, "disabled"),
			    prefix_is(buf, len, "recover"));
}

static int set_coredump(struct standin *s, const char *buf, size_t len,
			bool (*is)(const char *, size_t, const char *))
{
	if (s->state == STANDIN_CRASHED)
		return -EBUSY;
	for (unsigned int i = 0; i < DUMPS; i++) {
		if (!is(buf, len, dump_names[i]))
			continue;
		s->coredump = (enum standin_coredump)i;
		return 0;
	}
	return -EINVAL;
}

static int write_coredump(struct standin *s, const char *buf, size_t len)
{
	return set_coredump(s, buf, len, word_is);
}

static int write_debug_coredump(struct standin *s, const char *buf, size_t len)
{
	return set_coredump(s, buf, len, prefix_is);
}

static int write_debug_crash(struct standin *s, const char *buf, size_t len)
{
	char text[16], *end;

	if (len > 0 && buf[len - 1] == '\n')
		len--;
	if (len == 0 || len >= sizeof(text) || buf[0] < '0' || buf[0] > '9')
		return -EINVAL;
	memcpy(text, buf, len);
	text[len] = '\0';
	strtoul(text, &end, 0);
	if (*end != '\0')
		return -EINVAL;
	standin_crash(s);
	return 0;
}

static const char *read_name(const struct standin *s)
{
	return s->cfg.name;
}

static const char *read_firmware(const struct standin *s)
{
	return s->state == STANDIN_ATTACHED ? "unknown" : s->firmware;
}

static const char *read_state(const struct standin *s)
{
	return state_names[s->state];
}

static const char *read_recovery(const struct standin *s)
{
	return s->recovery ? "enabled" : "disabled";
}

static const char *read_coredump(const struct standin *s)
{
	return dump_names[s->coredump];
}

static const char *read_trace(const struct standin *s)
{
	return s->cfg.trace;
}

struct standin_file {
	const char *name;
	const char *(*read)(const struct standin *s);
	int (*write)(struct standin *s, const char *buf, size_t len);
	bool sysfs; /* lines; closed where the remote is another driver's */
};

static const struct standin_file files[] = {
	{ "name", read_name, NULL, true },
	{ "firmware", read_firmware, write_firmware, true },
	{ "state", read_state, write_state, true },
	{ "recovery", read_recovery, write_recovery, true },
	{ "coredump", read_coredump, write_coredump, true },
	{ "debug/name", read_name, NULL, false },
	{ "debug/recovery", read_recovery, write_debug_recovery, false },
	{ "debug/coredump", read_coredump, write_debug_coredump, false },
	{ "debug/crash", NULL, write_debug_crash, false },
	{ "debug/trace0", read_trace, NULL, false },
};

static const struct standin_file *find_file(const struct standin *s,
					    const char *name)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct standin_file *f = &files[i];

		if (strcmp(f->name, name) != 0)
			continue;
		return f->read == read_trace && !s->cfg.trace ? NULL : f;
	}
	return NULL;
}

long standin_read(struct standin *s, const char *name, char *buf, size_t size)
{
	const struct standin_file *f = find_file(s, name);
	const char *text;
	size_t len, n;

	if (!f)
		return -ENOENT;
	if (!f->read)
		return -EACCES;
	text = f->read(s);
	len = strlen(text);
	n = len < size ? len : size;
	memcpy(buf, text, n);
	/* A trace is what the firmware wrote; the others are lines. */
	if (f->read != read_trace && n < size)
		buf[n++] = '\n';
	return (long)n;
}

long standin_write(struct standin *s, const char *name, const char *buf,
		   size_t len)
{
	const struct standin_file *f = find_file(s, name);
	int rc;

	if (!f)
		return -ENOENT;
	if (!f->write || (f->sysfs && s->cfg.read_only))
		return -EACCES;
	rc = f->write(s, buf, len);
	return rc < 0 ? rc : (long)len;
}

int standin_cdev_open(struct standin *s)
{
	if (s->state == STANDIN_DELETED)
		return -ENXIO;
	s->cdev_open = true;
	return 0;
}

long standin_cdev_write(struct standin *s, const char *buf, size_t len)
{
	int rc = -EINVAL;

	if (!s->cdev_open)
		return -EBADF;
	if (len < 1 || len > CDEV_WORD_MAX)
		return -EINVAL;
	/* "s" is a beginning of both: the first wins. */
	if (prefix_is(buf, len, "start"))
		rc = do_start(s, true);
	else if (prefix_is(buf, len, "stop"))
		rc = do_stop(s);
	else if (s->cfg.cdev_detaches && prefix_is(buf, len, "detach"))
		rc = do_detach(s);
	return rc < 0 ? rc : (long)len;
}

void standin_cdev_set_stop_on_release(struct standin *s, int32_t on)
{
	s->stop_on_release = on;
}

int32_t standin_cdev_stop_on_release(const struct standin *s)
{
	return s->stop_on_release;
}

void standin_cdev_close(struct standin *s)
{
	s->cdev_open = false;
	if (s->stop_on_release && s->state == STANDIN_RUNNING)
		do_stop(s);
}
