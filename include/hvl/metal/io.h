/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hvl/metal/io.h - regions of memory that both sides see
 *
 * A region is a piece of memory at a device address (da: as the remote sees
 * it) that is mapped here at a virtual address (va). Every access to shared
 * memory goes through the functions below: each reads or writes exactly once,
 * little-endian, by an offset into the region.
 *
 * Offsets  The caller has checked them: hvl_io_range_ok() and
 *          hvl_io_da_to_off() are the checks. Words are naturally aligned.
 * Threads  Any thread or interrupt; no state but the region, which is const.
 * Caches   Single accesses do no cache maintenance: hvl_io_clean() and
 *          hvl_io_invalidate() stand where the protocol hands memory over.
 */
#ifndef HVL_METAL_IO_H
#define HVL_METAL_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvl/metal/port.h>
#include <hvl/wire/endian.h>

struct hvl_io {
	unsigned char *va;
	uint64_t da;   /* of the first byte */
	uint64_t size; /* bytes; da + size - 1 does not wrap */
};

/**
 * hvl_io_range_ok() - whether a range lies in a region
 * @io:  region
 * @off: first byte, from the region's start
 * @len: bytes, 0 allowed
 * Return: true if no byte of it lies outside.
 */
static inline bool hvl_io_range_ok(const struct hvl_io *io, uint64_t off,
				   uint64_t len)
{
	return off <= io->size && len <= io->size - off;
}

/**
 * hvl_io_da_to_off() - translate a range of device addresses
 * @io:  region
 * @da:  first byte as the remote sees it, any value
 * @len: bytes, any value
 * @off: filled in when true is returned
 * Return: true if the whole range lies in the region.
 */
static inline bool hvl_io_da_to_off(const struct hvl_io *io, uint64_t da,
				    uint64_t len, uint64_t *off)
{
	if (da < io->da || !hvl_io_range_ok(io, da - io->da, len))
		return false;
	*off = da - io->da;
	return true;
}

/**
 * hvl_io_va_to_off() - the inverse: find our own pointer in a region
 * @io:  region
 * @va:  first byte, any pointer
 * @len: bytes
 * @off: filled in when true is returned
 * Return: true if the whole range lies in the region.
 */
static inline bool hvl_io_va_to_off(const struct hvl_io *io, const void *va,
				    uint64_t len, uint64_t *off)
{
	uintptr_t p = (uintptr_t)va, base = (uintptr_t)io->va;

	if (p < base || !hvl_io_range_ok(io, p - base, len))
		return false;
	*off = p - base;
	return true;
}

/**
 * hvl_io_sub() - a region within a region
 * @io:  outer region
 * @off: start in it
 * @len: bytes
 * @sub: filled in when true is returned
 * Return: true if the range lies in @io.
 */
static inline bool hvl_io_sub(const struct hvl_io *io, uint64_t off,
			      uint64_t len, struct hvl_io *sub)
{
	if (!hvl_io_range_ok(io, off, len))
		return false;
	sub->va = io->va + (size_t)off;
	sub->da = io->da + off;
	sub->size = len;
	return true;
}

/* Where an offset that has been checked is mapped. */
static inline void *hvl_io_va(const struct hvl_io *io, uint64_t off)
{
	return io->va + (size_t)off;
}

#define HVL_IO_AT_(io, off, type) ((type *)(void *)((io)->va + (size_t)(off)))

static inline uint8_t hvl_io_read8(const struct hvl_io *io, uint64_t off)
{
	return HVL_PORT_LOAD(HVL_IO_AT_(io, off, uint8_t));
}

static inline uint16_t hvl_io_read16(const struct hvl_io *io, uint64_t off)
{
	return HVL_SWAP16_(HVL_PORT_LOAD(HVL_IO_AT_(io, off, uint16_t)));
}

static inline uint32_t hvl_io_read32(const struct hvl_io *io, uint64_t off)
{
	return HVL_SWAP32_(HVL_PORT_LOAD(HVL_IO_AT_(io, off, uint32_t)));
}

static inline void hvl_io_write8(const struct hvl_io *io, uint64_t off,
				 uint8_t v)
{
	HVL_PORT_STORE(HVL_IO_AT_(io, off, uint8_t), v);
}

static inline void hvl_io_write16(const struct hvl_io *io, uint64_t off,
				  uint16_t v)
{
	HVL_PORT_STORE(HVL_IO_AT_(io, off, uint16_t), HVL_SWAP16_(v));
}

static inline void hvl_io_write32(const struct hvl_io *io, uint64_t off,
				  uint32_t v)
{
	HVL_PORT_STORE(HVL_IO_AT_(io, off, uint32_t), HVL_SWAP32_(v));
}

/*
 * 64 bits at once where the machine can. Where it cannot (32-bit remotes) the
 * access is two words, low one first, and may tear: nothing in the protocols
 * that is 64 bits wide is read while the other side may write it.
 */
