# SPDX-License-Identifier: BSD-3-Clause
#
# riscv64 - bare metal on 64-bit RISC-V

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(HVL_CROSS riscv64-unknown-elf-)
include("${CMAKE_CURRENT_LIST_DIR}/gcc.cmake")
