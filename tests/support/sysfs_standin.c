/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sysfs_standin.c - one instance of Linux's remoteproc, without a kernel
 */
#include "sysfs_standin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sysfs_standin_elf.h"

#define STANDIN_NAME "standin"
#define STANDIN_FIRMWARE "rproc-standin-fw"
#define STANDIN_CDEV_MAX 10u

static const char *const state_names[] = {
	[STANDIN_OFFLINE] = "offline",	 [STANDIN_SUSPENDED] = "suspended",
	[STANDIN_RUNNING] = "running",	 [STANDIN_CRASHED] = "crashed",
	[STANDIN_DELETED] = "deleted",	 [STANDIN_ATTACHED] = "attached",
	[STANDIN_DETACHED] = "detached", [STANDIN_INVALID] = "invalid",
};

static const char *const coredump_names[] = { "disabled", "enabled", "inline" };

#define COREDUMP_NAMES (sizeof(coredump_names) / sizeof(coredump_names[0]))

static void journal_add(struct standin *s, const char *what, const char *text,
			int err)
{
	size_t used = strlen(s->journal);
	size_t room = sizeof(s->journal) - used;
	int len = (int)strcspn(text, "\n");
	int n;

	if (err < 0)
		n = snprintf(s->journal + used, room, "%s %.*s %d\n", what, len,
			     text, err);
	else
		n = snprintf(s->journal + used, room, "%s %.*s\n", what, len,
			     text);
	if (n < 0 || (size_t)n >= room)
		abort(); /* a test that needs more makes it longer */
}

/* A memory of the test that is short is no part of any test. */
static void *must_copy(const void *from, size_t size)
{
	void *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, from, size);
	return copy;
}

/* The firmware folder */

