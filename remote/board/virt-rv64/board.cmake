# SPDX-License-Identifier: BSD-3-Clause
#
# QEMU's 64-bit RISC-V machine `virt`, RV64IMAC in machine mode.

set(HVL_BOARD_SOURCES
  start.S
  trap.S
  board.c
  fault.c
  ../../common/ivshmem.c
  ../../common/ivshmem_bell.c
  ${HVL_BARE_SOURCES})
set(HVL_BOARD_OPTIONS -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany
  -mstrict-align)
set(HVL_BOARD_DEFINES BOARD_RAM_KIB=16384)
# The link picks libgcc by these.
set(HVL_BOARD_LINK -march=rv64imac -mabi=lp64
  -Wl,-z,max-page-size=0x1000 -Wl,-z,common-page-size=0x1000
  -Wl,--fatal-warnings)
