/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ivshmem_bell.c - boards whose shared memory and doorbell are one ivshmem
 */
#include "ivshmem_bell.h"

#include "bare.h"
#include "remote.h"

static struct ivshmem bell_ivshmem;
static uint32_t bell_main_id, bell_main_vector;

const char *ivshmem_bell_place(const struct ivshmem_host *host)
{
	const struct hvl_io *shm = &bare_info.shm;

	return ivshmem_open(&bell_ivshmem, host, shm->da, shm->size);
}

const char *ivshmem_bell_open(const struct ivshmem_host *host)
{
	const char *wrong;

	if (remote_doorbell() != HVL_DOORBELL_IVSHMEM)
		return "resource table: a doorbell that this board lacks";
	bell_main_id = remote_doorbell_param(0);
	bell_main_vector = remote_doorbell_param(1);
	if (bell_main_vector > UINT16_MAX)
		return "resource table: a doorbell that ivshmem lacks";
	wrong = ivshmem_interrupts(&bell_ivshmem, host, bell_main_id);
	/* What came before they were on shall not be missed. */
	if (!wrong)
		bare_rang();
	return wrong;
}

void board_doorbell_ring(void)
{
	if (!bare_info.polling)
		ivshmem_ring(&bell_ivshmem, bell_main_id, bell_main_vector);
}
