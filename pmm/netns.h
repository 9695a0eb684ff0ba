/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pmm/netns.h - a private user and network namespace, and its interfaces
 *
 * The namespaces belong to this process and its children: with the last of
 * them all their interfaces are gone.
 */
#ifndef PMM_NETNS_H
#define PMM_NETNS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/**
 * pmm_netns_enter() - leave the system's network for one of our own
 * @user_ns: filled in: whether the user namespace is a new one as well
 * @err:     filled in on failure: what the system forbids, and the cure
 * Return: 0 or negative errno; nothing has changed then.
 *
 * We are root in the new namespaces, and lo is up. Where root may not have a
 * user namespace, a network namespace alone does. Before threads exist.
 */
int pmm_netns_enter(bool *user_ns, struct pmm_error *err);

/* Interfaces, by name. Return: 0 or negative errno. */
int pmm_if_up(const char *ifname);
int pmm_if_get_mtu(const char *ifname, uint32_t *mtu);
int pmm_if_set_mtu(const char *ifname, uint32_t mtu);

/** pmm_if_get_dropped() - frames that it did not send; wraps around */
int pmm_if_get_dropped(const char *ifname, uint32_t *dropped);

/** pmm_if_set_ip() - IPv4 address and length of its prefix, 1 to 32 */
int pmm_if_set_ip(const char *ifname, const char *ip, unsigned int prefix);

#endif /* PMM_NETNS_H */
