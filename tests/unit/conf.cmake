# SPDX-License-Identifier: BSD-3-Clause
# What the specification asks for and no other test shows: docs/conformance.md.

hvl_add_test(test_conf_drv_vq LABEL unit
  SOURCES test_conf_drv_vq.c LIBS hvl::driver)
