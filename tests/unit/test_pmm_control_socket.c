/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_pmm_control_socket.c - names of sockets: taken, stale, foreign
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "control_socket.h"

static char folder[] = "/tmp/hvl-test-control.XXXXXX";
static char path[PMM_CONTROL_PATH_MAX];
static struct pmm_error err;

/* What a killed hvl leaves behind. */
static void make_stale(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", name);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
}

static void socket_is_for_its_owner_and_goes(void **state)
{
	struct pmm_local_socket sock;
	struct stat st;
	mode_t before = umask(0);

	(void)state;
	assert_int_equal(pmm_local_probe(path), -ENOENT);
	assert_int_equal(pmm_control_socket_open(&sock, path, &err), 0);
	(void)umask(before);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(pmm_local_probe(path), 0);
	pmm_local_close(&sock);
	assert_int_equal(access(path, F_OK), -1);
	pmm_local_close(&sock);
}

static void socket_replaces_a_dead_one(void **state)
{
	struct pmm_local_socket sock;

	(void)state;
	make_stale(path);
	assert_int_equal(pmm_local_probe(path), -ECONNREFUSED);
	assert_int_equal(pmm_control_socket_open(&sock, path, &err), 0);
	assert_int_equal(pmm_local_probe(path), 0);
	pmm_local_close(&sock);
	assert_int_equal(access(path, F_OK), -1);
}

static void socket_leaves_a_live_one_alone(void **state)
{
	struct pmm_local_socket first, second;
	char text[200];

	(void)state;
	assert_int_equal(pmm_control_socket_open(&first, path, &err), 0);
	/* Even if so many wait that it takes no more. */
	for (int i = 0; i < 20; i++) {
		assert_int_equal(pmm_control_socket_open(&second, path, &err),
				 -EADDRINUSE);
		(void)snprintf(text, sizeof(text),
			       "control socket \"%s\": a running hvl has it",
			       path);
		assert_string_equal(err.text, text);
	}
	pmm_local_close(&second);
	assert_int_equal(pmm_local_probe(path), 0);
	pmm_local_close(&first);
}

