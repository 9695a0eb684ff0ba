# SPDX-License-Identifier: BSD-3-Clause
#
# The native board: the machine we build on, or cross-compile Linux programs
# for.

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(native_arch x86_64)
  set(native_memory x86_64/memory.c)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(native_arch aarch64)
  set(native_memory ../../common/memory.c)
elseif(HVL_BUILD_FIRMWARE)
  message(FATAL_ERROR "The native board has no start-up code for "
    "${CMAKE_SYSTEM_PROCESSOR}: add it to remote/board/native, or choose "
    "another with -DHVL_BOARD=, or pass -DHVL_BUILD_FIRMWARE=OFF.")
endif()

set(HVL_BOARD_SOURCES
  ${native_arch}/start.S
  ${native_memory}
  board.c
  fault.c
  sys.c
  time.c
  ${HVL_REMOTE_SOURCES})
set(HVL_BOARD_OPTIONS "-I${HVL_BOARD_DIR}/${native_arch}")
# A compiler for another Linux, without its libc: where Debian has the kernel's
# own headers for it.
if(CMAKE_CROSSCOMPILING AND HVL_BUILD_FIRMWARE)
  find_path(HVL_NATIVE_UAPI linux/poll.h NO_DEFAULT_PATH
    NO_CMAKE_FIND_ROOT_PATH PATHS "/usr/${native_arch}-linux-gnu/include")
  mark_as_advanced(HVL_NATIVE_UAPI)
  if(NOT HVL_NATIVE_UAPI)
    message(FATAL_ERROR "Missing: the kernel's headers for ${native_arch} "
      "(Debian package linux-libc-dev-arm64-cross). tools/setup installs them.")
  endif()
  list(APPEND HVL_BOARD_OPTIONS "-isystem${HVL_NATIVE_UAPI}")
endif()
set(HVL_BOARD_DEFINES BOARD_RAM_KIB=15360)
# Segments lie 64 KiB apart in memory, which suits every page size; in the file
# they need not.
set(HVL_BOARD_LINK -Wl,-z,max-page-size=0x1000 -Wl,-z,common-page-size=0x1000
  -Wl,--fatal-warnings)
