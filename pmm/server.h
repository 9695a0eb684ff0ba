/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/server.h - devices for a remote that somebody else loads and starts
 *
 * Only memory and a doorbell connect us with it. It may be there before us or
 * after, restart whenever it likes, and live on while we are gone; what it does
 * shows in the registers alone.
 *
 *	create --> start --> destroy
 *
 * Ownership  What the config points at is borrowed until destroy.
 * Threads    The event loop's.
 * Errors     Negative errno, with one line for a person.
 */
#ifndef PMM_SERVER_H
#define PMM_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include <hvl/metal/log.h>

#include "device.h"
#include "doorbell.h"
#include "error.h"
#include "loop.h"
#include "service.h"
#include "shm_source.h"

enum pmm_server_bell {
	PMM_SERVER_POLL, /* we look every so often */
	PMM_SERVER_UNIX_LISTEN,
	PMM_SERVER_UNIX_CONNECT,
	PMM_SERVER_UIO,
};

struct pmm_server_config {
	struct pmm_shm_source shm;
	uint64_t shm_da, shm_size;
	enum pmm_server_bell bell;
	uint32_t period_us;	    /* of PMM_SERVER_POLL */
	const char *socket;	    /* of PMM_SERVER_UNIX_* */
	struct pmm_uio_options uio; /* of PMM_SERVER_UIO */
	bool no_dtb;
	bool v1; /* mmio version 1 */
	struct pmm_features_choice features;
	uint32_t poll_us;  /* as struct pmm_service_config has it */
	const char *state; /* file to carry on from; NULL: none */
	unsigned int ndevices;
	const struct pmm_device_config *devices;
	const struct hvl_log *log; /* or NULL */
};

struct pmm_server;

/**
 * pmm_server_check() - can this configuration be?
 * @cfg: all that can be looked at without opening anything
 * @err: filled in on failure
 * Return: 0 or negative errno.
 */
int pmm_server_check(const struct pmm_server_config *cfg,
		     struct pmm_error *err);

/**
 * pmm_server_create() - open everything; the memory is not touched yet
 * @out:  filled in on success
 * @cfg:  copied; devices are borrowed until destroy
 * @loop: borrowed until destroy
 * @err:  filled in on failure
 * Return: 0 or negative errno; everything is closed again then.
 */
int pmm_server_create(struct pmm_server **out,
		      const struct pmm_server_config *cfg,
		      struct pmm_loop *loop, struct pmm_error *err);

/**
 * pmm_server_start() - show the devices, or carry on with them, and serve
 * @server: not started yet
 * @err:    filled in on failure
 * Return: 0; -EPROTO when the memory does not hold what the state file says: a
 * log line has told what; or what the system says.
 */
int pmm_server_start(struct pmm_server *server, struct pmm_error *err);

/** pmm_server_destroy() - close everything, write nothing; NULL is allowed */
void pmm_server_destroy(struct pmm_server *server);

/** pmm_server_config() - what it was made with */
const struct pmm_server_config *
pmm_server_config(const struct pmm_server *server);

/** pmm_server_service() - for what its devices are and do; read only */
const struct pmm_service *pmm_server_service(const struct pmm_server *server);

#endif /* PMM_SERVER_H */
