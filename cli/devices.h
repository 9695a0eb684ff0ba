/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli/devices.h - what is said about devices, at the start and at the end
 */
#ifndef CLI_DEVICES_H
#define CLI_DEVICES_H

#include "service.h"

/** cli_devices_introduce() - what each stands on, a line each */
void cli_devices_introduce(const struct pmm_service *svc);

/** cli_devices_sum_up() - what each has done, a line each */
void cli_devices_sum_up(const struct pmm_service *svc);

#endif /* CLI_DEVICES_H */
