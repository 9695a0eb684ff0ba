/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rsc_builder.h - resource tables for tests, of words that a test may change
 */
#ifndef TESTS_RSC_BUILDER_H
#define TESTS_RSC_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#define RSC_WORDS 1024u

struct rsc_spec {
	uint32_t words[RSC_WORDS];
	size_t used; /* words */
	unsigned int entries;
};

/** rsc_new() - an empty table with room for @num entries */
void rsc_new(struct rsc_spec *spec, unsigned int num);

/** rsc_add() - an entry of @count words; Return: its place, in words */
size_t rsc_add(struct rsc_spec *spec, const uint32_t *entry, size_t count);

/** rsc_add_area() - a carveout or a trace buffer; as rsc_add() */
size_t rsc_add_area(struct rsc_spec *spec, uint32_t type, uint32_t da,
		    uint32_t len, const char *name);

/** rsc_add_devmem() - device memory; as rsc_add() */
size_t rsc_add_devmem(struct rsc_spec *spec, uint32_t da, uint32_t pa,
		      uint32_t len, const char *name);

/*
 * An rpmsg device of two vrings and 8 bytes of config; as rsc_add(). Word 7 is
 * the first vring's da, word 12 the second's, word 17 the config.
 */
size_t rsc_add_vdev(struct rsc_spec *spec);

/** rsc_add_hvl() - the entry `hvl`, its other words garbage; as rsc_add() */
size_t rsc_add_hvl(struct rsc_spec *spec);

#endif /* TESTS_RSC_BUILDER_H */
