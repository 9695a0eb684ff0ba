/* SPDX-License-Identifier: BSD-3-Clause */
/* Locks on Linux: mutexes, since interrupt handlers run in threads. */
#include <hvl/metal/lock.h>

#include <assert.h>
#include <pthread.h>

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(struct hvl_lock),
	       "struct hvl_lock is too small");
_Static_assert(_Alignof(pthread_mutex_t) <= _Alignof(struct hvl_lock),
	       "struct hvl_lock is misaligned");

static pthread_mutex_t *lock_mutex(struct hvl_lock *lock)
{
	return (pthread_mutex_t *)(void *)lock->port;
}

/* With default attributes these fail on misuse only. */
static void lock_check(int rc)
{
	assert(rc == 0);
	(void)rc;
}

void hvl_lock_init(struct hvl_lock *lock)
{
	lock_check(pthread_mutex_init(lock_mutex(lock), NULL));
}

void hvl_lock_fini(struct hvl_lock *lock)
{
	lock_check(pthread_mutex_destroy(lock_mutex(lock)));
}

void hvl_lock_acquire(struct hvl_lock *lock)
{
	lock_check(pthread_mutex_lock(lock_mutex(lock)));
}

void hvl_lock_release(struct hvl_lock *lock)
{
	lock_check(pthread_mutex_unlock(lock_mutex(lock)));
}
