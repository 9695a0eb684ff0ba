/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/service_status.h - the devices of a remote, for replies on the control
 * socket
 *
 * docs/control.md has the format. Each returns a new reference, or NULL without
 * memory.
 */
#ifndef PMM_SERVICE_STATUS_H
#define PMM_SERVICE_STATUS_H

#include <stdint.h>

#include <jansson.h>

#include "service.h"

/** pmm_status_string() - text that people or others made, in any encoding */
json_t *pmm_status_string(const char *text);

/** pmm_status_hex() - addresses, feature bits: too wide for JSON's numbers */
json_t *pmm_status_hex(uint64_t value);

/** pmm_status_version() - the answer to "version"; @version: of hvl */
json_t *pmm_status_version(const char *version);

/** pmm_service_status() - an array with an object for each device */
json_t *pmm_service_status(const struct pmm_service *svc);

/** pmm_service_polling() - an object: how much is polled, and what for */
json_t *pmm_service_polling(const struct pmm_service *svc);

#endif /* PMM_SERVICE_STATUS_H */
