# SPDX-License-Identifier: BSD-3-Clause
# The drivers of the existing stack against the devices, in one process.

if(NOT TARGET hvl_device)
  return()
endif()

set(legacy ../support/legacy)
hvl_add_test(test_loop_legacy LABEL loop TIMEOUT 900
  SOURCES test_loop_legacy.c ${legacy}/responder.c ${legacy}/ring.c
    ${legacy}/setup.c ${legacy}/traffic.c
  INCLUDES ../support
  LIBS hvl::device hvl::metal)
