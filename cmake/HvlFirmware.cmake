# SPDX-License-Identifier: BSD-3-Clause
#
# HvlFirmware - code that runs on a remote
#
# Firmware is built for one board, HVL_BOARD: `native` with the host's own
# compiler, beside the host's code and never with its sanitizers; any other
# from its own build folder and toolchain file (cmake/toolchain/<isa>.cmake).
#
# A board is the folder remote/board/<board>/ with
#   board.cmake   optional; sets any of
#                   HVL_BOARD_SOURCES     start-up code, UART, timer, doorbell
#                                         (relative to the folder)
#                   HVL_BOARD_OPTIONS     compiler options, such as -mcpu=
#                   HVL_BOARD_DEFINES     definitions
#                   HVL_BOARD_LINK        linker options
#                   HVL_BOARD_LIBS        libraries
#   link.ld       the linker script
# All may use remote/common, where HVL_REMOTE_SOURCES are what every board needs
# and HVL_BARE_SOURCES what one without an operating system does, the former
# included; the application includes only board.h.
#
#   hvl_add_firmware(<name> [BOARD <board>] [NO_INSTALL] SOURCES <file>...
#                    [LIBS <target>...] [INCLUDES <dir>...] [DEFINES <def>...])
#       Static, freestanding ELF at fixed addresses, in
#       ${HVL_FIRMWARE_DIR}/<name>.elf (build/<preset>/firmware/<board>/),
#       installed as share/hvl/firmware/<board>/<name>.elf. Gets the board's
#       sources; hvl libraries among LIBS are replaced by their _fw flavour.
#       Says what each library brings into it.
#       Nothing is done when BOARD is not HVL_BOARD. NO_INSTALL is for tests.
#
#   hvl_add_firmware_library(<name> [THIRD_PARTY] SOURCES <file>...
#                    [LIBS <target>...] [INCLUDES <dir>...]
#                    [PUBLIC_INCLUDES <dir>...] [DEFINES <def>...])
#       Static library for firmware only. THIRD_PARTY is other people's code:
#       no warnings, and its public includes are system ones.

include_guard(GLOBAL)

set(HVL_BOARD_DIR "${PROJECT_SOURCE_DIR}/remote/board/${HVL_BOARD}")
set(HVL_FIRMWARE_DIR "${PROJECT_BINARY_DIR}/firmware/${HVL_BOARD}")
set(HVL_FIRMWARE_INSTALL_DIR
  "${CMAKE_INSTALL_DATADIR}/hvl/firmware/${HVL_BOARD}")
set(HVL_REMOTE_SOURCES
  ../../common/remote.c
  ../../common/string.c
  ../../common/table.S
  ../../common/trace.c)
set(HVL_BARE_SOURCES
  ${HVL_REMOTE_SOURCES}
  ../../common/bare.c
  ../../common/memory.c)
include("${HVL_BOARD_DIR}/board.cmake" OPTIONAL)

# No position independence, no stack protector (its canary needs TLS), no
# unwind tables: nothing that needs an operating system's loader or libc.
set(HVL_FW_FLAGS -ffreestanding -fno-pic -fno-stack-protector
  -fno-asynchronous-unwind-tables -fno-unwind-tables
  -ffunction-sections -fdata-sections -fno-common -g
  -U_FORTIFY_SOURCE ${HVL_FIRMWARE_OPTIMIZE})
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|i.86")
  list(APPEND HVL_FW_FLAGS -fcf-protection=none)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  list(APPEND HVL_FW_FLAGS -mno-outline-atomics)
endif()
# Bare metal: the compiler's own headers and those of remote/common/libc, since
# not every compiler comes with a libc, and one for Linux has the wrong one.
if(NOT HVL_HOST)
  list(APPEND HVL_FW_FLAGS -nostdinc)
  foreach(dir include include-fixed)
    execute_process(COMMAND "${CMAKE_C_COMPILER}" -print-file-name=${dir}
      OUTPUT_VARIABLE dir OUTPUT_STRIP_TRAILING_WHITESPACE)
    list(APPEND HVL_FW_FLAGS "-isystem${dir}")
  endforeach()
  list(APPEND HVL_FW_FLAGS "-isystem${PROJECT_SOURCE_DIR}/remote/common/libc")
