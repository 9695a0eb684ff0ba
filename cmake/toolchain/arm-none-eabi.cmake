# SPDX-License-Identifier: BSD-3-Clause
#
# arm-none-eabi - bare metal on 32-bit Arm: Cortex-M and Cortex-R
#
# Which of them it is says the board's board.cmake.

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(HVL_CROSS arm-none-eabi-)
include("${CMAKE_CURRENT_LIST_DIR}/gcc.cmake")
