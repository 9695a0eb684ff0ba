# SPDX-License-Identifier: BSD-3-Clause
#
# HvlTargets - libraries and programs of the host side
#
#   hvl_add_library(<name> [FREESTANDING] [NO_INSTALL] SOURCES <file>...
#                   [HOST_SOURCES <file>...] [FW_SOURCES <file>...]
#                   [LIBS <target>...] [INCLUDES <dir>...] [DEFINES <def>...])
#       Static library <name>, alias hvl::<name without hvl_>, for the host,
#       with HVL_SANITIZE applied. FREESTANDING also makes a firmware flavour
#       <name>_fw, alias hvl::<...>_fw: the same sources with the board's
#       flags and never a sanitizer. HOST_SOURCES and FW_SOURCES belong to one
#       flavour only. LIBS are public; in the firmware flavour each hvl
#       library among them is replaced by its own _fw. INCLUDES and DEFINES
#       are private. NO_INSTALL is for libraries without public headers. When
#       cross-compiling for bare metal only the _fw flavour exists, and a
#       library without it is skipped.
#       A third flavour, <name>_os (-Os, built only on demand), feeds the
#       target `size`.
#
#   hvl_add_executable(<name> SOURCES <file>... [LIBS <target>...]
#                      [INCLUDES <dir>...] [DEFINES <def>...]
#                      [OUTPUT <file name>] [INSTALL])
#       Host program; HVL_VERSION is defined as a string. OUTPUT names the
#       file if not <name>; INSTALL puts it into bin.
#
#   hvl_add_bench(<name> SOURCES <file>... [LIBS <target>...])
#       Benchmark program, built by the target hvl_bench only.

include_guard(GLOBAL)

set(HVL_WARNINGS -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes
  -Wmissing-prototypes -Wundef -Wvla)
if(HVL_WERROR)
  list(APPEND HVL_WARNINGS -Werror)
endif()

set(HVL_SANITIZE_FLAGS "")
if(HVL_SANITIZE)
  set(HVL_SANITIZE_FLAGS -fsanitize=${HVL_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  # gcc warns that tsan does not see stand-alone fences. They order device
  # memory here; data is published by release stores, which tsan does see.
  if(HVL_SANITIZE STREQUAL "thread" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    list(APPEND HVL_SANITIZE_FLAGS -Wno-tsan)
  endif()
endif()
if(HVL_COVERAGE)
  list(APPEND HVL_SANITIZE_FLAGS --coverage)
endif()

# C language level, warnings and include path: common to every flavour.
function(hvl_common target)
  set_target_properties(${target} PROPERTIES
    C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
    EXPORT_COMPILE_COMMANDS ON)
  target_compile_options(${target} PRIVATE
    "$<$<COMPILE_LANGUAGE:C>:${HVL_WARNINGS}>")
  target_include_directories(${target} PUBLIC
    "$<BUILD_INTERFACE:${hvl_SOURCE_DIR}/include>")
endfunction()

# Host flavour: hosted C with the GNU interfaces, sanitizers as configured.
# Defined empty, as a source file that asks for it itself does.
function(hvl_host target)
  hvl_common(${target})
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE=)
  target_compile_options(${target} PRIVATE
    "$<$<COMPILE_LANGUAGE:C>:${HVL_SANITIZE_FLAGS}>")
  target_link_options(${target} PUBLIC ${HVL_SANITIZE_FLAGS})
endfunction()

# Smallest code, for the size report: the flags of the flavour it stands for.
function(hvl_add_size_flavour name freestanding)
  add_library(${name}_os STATIC EXCLUDE_FROM_ALL ${ARGN})
  hvl_common(${name}_os)
  if(freestanding)
    hvl_fw_options(${name}_os)
  else()
    target_compile_definitions(${name}_os PRIVATE _GNU_SOURCE=)
  endif()
  target_compile_options(${name}_os PRIVATE -Os)
  set_property(GLOBAL APPEND PROPERTY HVL_OS_LIBRARIES ${name}_os)
endfunction()

function(hvl_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 A "FREESTANDING;NO_INSTALL" ""
    "SOURCES;HOST_SOURCES;FW_SOURCES;LIBS;INCLUDES;DEFINES")
  string(REGEX REPLACE "^hvl_" "" short ${name})

  if(HVL_HOST)
    add_library(${name} STATIC ${A_SOURCES} ${A_HOST_SOURCES})
    add_library(hvl::${short} ALIAS ${name})
    hvl_host(${name})
    target_link_libraries(${name} PUBLIC ${A_LIBS})
    target_include_directories(${name} PRIVATE ${A_INCLUDES})
    target_compile_definitions(${name} PRIVATE ${A_DEFINES})
    set_property(GLOBAL APPEND PROPERTY HVL_LIBRARIES ${name})
    if(HVL_TOP AND NOT A_NO_INSTALL)
      install(TARGETS ${name} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    endif()
  endif()

  if(A_FREESTANDING)
    hvl_add_firmware_library(${name}_fw
      SOURCES ${A_SOURCES} ${A_FW_SOURCES} LIBS ${A_LIBS}
      INCLUDES ${A_INCLUDES} DEFINES ${A_DEFINES})
    add_library(hvl::${short}_fw ALIAS ${name}_fw)
    set_property(GLOBAL APPEND PROPERTY HVL_FW_LIBRARIES ${name}_fw)
    hvl_add_size_flavour(${name} ON ${A_SOURCES} ${A_FW_SOURCES})
  elseif(HVL_HOST)
    hvl_add_size_flavour(${name} OFF ${A_SOURCES} ${A_HOST_SOURCES})
  endif()
  if(TARGET ${name}_os)
    target_include_directories(${name}_os PRIVATE ${A_INCLUDES})
    target_compile_definitions(${name}_os PRIVATE ${A_DEFINES})
    foreach(lib IN LISTS A_LIBS)
      if(NOT lib MATCHES "^hvl(_|::)" OR lib MATCHES "^hvl::lib")
        target_link_libraries(${name}_os PRIVATE ${lib})
      endif()
    endforeach()
  endif()
endfunction()

function(hvl_add_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 A "INSTALL;EXCLUDE_FROM_ALL" "OUTPUT"
    "SOURCES;LIBS;INCLUDES;DEFINES")
  add_executable(${name} ${A_SOURCES})
  hvl_host(${name})
  target_link_libraries(${name} PRIVATE ${A_LIBS})
  target_include_directories(${name} PRIVATE ${A_INCLUDES})
  target_compile_definitions(${name} PRIVATE ${A_DEFINES}
    HVL_VERSION="${hvl_VERSION}")
  if(A_OUTPUT)
    set_target_properties(${name} PROPERTIES OUTPUT_NAME ${A_OUTPUT})
  endif()
  if(A_EXCLUDE_FROM_ALL)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  if(A_INSTALL AND HVL_TOP)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endfunction()

# Always there: benchmarks that are scripts need no program.
if(HVL_BUILD_BENCH AND NOT TARGET hvl_bench)
  add_custom_target(hvl_bench)
endif()

function(hvl_add_bench name)
  hvl_add_executable(${name} EXCLUDE_FROM_ALL ${ARGN})
  add_dependencies(hvl_bench ${name})
endfunction()
