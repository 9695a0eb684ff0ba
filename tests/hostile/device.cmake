# SPDX-License-Identifier: BSD-3-Clause
# Attacks on the device side.

foreach(name fuzz races regs resume rings)
  hvl_add_test(test_hostile_dev_${name} LABEL hostile TIMEOUT 600
    SOURCES test_hostile_dev_${name}.c hostile.c INCLUDES ../unit
    LIBS hvl::device hvl::metal Threads::Threads)
endforeach()