static void socket_leaves_other_files_alone(void **state)
{
	struct pmm_local_socket sock;
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	(void)state;
	close(fd);
	assert_int_equal(pmm_control_socket_open(&sock, path, &err),
			 -EADDRINUSE);
	assert_non_null(strstr(err.text, "something else has this name"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/nonexistent", path), 0);
	assert_int_equal(pmm_control_socket_open(&sock, path, &err),
			 -EADDRINUSE);
	assert_int_equal(unlink(path), 0);
}

static void socket_that_lost_its_name_removes_no_other(void **state)
{
	struct pmm_local_socket first, second;

	(void)state;
	assert_int_equal(pmm_control_socket_open(&first, path, &err), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(pmm_control_socket_open(&second, path, &err), 0);
	pmm_local_close(&first);
	assert_int_equal(pmm_local_probe(path), 0);
	pmm_local_close(&second);
}

static void socket_refuses_names_that_cannot_be(void **state)
{
	struct pmm_local_socket sock;
	char name[200];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[PMM_CONTROL_PATH_MAX] = '\0';
	assert_int_equal(pmm_control_socket_open(&sock, name, &err),
			 -ENAMETOOLONG);
	assert_non_null(strstr(err.text, "too long; at most 107 characters"));
	assert_int_equal(sock.fd, -1);
	assert_int_equal(pmm_control_socket_open(&sock, "/no/such/s", &err),
			 -ENOENT);
	assert_int_equal(pmm_control_socket_open(&sock, "", &err), -ENOENT);
}

static void socket_default_sweeps_dead_ones_only(void **state)
{
	struct pmm_local_socket live;
	char name[PMM_CONTROL_PATH_MAX], want[PMM_CONTROL_PATH_MAX];
	struct stat st;

	(void)state;
	assert_int_equal(setenv("XDG_RUNTIME_DIR", folder, 1), 0);
	assert_int_equal(pmm_control_default("native", name, &err), 0);
	(void)snprintf(want, sizeof(want), "%s/hvl/native-%d.sock", folder,
		       (int)getpid());
	assert_string_equal(name, want);
	(void)snprintf(want, sizeof(want), "%s/hvl", folder);
	assert_int_equal(stat(want, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	(void)snprintf(want, sizeof(want), "%s/hvl/other", folder);
	make_stale(want);
	make_stale(name);
	assert_int_equal(pmm_control_default("native", name, &err), 0);
	assert_int_equal(access(name, F_OK), -1);
	assert_int_equal(access(want, F_OK), 0);
	assert_int_equal(pmm_control_socket_open(&live, name, &err), 0);
	assert_int_equal(pmm_control_default("native", name, &err), 0);
	assert_int_equal(pmm_local_probe(name), 0);
	pmm_local_close(&live);
	assert_int_equal(unlink(want), 0);
	(void)snprintf(want, sizeof(want), "%s/hvl", folder);
	assert_int_equal(rmdir(want), 0);
}

static void socket_default_needs_the_folder(void **state)
{
	char name[PMM_CONTROL_PATH_MAX], base[PATH_MAX];

	(void)state;
	assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
	assert_int_equal(pmm_control_default("native", name, &err), -ENOENT);
	assert_string_equal(err.text, "XDG_RUNTIME_DIR is not set; name a "
				      "socket with --control SOCKET");
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "relative", 1), 0);
	assert_int_equal(pmm_control_default("native", name, &err), -ENOENT);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "/no/such", 1), 0);
	assert_int_equal(pmm_control_default("native", name, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/no/such/hvl"));
	memset(base, 'a', sizeof(base) - 1);
	base[0] = '/';
	base[120] = '\0';
	assert_int_equal(setenv("XDG_RUNTIME_DIR", base, 1), 0);
	assert_int_equal(pmm_control_default("native", name, &err),
			 -ENAMETOOLONG);
	base[100] = '\0';
	assert_int_equal(setenv("XDG_RUNTIME_DIR", base, 1), 0);
	assert_true(pmm_control_default("native", name, &err) < 0);
}

/* Clients come through a real socket as well. */
static int answer(void *ctx, const char *command, const json_t *request,
		  json_t **result, struct pmm_error *e)
{
	(void)ctx;
	(void)command;
	(void)request;
	(void)e;
	*result = json_object();
	return 0;
}

static void socket_clients_are_served(void **state)
{
	static const char request[] = "{\"command\":\"a\"}\n";
	const struct pmm_control_config cfg = { .answer = answer };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct pmm_local_socket sock;
	struct pmm_control *control;
	struct pmm_loop loop;
	char reply[100] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(pmm_loop_init(&loop), 0);
	assert_int_equal(pmm_control_create(&control, &cfg, &loop), 0);
	assert_int_equal(pmm_control_socket_open(&sock, path, &err), 0);
	assert_int_equal(pmm_control_listen(control, sock.fd), 0);
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
			 0);
	assert_int_equal(send(fd, request, strlen(request), 0),
			 strlen(request));
	for (int i = 0;
	     i < 100 && recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT) < 0;
	     i++)
		assert_int_equal(pmm_loop_turn(&loop, 100), 0);
	assert_string_equal(reply, "{\"ok\":true,\"result\":{}}\n");
	pmm_control_destroy(control);
	pmm_local_close(&sock);
	pmm_loop_fini(&loop);
	assert_int_equal(recv(fd, reply, 1, 0), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(socket_is_for_its_owner_and_goes),
		cmocka_unit_test(socket_replaces_a_dead_one),
		cmocka_unit_test(socket_leaves_a_live_one_alone),
		cmocka_unit_test(socket_leaves_other_files_alone),
		cmocka_unit_test(socket_that_lost_its_name_removes_no_other),
		cmocka_unit_test(socket_refuses_names_that_cannot_be),
		cmocka_unit_test(socket_default_sweeps_dead_ones_only),
		cmocka_unit_test(socket_default_needs_the_folder),
		cmocka_unit_test(socket_clients_are_served),
	};
	int failed;

	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(path, sizeof(path), "%s/socket", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(folder);
	return failed;
}
