# SPDX-License-Identifier: BSD-3-Clause
hvl_add_test(test_wire_uapi LABEL unit
  SOURCES test_wire_uapi.c wire_uapi_linux.c)