static struct standin_file *file_find(struct standin *s, const char *name)
{
	for (unsigned int i = 0; i < STANDIN_FILES; i++) {
		struct standin_file *f = &s->files[i];

		if (f->name && strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

static void file_drop(struct standin_file *f)
{
	free(f->name);
	free(f->image);
	*f = (struct standin_file){ .name = NULL };
}

static int file_put(struct standin *s, const char *name, const void *image,
		    size_t size)
{
	struct standin_file *f = file_find(s, name);

	if (name[0] == '\0')
		return -EINVAL;
	if (s->knobs.put_fails) {
		s->knobs.put_fails--;
		return -s->knobs.put_errno;
	}
	if (f)
		file_drop(f);
	for (f = s->files; f->name; f++)
		if (f == &s->files[STANDIN_FILES - 1])
			return -ENOSPC;
	f->name = must_copy(name, strlen(name) + 1);
	f->image = must_copy(image, size);
	f->size = size;
	return 0;
}

/* Starting and stopping */

static int core_start(struct standin *s)
{
	int err = 0;

	if (s->knobs.start_fails) {
		s->knobs.start_fails--;
		return -s->knobs.start_errno;
	}
	if (s->hooks.start)
		err = s->hooks.start(s->hooks.ctx, &s->loaded);
	if (err < 0)
		return err;
	s->counts.starts++;
	s->state = STANDIN_RUNNING;
	return 0;
}

/* The state stays as it is when the hook fails. */
static int core_stop(struct standin *s)
{
	int err = 0;

	if (s->knobs.no_stop_hook)
		return -EINVAL;
	if (s->knobs.stop_fails) {
		s->knobs.stop_fails--;
		return -s->knobs.stop_errno;
	}
	if (s->hooks.stop)
		err = s->hooks.stop(s->hooks.ctx);
	if (err < 0)
		return err;
	s->counts.stops++;
	s->state = STANDIN_OFFLINE;
	return 0;
}

static int core_attach(struct standin *s)
{
	if (s->knobs.no_attach_hook)
		return -EINVAL;
	if (s->knobs.start_fails) {
		s->knobs.start_fails--;
		return -s->knobs.start_errno;
	}
	s->counts.attaches++;
	s->state = STANDIN_ATTACHED;
	return 0;
}

static int core_detach(struct standin *s)
{
	if (s->knobs.no_detach_hook)
		return -EINVAL;
	s->counts.detaches++;
	s->state = STANDIN_DETACHED;
	return 0;
}

/* By name, each time: whatever the file is now */
static int file_fetch(struct standin *s, const struct standin_file **f)
{
	*f = file_find(s, s->firmware);
	return *f ? standin_elf_check((*f)->image, (*f)->size) : -ENOENT;
}

static void image_load(struct standin *s, const struct standin_file *f)
{
	free(s->loaded.image);
	s->loaded.image = must_copy(f->image, f->size);
	s->loaded.size = f->size;
}

static int table_load(struct standin *s, const struct standin_file *f)
{
	size_t at, len;
	int err = standin_elf_table(f->image, f->size, &at, &len);

	free(s->loaded.table);
	s->loaded.table = NULL;
	s->loaded.table_size = 0;
	if (err < 0)
		return s->knobs.table_optional ? 0 : err;
	err = standin_table_check((const char *)f->image + at, len);
	if (err < 0)
		return err;
	s->loaded.table = must_copy((const char *)f->image + at, len);
	s->loaded.table_size = len;
	return 0;
}

static int rproc_boot_file(struct standin *s)
{
	const struct standin_file *f;
	int err = file_fetch(s, &f);

	if (err == 0)
		err = table_load(s, f);
	if (err < 0)
		return err;
	image_load(s, f);
	return core_start(s);
}

static int rproc_boot(struct standin *s)
{
	int err;

	if (s->state == STANDIN_DELETED)
		return -ENODEV;
	/* Powered already, or believed to be: nothing is done. */
	if (s->counts.power++ > 0)
		return 0;
	if (s->state == STANDIN_DETACHED)
		err = core_attach(s);
	else
		err = rproc_boot_file(s);
	if (err < 0)
		s->counts.power--;
	return err;
}

static int rproc_put(struct standin *s, int (*last)(struct standin *s))
{
	int err;

	if (s->counts.power > 1) {
		s->counts.power--;
		return 0;
	}
	err = last(s);
	if (err == 0)
		s->counts.power = 0;
	return err;
}

static bool rproc_runs(const struct standin *s)
{
	return s->state == STANDIN_RUNNING || s->state == STANDIN_ATTACHED;
}

static int rproc_shutdown(struct standin *s)
{
	int err;

	if (!rproc_runs(s))
		return -EINVAL;
	err = rproc_put(s, core_stop);
	return s->knobs.old_kernel ? 0 : err;
}

static int rproc_detach(struct standin *s)
{
	if (s->state != STANDIN_ATTACHED)
		return -EINVAL;
	return rproc_put(s, core_detach);
}

/* Recovery. The count is as it was, whatever happens: it may get stuck. */

static int recover_by_attach(struct standin *s)
{
	int err = core_detach(s);

	return err < 0 ? err : core_attach(s);
}

static int recover_by_file(struct standin *s)
{
	const struct standin_file *f;
	int err = core_stop(s);

	if (err < 0)
		return err;
	if (s->coredump != 0)
		s->counts.dumps++;
	err = file_fetch(s, &f);
	if (err < 0)
		return err;
	image_load(s, f); /* the table stays the one of the boot */
	return core_start(s);
}

static void rproc_recover(struct standin *s)
{
	int err;

	s->work = false;
	if (s->state != STANDIN_CRASHED)
		return;
	if (s->knobs.attach_on_recovery)
		err = recover_by_attach(s);
	else
		err = recover_by_file(s);
	if (err < 0)
		s->counts.failed_recoveries++;
	else
		s->counts.recoveries++;
}

/* Attributes. One newline at the end of a word is none of it. */

static bool word_is(const char *text, const char *word)
{
	size_t len = strlen(word);

	return strncmp(text, word, len) == 0 &&
	       (text[len] == '\0' || strcmp(text + len, "\n") == 0);
}

static const char *name_read(const struct standin *s)
{
	(void)s;
	return STANDIN_NAME;
}

static const char *firmware_read(const struct standin *s)
{
	return s->state == STANDIN_ATTACHED ? "unknown" : s->firmware;
}

static int firmware_write(struct standin *s, const char *text)
{
	size_t len = strcspn(text, "\n");

	if (s->state != STANDIN_OFFLINE &&
	    !(s->state == STANDIN_DETACHED && s->knobs.firmware_when_detached))
		return -EBUSY;
	if (len == 0 || len >= sizeof(s->firmware))
		return -EINVAL;
	memcpy(s->firmware, text, len);
	s->firmware[len] = '\0';
	return 0;
}

static const char *state_read(const struct standin *s)
{
	return state_names[s->state];
}

static int state_write(struct standin *s, const char *text)
{
	if (word_is(text, "start")) {
		if (s->knobs.old_kernel && rproc_runs(s))
			return -EBUSY;
		return rproc_boot(s);
	}
	if (word_is(text, "stop"))
		return rproc_shutdown(s);
	if (word_is(text, "detach"))
		return rproc_detach(s);
	return -EINVAL;
}

static const char *recovery_read(const struct standin *s)
{
	return s->recovery_enabled ? "enabled" : "disabled";
}

/* What a recovery comes to is for the state to tell. */
static int recovery_write(struct standin *s, const char *text)
{
	if (word_is(text, "enabled")) {
		s->recovery_enabled = true;
		rproc_recover(s);
	} else if (word_is(text, "disabled")) {
		s->recovery_enabled = false;
	} else if (word_is(text, "recover")) {
		rproc_recover(s);
	} else {
		return -EINVAL;
	}
	return 0;
}

static const char *coredump_read(const struct standin *s)
{
	return coredump_names[s->coredump];
}

static int coredump_write(struct standin *s, const char *text)
{
	if (s->state == STANDIN_CRASHED)
		return -EBUSY;
	for (unsigned int i = 0; i < COREDUMP_NAMES; i++) {
		if (word_is(text, coredump_names[i])) {
			s->coredump = i;
			return 0;
		}
	}
	return -EINVAL;
}

struct standin_attr {
	const char *name;
	const char *(*read)(const struct standin *s);
	int (*write)(struct standin *s, const char *text); /* or NULL */
};

static const struct standin_attr attrs[] = {
	{ "name", name_read, NULL },
	{ "firmware", firmware_read, firmware_write },
	{ "state", state_read, state_write },
	{ "recovery", recovery_read, recovery_write },
	{ "coredump", coredump_read, coredump_write },
};

static const struct standin_attr *attr_find(const char *name)
{
	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++)
		if (strcmp(attrs[i].name, name) == 0)
			return &attrs[i];
	return NULL;
}

static int attr_write(struct standin *s, const char *name, const char *text)
{
	const struct standin_attr *attr = attr_find(name);

	if (s->knobs.io_errno)
		return -s->knobs.io_errno;
	if (!attr)
		return -ENOENT;
	if (!attr->write || s->knobs.read_only)
		return -EACCES;
	return attr->write(s, text);
}

/* The character device */

static int cdev_open(struct standin *s)
{
	if (!s->knobs.cdev)
		return -ENOENT;
	if (s->knobs.cdev_errno)
		return -s->knobs.cdev_errno;
	if (s->cdev_open)
		return -EBUSY; /* ours: the first would never be closed */
	s->cdev_open = true;
	return 0;
}

/* Only as much of the word is compared as was written. */
static int cdev_write(struct standin *s, const char *text)
{
	size_t len = strlen(text);

	if (!s->cdev_open)
		return -EBADF;
	if (len == 0 || len > STANDIN_CDEV_MAX)
		return -EINVAL;
	if (strncmp(text, "start", len) == 0)
		return rproc_runs(s) ? -EBUSY : rproc_boot(s);
	if (strncmp(text, "stop", len) == 0) {
		if (s->knobs.old_kernel && s->state != STANDIN_RUNNING)
			return -EINVAL;
		return rproc_shutdown(s);
	}
	if (!s->knobs.old_kernel && strncmp(text, "detach", len) == 0)
		return rproc_detach(s);
	return -EINVAL;
}

static void cdev_close(struct standin *s)
{
	s->cdev_open = false;
	if (s->state == STANDIN_RUNNING)
		(void)rproc_shutdown(s);
	else if (!s->knobs.old_kernel)
		(void)rproc_detach(s);
}

/* struct pmm_kernel_ops */

static int standin_read(void *ctx, const char *name, char *buf, size_t size)
{
	const struct standin_attr *attr = attr_find(name);
	struct standin *s = ctx;
	int n;

	if (!attr)
		return -ENOENT;
	if (size == 0)
		return -EINVAL;
	pthread_mutex_lock(&s->lock);
	n = -s->knobs.io_errno;
	if (n == 0) {
		n = snprintf(buf, size, "%s", attr->read(s));
		if ((size_t)n >= size)
			n = (int)(size - 1);
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

static int standin_write(void *ctx, const char *name, const char *text)
{
	struct standin *s = ctx;
	int err;

	pthread_mutex_lock(&s->lock);
	err = attr_write(s, name, text);
	journal_add(s, name, text, err);
	pthread_mutex_unlock(&s->lock);
	return err;
}

static int standin_cdev_open(void *ctx)
{
	struct standin *s = ctx;
	int err;

	pthread_mutex_lock(&s->lock);
	err = cdev_open(s);
	journal_add(s, "cdev", "open", err);
	pthread_mutex_unlock(&s->lock);
	return err;
}

static int standin_cdev_write(void *ctx, const char *text)
{
	struct standin *s = ctx;
	int err;

	pthread_mutex_lock(&s->lock);
	err = cdev_write(s, text);
	journal_add(s, "cdev", text, err);
	pthread_mutex_unlock(&s->lock);
	return err;
}

static void standin_cdev_close(void *ctx)
{
	struct standin *s = ctx;

	pthread_mutex_lock(&s->lock);
	if (s->cdev_open) {
		cdev_close(s);
		journal_add(s, "cdev", "close", 0);
	}
	pthread_mutex_unlock(&s->lock);
}

static int standin_put(void *ctx, const char *name, const void *image,
		       size_t size)
{
	struct standin *s = ctx;
	int err;

	pthread_mutex_lock(&s->lock);
	err = file_put(s, name, image, size);
	journal_add(s, "put", name, err);
	pthread_mutex_unlock(&s->lock);
	return err;
}

static void standin_remove(void *ctx, const char *name)
{
	struct standin *s = ctx;
	struct standin_file *f;

	pthread_mutex_lock(&s->lock);
	f = file_find(s, name);
	journal_add(s, "remove", name, f ? 0 : -ENOENT);
	if (f)
		file_drop(f);
	pthread_mutex_unlock(&s->lock);
}

const struct pmm_kernel_ops standin_ops = {
	.read = standin_read,
	.write = standin_write,
	.cdev_open = standin_cdev_open,
	.cdev_write = standin_cdev_write,
	.cdev_close = standin_cdev_close,
	.put_firmware = standin_put,
	.remove_firmware = standin_remove,
};

/* What only a test does */

void standin_init(struct standin *s, const struct standin_knobs *knobs)
{
	memset(s, 0, sizeof(*s));
	pthread_mutex_init(&s->lock, NULL);
	s->knobs = *knobs;
	s->recovery_enabled = true;
	strcpy(s->firmware, STANDIN_FIRMWARE);
}

void standin_fini(struct standin *s)
{
	for (unsigned int i = 0; i < STANDIN_FILES; i++)
		file_drop(&s->files[i]);
	free(s->loaded.image);
	free(s->loaded.table);
	pthread_mutex_destroy(&s->lock);
}

void standin_set_hooks(struct standin *s, const struct standin_hooks *hooks)
{
	pthread_mutex_lock(&s->lock);
	s->hooks = *hooks;
	pthread_mutex_unlock(&s->lock);
}

void standin_set_knobs(struct standin *s, const struct standin_knobs *knobs)
{
	pthread_mutex_lock(&s->lock);
	s->knobs = *knobs;
	pthread_mutex_unlock(&s->lock);
}

void standin_be(struct standin *s, enum standin_state state)
{
	pthread_mutex_lock(&s->lock);
	s->state = state;
	if (rproc_runs(s) || state == STANDIN_SUSPENDED ||
	    state == STANDIN_CRASHED)
		s->counts.power = 1;
	else if (state == STANDIN_OFFLINE || state == STANDIN_DETACHED)
		s->counts.power = 0;
	pthread_mutex_unlock(&s->lock);
}

void standin_crash(struct standin *s)
{
	pthread_mutex_lock(&s->lock);
	if (s->state != STANDIN_CRASHED && s->state != STANDIN_OFFLINE) {
		s->state = STANDIN_CRASHED;
		s->counts.crashes++;
		s->work = s->recovery_enabled;
		if (s->work && !s->knobs.recovery_later)
			rproc_recover(s);
	}
	pthread_mutex_unlock(&s->lock);
}

void standin_work(struct standin *s)
{
	pthread_mutex_lock(&s->lock);
	if (s->work)
		rproc_recover(s);
	pthread_mutex_unlock(&s->lock);
}

enum standin_state standin_state(struct standin *s)
{
	enum standin_state state;

	pthread_mutex_lock(&s->lock);
	state = s->state;
	pthread_mutex_unlock(&s->lock);
	return state;
}

struct standin_counts standin_counts(struct standin *s)
{
	struct standin_counts counts;

	pthread_mutex_lock(&s->lock);
	counts = s->counts;
	pthread_mutex_unlock(&s->lock);
	return counts;
}

bool standin_has(struct standin *s, const char *name)
{
	bool has;

	pthread_mutex_lock(&s->lock);
	has = file_find(s, name) != NULL;
	pthread_mutex_unlock(&s->lock);
	return has;
}

const struct standin_loaded *standin_loaded(struct standin *s)
{
	return &s->loaded;
}

const char *standin_journal(struct standin *s)
{
	return s->journal;
}
