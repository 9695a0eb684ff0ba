# SPDX-License-Identifier: BSD-3-Clause
#
# AMD's ZCU102: the first Cortex-R5F of the Zynq UltraScale+.

set(HVL_BOARD_SOURCES
  start.S
  board.c
  fault.c
  gic.c
  ipi.c
  mpu.c
  time.c
  ../../common/clock.c
  ${HVL_BARE_SOURCES})
# No floating point anywhere: its registers need neither enabling nor saving.
set(HVL_BOARD_OPTIONS -mcpu=cortex-r5 -mthumb -mfloat-abi=soft)
set(HVL_BOARD_DEFINES BOARD_RAM_KIB=16384)
set(HVL_BOARD_LINK -mcpu=cortex-r5 -mthumb -mfloat-abi=soft
  -Wl,--fatal-warnings)