static inline uint64_t hvl_io_read64(const struct hvl_io *io, uint64_t off)
{
#if UINTPTR_MAX > 0xffffffffu
	return HVL_SWAP64_(HVL_PORT_LOAD(HVL_IO_AT_(io, off, uint64_t)));
#else
	uint32_t low = hvl_io_read32(io, off);

	return low | (uint64_t)hvl_io_read32(io, off + 4) << 32;
#endif
}

static inline void hvl_io_write64(const struct hvl_io *io, uint64_t off,
				  uint64_t v)
{
#if UINTPTR_MAX > 0xffffffffu
	HVL_PORT_STORE(HVL_IO_AT_(io, off, uint64_t), HVL_SWAP64_(v));
#else
	hvl_io_write32(io, off, (uint32_t)v);
	hvl_io_write32(io, off + 4, (uint32_t)(v >> 32));
#endif
}

/* What the other side published before it wrote the word is visible after. */
static inline uint16_t hvl_io_load_acquire16(const struct hvl_io *io,
					     uint64_t off)
{
	return HVL_SWAP16_(
		HVL_PORT_LOAD_ACQUIRE(HVL_IO_AT_(io, off, uint16_t)));
}

static inline uint32_t hvl_io_load_acquire32(const struct hvl_io *io,
					     uint64_t off)
{
	return HVL_SWAP32_(
		HVL_PORT_LOAD_ACQUIRE(HVL_IO_AT_(io, off, uint32_t)));
}

/* All that we wrote before is visible to whoever reads the word's new value. */
static inline void hvl_io_store_release16(const struct hvl_io *io, uint64_t off,
					  uint16_t v)
{
	HVL_PORT_STORE_RELEASE(HVL_IO_AT_(io, off, uint16_t), HVL_SWAP16_(v));
}

static inline void hvl_io_store_release32(const struct hvl_io *io, uint64_t off,
					  uint32_t v)
{
	HVL_PORT_STORE_RELEASE(HVL_IO_AT_(io, off, uint32_t), HVL_SWAP32_(v));
}

/**
 * hvl_io_cas32() - replace a word only while it has the expected value
 * @io:       region
 * @off:      of the word
 * @expected: value to replace
 * @v:        new value
 * Return: true if @v was stored.
 *
 * For the few words of version 1 that both sides write. Ordered after all
 * earlier accesses. Where the port has no compare-and-swap that both sides
 * honour, it is a load and a store, and a write of the other side's in between
 * is lost: the protocol has to live with that there.
 */
static inline bool hvl_io_cas32(const struct hvl_io *io, uint64_t off,
				uint32_t expected, uint32_t v)
{
#ifdef HVL_PORT_CAS32
	return HVL_PORT_CAS32(HVL_IO_AT_(io, off, uint32_t),
			      HVL_SWAP32_(expected), HVL_SWAP32_(v));
#else
	if (hvl_io_read32(io, off) != expected)
		return false;
	hvl_io_store_release32(io, off, v);
	return true;
#endif
}

/**
 * hvl_io_read_block() - copy out of a region
 * @io:  region
 * @off: first byte in it
 * @dst: private memory
 * @len: bytes
 *
 * Any alignment; where the region is device memory only aligned words are
 * accessed. The other side may write meanwhile: the copy is what counts.
 */
void hvl_io_read_block(const struct hvl_io *io, uint64_t off, void *dst,
		       size_t len);

/** hvl_io_write_block() - copy into a region; as hvl_io_read_block() */
void hvl_io_write_block(const struct hvl_io *io, uint64_t off, const void *src,
			size_t len);

/** hvl_io_fill() - set @len bytes of a region to @byte */
void hvl_io_fill(const struct hvl_io *io, uint64_t off, uint8_t byte,
		 size_t len);

/** hvl_io_coherent() - whether cleaning and invalidating do nothing */
static inline bool hvl_io_coherent(void)
{
	return HVL_PORT_COHERENT;
}

/**
 * hvl_io_clean() - write back what we wrote, before the other side may read
 * @io:  region
 * @off: first byte
 * @len: bytes; whole cache lines are affected
 *
 * Nothing on coherent ports. Stands before the store that publishes.
 */
static inline void hvl_io_clean(const struct hvl_io *io, uint64_t off,
				uint64_t len)
{
	HVL_PORT_CACHE_CLEAN(io->va + (size_t)off, (size_t)len);
}

/**
 * hvl_io_invalidate() - drop what we hold, before we read the other side's
 * @io:  region
 * @off: first byte
 * @len: bytes; whole cache lines are affected, so none may hold our own data
 *
 * Nothing on coherent ports.
 */
static inline void hvl_io_invalidate(const struct hvl_io *io, uint64_t off,
				     uint64_t len)
{
	HVL_PORT_CACHE_INVALIDATE(io->va + (size_t)off, (size_t)len);
}

/** hvl_io_prefetch() - a hint: the line at @off is soon read, or written */
static inline void hvl_io_prefetch(const struct hvl_io *io, uint64_t off,
				   bool write)
{
	if (write)
		HVL_PORT_PREFETCH_WRITE(io->va + (size_t)off);
	else
		HVL_PORT_PREFETCH(io->va + (size_t)off);
}

#endif /* HVL_METAL_IO_H */