endif()
set(HVL_FW_LINK_FLAGS -nostdlib -nostartfiles -static -no-pie
  -Wl,--gc-sections -Wl,-z,noexecstack -Wl,--build-id=none)

function(hvl_fw_options target)
  target_compile_options(${target} PRIVATE
    "$<$<COMPILE_LANGUAGE:C>:${HVL_FW_FLAGS}>" ${HVL_BOARD_OPTIONS})
  target_compile_definitions(${target} PRIVATE ${HVL_BOARD_DEFINES})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
endfunction()

# The firmware flavour of each hvl library in a list, in <out>.
function(hvl_fw_libs out)
  set(libs "")
  foreach(lib IN LISTS ARGN)
    if(lib MATCHES "^hvl(_|::)" AND NOT lib MATCHES "_fw$")
      list(APPEND libs ${lib}_fw)
    elseif(NOT lib STREQUAL "Threads::Threads")
      list(APPEND libs ${lib})
    endif()
  endforeach()
  set(${out} "${libs}" PARENT_SCOPE)
endfunction()

function(hvl_add_firmware_library name)
  cmake_parse_arguments(PARSE_ARGV 1 A "THIRD_PARTY" ""
    "SOURCES;LIBS;INCLUDES;PUBLIC_INCLUDES;DEFINES")
  add_library(${name} STATIC ${A_SOURCES})
  if(A_THIRD_PARTY)
    set_target_properties(${name} PROPERTIES C_STANDARD 11)
    target_compile_options(${name} PRIVATE -w)
    target_include_directories(${name} SYSTEM PUBLIC ${A_PUBLIC_INCLUDES})
  else()
    hvl_common(${name})
    target_include_directories(${name} PUBLIC ${A_PUBLIC_INCLUDES})
  endif()
  hvl_fw_options(${name})
  hvl_fw_libs(libs ${A_LIBS})
  target_link_libraries(${name} PUBLIC ${libs})
  target_include_directories(${name} PRIVATE ${A_INCLUDES})
  target_compile_definitions(${name} PRIVATE ${A_DEFINES})
endfunction()

function(hvl_add_firmware name)
  cmake_parse_arguments(PARSE_ARGV 1 A "NO_INSTALL" "BOARD"
    "SOURCES;LIBS;INCLUDES;DEFINES")
  if(A_BOARD AND NOT A_BOARD STREQUAL HVL_BOARD)
    return()
  endif()
  list(TRANSFORM HVL_BOARD_SOURCES PREPEND "${HVL_BOARD_DIR}/"
    OUTPUT_VARIABLE board_sources)
  set(script "${HVL_BOARD_DIR}/link.ld")
  set(map "${HVL_FIRMWARE_DIR}/${name}.map")

  add_executable(${name} ${A_SOURCES} ${board_sources})
  hvl_common(${name})
  hvl_fw_options(${name})
  hvl_fw_libs(libs ${A_LIBS} ${HVL_BOARD_LIBS})
  target_link_libraries(${name} PRIVATE ${libs} -lgcc)
  target_include_directories(${name} PRIVATE
    ${A_INCLUDES} "${HVL_BOARD_DIR}"
    "${PROJECT_SOURCE_DIR}/remote/board" "${PROJECT_SOURCE_DIR}/remote/common")
  target_compile_definitions(${name} PRIVATE ${A_DEFINES})
  target_link_options(${name} PRIVATE ${HVL_FW_LINK_FLAGS}
    "-Wl,-T,${script}" "-Wl,-Map=${map}" ${HVL_BOARD_LINK})
  set_target_properties(${name} PROPERTIES
    SUFFIX .elf LINK_DEPENDS "${script}"
    RUNTIME_OUTPUT_DIRECTORY "${HVL_FIRMWARE_DIR}")
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND "${PROJECT_SOURCE_DIR}/tools/image-size"
      "${name} (${HVL_BOARD})" "${map}" VERBATIM)
  if(HVL_TOP AND NOT A_NO_INSTALL)
    install(TARGETS ${name} RUNTIME DESTINATION "${HVL_FIRMWARE_INSTALL_DIR}"
      COMPONENT firmware
      PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  endif()
endfunction()
