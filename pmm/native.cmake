# SPDX-License-Identifier: BSD-3-Clause
#
# The native remote, for the PMM's library: PMM_NATIVE_SOURCES, PMM_NATIVE_LIBS.
# The folder of the machine we build on has its first instructions.

string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" pmm_native_arch)
if(pmm_native_arch STREQUAL "amd64")
  set(pmm_native_arch x86_64)
elseif(pmm_native_arch STREQUAL "arm64")
  set(pmm_native_arch aarch64)
endif()
if(NOT EXISTS
    "${CMAKE_CURRENT_LIST_DIR}/native/${pmm_native_arch}/trampoline.S")
  message(FATAL_ERROR "The native board is not ported to "
    "${CMAKE_SYSTEM_PROCESSOR}: see pmm/native/x86_64 for what it takes")
endif()

set(PMM_NATIVE_SOURCES board.c driver_native.c remote_native.c native/filter.c native/maps.c
  native/plan.c native/${pmm_native_arch}/trampoline.S)
set(PMM_NATIVE_LIBS hvl_remoteproc hvl_metal hvl_metal_linux hvl::libseccomp)
set_source_files_properties(board.c native/plan.c PROPERTIES
  INCLUDE_DIRECTORIES
  "${CMAKE_CURRENT_LIST_DIR}/native/${pmm_native_arch}")
