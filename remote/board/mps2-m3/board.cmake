# SPDX-License-Identifier: BSD-3-Clause
#
# Arm MPS2 with the Cortex-M3 of application note AN385.

set(HVL_BOARD_SOURCES
  start.S
  board.c
  fault.c
  time.c
  ../../common/clock.c
  ${HVL_BARE_SOURCES})
set(HVL_BOARD_OPTIONS -mcpu=cortex-m3 -mthumb -mfloat-abi=soft
  "-I${HVL_BOARD_DIR}")
set(HVL_BOARD_DEFINES BOARD_RAM_KIB=12288
  HVL_METAL_PORT_H="mps2_port.h")
set(HVL_BOARD_LINK -mcpu=cortex-m3 -mthumb -Wl,--fatal-warnings)
