# SPDX-License-Identifier: BSD-3-Clause
#
# What of the remote's code runs anywhere.

set(remote_dir "${PROJECT_SOURCE_DIR}/remote")

hvl_add_test(test_remote_bare LABEL unit
  SOURCES test_remote_bare.c "${remote_dir}/common/bare.c"
  INCLUDES "${remote_dir}/common" "${remote_dir}/board"
    "${PROJECT_SOURCE_DIR}/tests/support/fake_cpu"
  LIBS hvl::metal)

hvl_add_test(test_remote_clock LABEL unit
  SOURCES test_remote_clock.c "${remote_dir}/common/clock.c"
  INCLUDES "${remote_dir}/common")

hvl_add_test(test_remote_trace LABEL unit
  SOURCES test_remote_trace.c "${remote_dir}/common/trace.c"
  INCLUDES "${remote_dir}/common")

# The functions of string.h, renamed so as not to replace those of the host.
set(remote_names memcpy=remote_memcpy memmove=remote_memmove
  memset=remote_memset)
hvl_add_test(test_remote_memory LABEL unit
  SOURCES test_remote_memory.c "${remote_dir}/common/memory.c"
  DEFINES ${remote_names})
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  hvl_add_test(test_remote_memory_x86_64 LABEL unit
    SOURCES test_remote_memory.c
      "${remote_dir}/board/native/x86_64/memory.c"
    DEFINES ${remote_names})
endif()
foreach(test test_remote_memory test_remote_memory_x86_64)
  if(TARGET ${test})
    target_compile_options(${test} PRIVATE -fno-builtin)
  endif()
endforeach()

set(remote_app "${remote_dir}/app/hvl_net_rng")
hvl_add_test(test_app_edit LABEL unit
  SOURCES test_app_edit.c "${remote_app}/edit.c"
  INCLUDES "${remote_app}" LIBS hvl::metal)

hvl_add_test(test_app_shell LABEL unit
  SOURCES test_app_shell.c ../support/fake_board.c "${remote_app}/command.c"
    "${remote_app}/console.c" "${remote_app}/crash.c"
    "${remote_app}/edit.c" "${remote_app}/features.c"
    "${remote_app}/shell.c"
  INCLUDES "${remote_app}" "${remote_dir}/board"
    "${PROJECT_SOURCE_DIR}/tests/support"
  DEFINES BOARD_RAM_KIB=8192
  LIBS hvl::metal_linux)

if(TARGET app_lwip AND HVL_BUILD_TESTS)
  # lwIP once more, for the host and with its sanitizers.
  file(GLOB lwip_sources "${LWIP_DIR}/src/core/*.c"
    "${LWIP_DIR}/src/core/ipv4/*.c")
  add_library(test_lwip STATIC EXCLUDE_FROM_ALL ${lwip_sources}
    "${LWIP_DIR}/src/apps/lwiperf/lwiperf.c"
    "${LWIP_DIR}/src/netif/ethernet.c")
  hvl_host(test_lwip)
  target_compile_options(test_lwip PRIVATE -w)
  target_compile_definitions(test_lwip PUBLIC BOARD_RAM_KIB=8192)
  target_include_directories(test_lwip SYSTEM PUBLIC
    "${LWIP_DIR}/src/include" "${remote_app}/lwip" "${remote_app}")

  hvl_add_test(test_app_net LABEL unit
    SOURCES test_app_net.c "${remote_app}/checksum.c" "${remote_app}/net.c"
      "${remote_app}/services.c"
    INCLUDES "${remote_app}"
    LIBS test_lwip hvl::metal)
endif()

hvl_add_test(test_app_devices LABEL unit
  SOURCES test_app_devices.c ../support/fake_board.c
    "${remote_app}/devices.c"
  INCLUDES "${remote_app}" "${remote_dir}/board"
    "${PROJECT_SOURCE_DIR}/tests/support"
  DEFINES BOARD_RAM_KIB=8192
  LIBS hvl::driver hvl::metal)

if(TARGET app_lwip)
  hvl_add_test(test_app_command LABEL unit
    SOURCES test_app_command.c "${remote_app}/checksum.c"
      "${remote_app}/command.c" "${remote_app}/pingstat.c"
    INCLUDES "${remote_app}" "${remote_app}/lwip" "${LWIP_DIR}/src/include"
    DEFINES BOARD_RAM_KIB=8192
    LIBS hvl::metal)
endif()

# The firmware that the system tests run, as a file.
if(TARGET hvl_net_rng AND HVL_BOARD STREQUAL "native")
  set(machine HVL_ELF_MACHINE_X86_64)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set(machine HVL_ELF_MACHINE_AARCH64)
  endif()
  hvl_add_test(test_remote_firmware LABEL unit
    SOURCES test_remote_firmware.c
    DEFINES FIRMWARE="$<TARGET_FILE:hvl_net_rng>" FIRMWARE_MACHINE=${machine}
    LIBS hvl::remoteproc)
  add_dependencies(test_remote_firmware hvl_net_rng)
endif()
