/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A mutator for libFuzzer that knows where an operation begins: it adds,
 * repeats, drops and moves whole ones, and gives their arguments values that a
 * ring makes something of. Now and then libFuzzer's own has its way.
 */
#include "program.h"

#include <string.h>

#define OPS_MAX 1024u

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t asize,
				 const uint8_t *b, size_t bsize, uint8_t *out,
				 size_t max_size, unsigned int seed);

/* Where each operation begins; at[n] is the end. */
struct program {
	uint8_t *data;
	size_t max;
	size_t at[OPS_MAX + 1];
	unsigned int n;
};

static uint32_t state;

static uint32_t pick(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return n ? state % n : 0;
}

static void parse(struct program *p, const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct fuzz_op op;

	(void)fuzz_head(&in);
	p->n = 0;
	p->at[0] = (size_t)(in.data - data);
	while (p->n < OPS_MAX && fuzz_next(&in, &op))
		p->at[++p->n] = (size_t)(in.data - data);
}

/* Edges, powers of two around rings and pages, and what is near nothing. */
static uint32_t plausible(char type)
{
	static const uint16_t edges[] = {
		0,     1,      2,      3,      4,      7,     8,
		12,    14,     16,     64,     0x100,  0x400, 0x800,
		0xfff, 0x1000, 0x2000, 0x7fff, 0x8000, 0xffff
	};
	uint32_t edge = edges[pick(sizeof(edges) / sizeof(edges[0]))];

	switch (type) {
	case 'q':
		return pick(16) ? pick(9) : pick(256);
	case 'f':
		return pick(4) ? pick(8) : pick(256);
	case 'o':
		return pick(2) ? pick(0x100) * 16 : edge + pick(32);
	case 'l':
		return pick(2) ? edge : pick(1600);
	case 'w':
		return pick(2) ? edge : pick(2) ? 0u - edge : pick(UINT32_MAX);
	default:
		return pick(2) ? pick(16) : pick(0x10000);
	}
}

static unsigned int put(uint8_t *to, uint32_t v, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		to[i] = (uint8_t)(v >> 8 * i);
	return size;
}

/* Write new arguments of @spec. Return: their bytes. */
static unsigned int make_args(uint8_t *to, const char *spec)
{
	unsigned int size = 0;

	for (; *spec; spec++) {
		uint32_t v = plausible(*spec), n;

		if (*spec != '*') {
			size += put(to + size, v, fuzz_arg_size(*spec));
			continue;
		}
		n = 1 + pick(FUZZ_BYTES_MAX);
		size += put(to + size, n, 1);
		while (n-- > 0)
			size += put(to + size, pick(3) ? pick(4) : pick(256),
				    1);
	}
	return size;
}

/* Put @len bytes in place of those from @from to @to. Return: the new size. */
static size_t splice(struct program *p, size_t from, size_t to,
		     const uint8_t *bytes, size_t len)
{
	size_t size = p->at[p->n];

	if (size - (to - from) + len > p->max)
		return size;
	memmove(p->data + from + len, p->data + to, size - to);
	memcpy(p->data + from, bytes, len);
	return size - (to - from) + len;
}

/* Ops behind each other, up to four: what belongs together often is. */
static size_t repeat_ops(struct program *p)
{
	uint8_t copy[256];
	unsigned int first = pick(p->n), last = first + 1 + pick(4);
	size_t len;

	if (last > p->n)
		last = p->n;
	len = p->at[last] - p->at[first];
	if (len > sizeof(copy))
		return p->at[p->n];
	memcpy(copy, p->data + p->at[first], len);
	first = pick(p->n + 1);
	return splice(p, p->at[first], p->at[first], copy, len);
}

static size_t drop_ops(struct program *p)
{
	unsigned int first = pick(p->n), last = first + 1 + pick(3);

	if (last > p->n)
		last = p->n;
	return splice(p, p->at[first], p->at[last], p->data, 0);
}

static size_t insert_op(struct program *p)
{
	uint8_t op[8 * FUZZ_ARGS_MAX + FUZZ_BYTES_MAX];
	unsigned int kind = pick(fuzz_grammar.nops), where = pick(p->n + 1);
	unsigned int len = 1 + make_args(op + 1, fuzz_grammar.ops[kind]);

	op[0] = (uint8_t)kind;
	return splice(p, p->at[where], p->at[where], op, len);
}

/* One argument of one operation. */
static size_t change_arg(struct program *p)
{
	unsigned int i = pick(p->n), which, size = 0;
	uint8_t *at = p->data + p->at[i];
	const char *spec = fuzz_grammar.ops[*at++ % fuzz_grammar.nops];
	size_t end = p->at[p->n];

	if (!spec[0] || spec[0] == '*')
		return end;
	for (which = pick((uint32_t)strlen(spec)); which > 0; which--)
		at += fuzz_arg_size(*spec++);
	size = fuzz_arg_size(*spec);
	if (*spec != '*' && at + size <= p->data + end)
		put(at, pick(4) ? plausible(*spec) : *at + pick(3) - 1u, size);
	return end;
}

static size_t change_head(struct program *p)
{
	uint8_t head[4 * FUZZ_ARGS_MAX];
	unsigned int len = make_args(head, fuzz_grammar.head), i;

	for (i = 0; i < len && i < p->at[0]; i++)
		if (pick(len) == 0)
			p->data[i] = head[i];
	return p->at[p->n];
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	static struct program p;
	unsigned int times;

	state = seed | 1;
	for (times = 1 + pick(4); times > 0; times--) {
		p.data = data;
		p.max = max_size;
		parse(&p, data, size);
		if (pick(12) == 0 || p.at[p.n] < size)
			size = LLVMFuzzerMutate(data, size, max_size);
		else if (pick(16) == 0)
			size = change_head(&p);
		else if (p.n == 0 || pick(3) == 0)
			size = insert_op(&p);
		else if (pick(3) == 0)
			size = repeat_ops(&p);
		else if (pick(4) == 0)
			size = drop_ops(&p);
		else
			size = change_arg(&p);
	}
	return size;
}

/* The one's start, the other's end, cut between operations. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t asize,
				 const uint8_t *b, size_t bsize, uint8_t *out,
				 size_t max_size, unsigned int seed)
{
	static struct program pa, pb;
	size_t first, from, second;

	state = seed | 1;
	parse(&pa, a, asize);
	parse(&pb, b, bsize);
	first = pa.at[pick(pa.n + 1)];
	from = pb.at[pick(pb.n + 1)];
	second = pb.at[pb.n] - from;
	if (first > max_size)
		first = max_size;
	if (second > max_size - first)
		second = max_size - first;
	memcpy(out, a, first);
	memcpy(out + first, b + from, second);
	return first + second;
}
