# SPDX-License-Identifier: BSD-3-Clause
#
# QEMU's 64-bit Arm machine `virt`, Cortex-A53.

set(HVL_BOARD_SOURCES
  start.S
  vectors.S
  tables.S
  board.c
  fault.c
  gic.c
  memory.c
  ../../common/ivshmem.c
  ../../common/ivshmem_bell.c
  ${HVL_BARE_SOURCES})
# Without the floating-point registers an interrupt has less to save.
set(HVL_BOARD_OPTIONS -mcpu=cortex-a53 -mgeneral-regs-only -mstrict-align)
set(HVL_BOARD_DEFINES BOARD_RAM_KIB=63488)
set(HVL_BOARD_LINK -Wl,-z,max-page-size=0x1000 -Wl,-z,common-page-size=0x1000
  -Wl,--fatal-warnings)
