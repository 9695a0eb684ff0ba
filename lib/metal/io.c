/* SPDX-License-Identifier: BSD-3-Clause */
/* Block copies into and out of regions that both sides see. */
#include <hvl/metal/io.h>

#include <string.h>

#if HVL_PORT_SHM_IS_NORMAL

void hvl_io_read_block(const struct hvl_io *io, uint64_t off, void *dst,
		       size_t len)
{
	memcpy(dst, hvl_io_va(io, off), len);
}

void hvl_io_write_block(const struct hvl_io *io, uint64_t off, const void *src,
			size_t len)
{
	memcpy(hvl_io_va(io, off), src, len);
}

void hvl_io_fill(const struct hvl_io *io, uint64_t off, uint8_t byte,
		 size_t len)
{
	memset(hvl_io_va(io, off), byte, len);
}

#else

/*
 * Device memory takes naturally aligned words and nothing else, and the
 * compiler may turn a plain loop into memcpy(): hence single accesses, words
 * in the aligned middle and bytes at both ends.
 */
static size_t io_head(const unsigned char *va, size_t len)
{
	size_t head = (size_t)(-(uintptr_t)va & 3u);

	return head < len ? head : len;
}

void hvl_io_read_block(const struct hvl_io *io, uint64_t off, void *dst,
		       size_t len)
{
	unsigned char *d = dst;
	size_t i = 0, head = io_head(io->va + (size_t)off, len);

	while (i < head) {
		d[i] = hvl_io_read8(io, off + i);
		i++;
	}
	for (; len - i >= 4; i += 4) {
		hvl_le32 v = hvl_le32_make(hvl_io_read32(io, off + i));

		memcpy(d + i, &v, 4);
	}
	for (; i < len; i++)
		d[i] = hvl_io_read8(io, off + i);
}

void hvl_io_write_block(const struct hvl_io *io, uint64_t off, const void *src,
			size_t len)
{
	const unsigned char *s = src;
	size_t i = 0, head = io_head(io->va + (size_t)off, len);

	while (i < head) {
		hvl_io_write8(io, off + i, s[i]);
		i++;
	}
	for (; len - i >= 4; i += 4) {
		hvl_le32 v;

		memcpy(&v, s + i, 4);
		hvl_io_write32(io, off + i, hvl_le32_get(v));
	}
	for (; i < len; i++)
		hvl_io_write8(io, off + i, s[i]);
}

void hvl_io_fill(const struct hvl_io *io, uint64_t off, uint8_t byte,
		 size_t len)
{
	size_t i = 0, head = io_head(io->va + (size_t)off, len);

	for (; i < head; i++)
		hvl_io_write8(io, off + i, byte);
	for (; len - i >= 4; i += 4)
		hvl_io_write32(io, off + i, byte * 0x01010101u);
	for (; i < len; i++)
		hvl_io_write8(io, off + i, byte);
}

#endif
