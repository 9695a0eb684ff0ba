/* SPDX-License-Identifier: BSD-3-Clause */
/* The formatter behind logs and shells: what remotes have instead of stdio. */
#include <hvl/metal/log.h>

#include <stdbool.h>
#include <stdint.h>

struct format_out {
	char *buf;
	size_t size;
	size_t len; /* of the whole text, also past the buffer's end */
};

struct format_spec {
	bool left;
	bool zero;
	bool precise;
	int width;
	int precision;
	int length; /* -2 hh, -1 h, 0, 1 l, 2 ll, 3 z */
};

#define FORMAT_DIGITS 24 /* 64 bits in octal would fit as well */

static void format_char(struct format_out *out, char c)
{
	if (out->len + 1 < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void format_pad(struct format_out *out, char c, int n)
{
	while (n-- > 0)
		format_char(out, c);
}

static void format_text(struct format_out *out, const struct format_spec *spec,
			const char *s)
{
	int n = 0;

	if (s == NULL)
		s = "(null)";
	while ((!spec->precise || n < spec->precision) && s[n] != '\0')
		n++;
	if (!spec->left)
		format_pad(out, ' ', spec->width - n);
	for (int i = 0; i < n; i++)
		format_char(out, s[i]);
	if (spec->left)
		format_pad(out, ' ', spec->width - n);
}

/*
 * v / base, in steps of 32 bits: 64-bit division is a helper of the compiler's
 * on 32-bit machines, which need not have it. base is 16 at most.
 */
static uint64_t format_divide(uint64_t v, unsigned int base, unsigned int *rest)
{
	uint32_t high = (uint32_t)(v >> 32), low = (uint32_t)v, part;
	uint64_t q = (uint64_t)(high / base) << 32;

	part = high % base << 16 | low >> 16;
	q |= part / base << 16;
	part = part % base << 16 | (low & 0xffff);
	q |= part / base;
	*rest = part % base;
	return q;
}

/* Digits from the last to the first. */
static int format_digits(char *end, uint64_t v, unsigned int base, char ten)
{
	int n = 0;

	do {
		unsigned int d;

		v = format_divide(v, base, &d);
		*--end = (char)(d < 10 ? '0' + (int)d : ten + (int)d - 10);
		n++;
	} while (v != 0);
	return n;
}

static void format_number(struct format_out *out,
			  const struct format_spec *spec, uint64_t v,
			  bool negative, unsigned int base, char ten)
{
	char digits[FORMAT_DIGITS];
	int n = format_digits(digits + FORMAT_DIGITS, v, base, ten);
	int pad = spec->width - n - (negative ? 1 : 0);

	if (!spec->left && !spec->zero)
		format_pad(out, ' ', pad);
	if (negative)
		format_char(out, '-');
	if (!spec->left && spec->zero)
		format_pad(out, '0', pad);
	for (int i = FORMAT_DIGITS - n; i < FORMAT_DIGITS; i++)
		format_char(out, digits[i]);
	if (spec->left)
		format_pad(out, ' ', pad);
}

static int format_int(const char **fmt)
{
	int v = 0;

	while (**fmt >= '0' && **fmt <= '9' && v < 10000)
		v = v * 10 + (*(*fmt)++ - '0');
	return v;
}

static const char *format_length(const char *fmt, struct format_spec *spec)
{
	spec->length = 0;
	if (*fmt == 'z') {
		spec->length = 3;
		return fmt + 1;
	}
	for (; *fmt == 'l' && spec->length < 2; fmt++)
		spec->length++;
	for (; *fmt == 'h' && spec->length > -2; fmt++)
		spec->length--;
	return fmt;
}

/* A wrapper, since va_list may be an array that cannot be passed by address. */
struct format_args {
	va_list ap;
};

/* Flags, width, precision and length; returns what follows them. */
static const char *format_parse(const char *fmt, struct format_spec *spec,
				struct format_args *args)
{
	*spec = (struct format_spec){ 0 };
	for (; *fmt == '-' || *fmt == '0'; fmt++) {
		spec->left |= *fmt == '-';
		spec->zero |= *fmt == '0';
	}
	if (*fmt == '*') {
		spec->width = va_arg(args->ap, int);
		if (spec->width < 0) {
			spec->left = true;
			spec->width = -spec->width;
		}
		fmt++;
	} else {
		spec->width = format_int(&fmt);
	}
	if (*fmt == '.') {
		fmt++;
		spec->precise = true;
		if (*fmt == '*') {
			spec->precision = va_arg(args->ap, int);
			spec->precise = spec->precision >= 0;
			fmt++;
		} else {
			spec->precision = format_int(&fmt);
		}
	}
	return format_length(fmt, spec);
}

static int64_t format_signed(const struct format_spec *spec,
			     struct format_args *args)
{
	switch (spec->length) {
	case 1:
		return va_arg(args->ap, long);
	case 2:
		return va_arg(args->ap, long long);
	case 3:
		return va_arg(args->ap, ptrdiff_t);
	case -1:
		return (short)va_arg(args->ap, int);
	case -2:
		return (signed char)va_arg(args->ap, int);
	default:
		return va_arg(args->ap, int);
	}
}

static uint64_t format_unsigned(const struct format_spec *spec,
				struct format_args *args)
{
	switch (spec->length) {
	case 1:
		return va_arg(args->ap, unsigned long);
	case 2:
		return va_arg(args->ap, unsigned long long);
	case 3:
		return va_arg(args->ap, size_t);
	case -1:
		return (unsigned short)va_arg(args->ap, unsigned int);
	case -2:
		return (unsigned char)va_arg(args->ap, unsigned int);
	default:
		return va_arg(args->ap, unsigned int);
	}
}

static void format_one(struct format_out *out, char conversion,
		       const struct format_spec *spec, struct format_args *args)
{
	char c[2] = { 0 };
	int64_t v;

	switch (conversion) {
	case 'd':
	case 'i':
		v = format_signed(spec, args);
		format_number(out, spec, v < 0 ? 0 - (uint64_t)v : (uint64_t)v,
			      v < 0, 10, 'a');
		break;
	case 'u':
		format_number(out, spec, format_unsigned(spec, args), false, 10,
			      'a');
		break;
	case 'x':
	case 'X':
		format_number(out, spec, format_unsigned(spec, args), false, 16,
			      conversion == 'x' ? 'a' : 'A');
		break;
	case 'p':
		format_char(out, '0');
		format_char(out, 'x');
		format_number(out, spec, (uintptr_t)va_arg(args->ap, void *),
			      false, 16, 'a');
		break;
	case 'c':
		c[0] = (char)va_arg(args->ap, int);
		format_text(out, spec, c);
		break;
	case 's':
		format_text(out, spec, va_arg(args->ap, const char *));
		break;
	default: /* "%%", and what we do not know is shown as it stands */
		format_char(out, conversion);
		break;
	}
}

int hvl_vformat(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct format_out out = { .buf = buf, .size = size };
	struct format_args args;
	struct format_spec spec;

	va_copy(args.ap, ap);
	while (*fmt != '\0') {
		if (*fmt != '%') {
			format_char(&out, *fmt++);
			continue;
		}
		fmt = format_parse(fmt + 1, &spec, &args);
		if (*fmt == '\0')
			break;
		format_one(&out, *fmt++, &spec, &args);
	}
	va_end(args.ap);
	if (size != 0)
		buf[out.len < size ? out.len : size - 1] = '\0';
	return (int)out.len;
}

int hvl_format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = hvl_vformat(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
