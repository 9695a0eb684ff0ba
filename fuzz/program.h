/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * program.h - inputs that are programs: a head, then one operation behind the
 * other
 *
 * A harness says in a grammar what its operations take. The same grammar tells
 * the mutator where an operation begins and which values are worth trying, so
 * that the two cannot differ.
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include "fuzz.h"

#include <stdbool.h>

#define FUZZ_ARGS_MAX 8u
#define FUZZ_BYTES_MAX 31u

/*
 * Arguments, one letter each. Of one byte: b anything, q queue or descriptor,
 * f flags. Of two: h anything, o an offset, l a length. Of four: w anything.
 * Last: * a count (its low five bits), then so many bytes.
 */
struct fuzz_grammar {
	const char *head;
	const char *const *ops; /* by the operation's number */
	unsigned int nops;
};

/* Each harness with programs defines it. */
extern const struct fuzz_grammar fuzz_grammar;

struct fuzz_op {
	unsigned int kind;
	uint32_t arg[FUZZ_ARGS_MAX];
	const uint8_t *bytes; /* of a '*': may be fewer than asked for */
	unsigned int nbytes;
};

static inline unsigned int fuzz_arg_size(char type)
{
	if (type == 'w')
		return 4;
	return type == 'h' || type == 'o' || type == 'l' ? 2 : 1;
}

/* Read what @spec says. What is missing is 0. */
static inline void fuzz_args(struct fuzz_input *in, const char *spec,
			     struct fuzz_op *op)
{
	unsigned int i;

	for (i = 0; spec[i]; i++) {
		unsigned int size = fuzz_arg_size(spec[i]);

		op->arg[i] = size == 4 ? fuzz_u32(in) :
			     size == 2 ? fuzz_u16(in) :
					 fuzz_u8(in);
		if (spec[i] != '*')
			continue;
		op->nbytes = op->arg[i] & FUZZ_BYTES_MAX;
		if (op->nbytes > in->size)
			op->nbytes = (unsigned int)in->size;
		op->bytes = in->data;
		in->data += op->nbytes;
		in->size -= op->nbytes;
	}
}

static inline struct fuzz_op fuzz_head(struct fuzz_input *in)
{
	struct fuzz_op op = { .kind = 0 };

	fuzz_args(in, fuzz_grammar.head, &op);
	return op;
}

/* Return: whether there was one more operation. */
static inline bool fuzz_next(struct fuzz_input *in, struct fuzz_op *op)
{
	if (in->size == 0)
		return false;
	*op = (struct fuzz_op){ .kind = fuzz_u8(in) % fuzz_grammar.nops };
	fuzz_args(in, fuzz_grammar.ops[op->kind], op);
	return true;
}

#endif /* FUZZ_PROGRAM_H */
