# SPDX-License-Identifier: BSD-3-Clause
#
# gcc - common to the toolchain files: the gcc whose prefix is HVL_CROSS

set(CMAKE_C_COMPILER ${HVL_CROSS}gcc)
set(CMAKE_ASM_COMPILER ${HVL_CROSS}gcc)
# Nothing links without a board's linker script.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
