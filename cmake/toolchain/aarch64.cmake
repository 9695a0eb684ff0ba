# SPDX-License-Identifier: BSD-3-Clause
#
# aarch64 - bare metal on 64-bit Arm
#
# Debian has the compiler for Linux only. It serves: HvlFirmware.cmake keeps
# its libc out, and -mno-outline-atomics its run-time detection of features.

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(HVL_CROSS aarch64-linux-gnu-)
include("${CMAKE_CURRENT_LIST_DIR}/gcc.cmake")
