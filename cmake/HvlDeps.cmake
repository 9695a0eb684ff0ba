# SPDX-License-Identifier: BSD-3-Clause
#
# HvlDeps - the libraries of others that the host side stands on
#
# Offers the targets hvl::libfdt, hvl::libjansson, hvl::libseccomp (with
# HVL_BUILD_PMM) and hvl::cmocka (with HVL_BUILD_TESTS), and Threads::Threads.
# All that is missing is named in one message, with its Debian package.
#
#   hvl_require_lwip()
#       Stops with one clear line unless LWIP_DIR holds lwIP's source;
#       otherwise sets LWIP_VERSION for the caller.

include_guard(GLOBAL)

set(hvl_missing "")

# target header library package: look without pkg-config, since libfdt has no
# .pc file on every distribution.
function(hvl_find_dep target header library package)
  string(MAKE_C_IDENTIFIER "${library}" id)
  find_path(HVL_${id}_INCLUDE_DIR ${header})
  find_library(HVL_${id}_LIBRARY ${library})
  mark_as_advanced(HVL_${id}_INCLUDE_DIR HVL_${id}_LIBRARY)
  if(NOT HVL_${id}_INCLUDE_DIR OR NOT HVL_${id}_LIBRARY)
    set(hvl_missing "${hvl_missing}, ${library} (Debian package ${package})"
      PARENT_SCOPE)
    return()
  endif()
  add_library(${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION "${HVL_${id}_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${HVL_${id}_INCLUDE_DIR}")
endfunction()

if(HVL_HOST)
  set(THREADS_PREFER_PTHREAD_FLAG ON)
  find_package(Threads REQUIRED)
endif()
if(HVL_BUILD_PMM)
  hvl_find_dep(hvl::libfdt libfdt.h fdt libfdt-dev)
  hvl_find_dep(hvl::libjansson jansson.h jansson libjansson-dev)
  hvl_find_dep(hvl::libseccomp seccomp.h seccomp libseccomp-dev)
endif()
if(HVL_BUILD_TESTS)
  hvl_find_dep(hvl::cmocka cmocka.h cmocka libcmocka-dev)
endif()
if(hvl_missing)
  string(SUBSTRING "${hvl_missing}" 2 -1 hvl_missing)
  message(FATAL_ERROR "Missing: ${hvl_missing}. tools/setup installs them.")
endif()

macro(hvl_require_lwip)
  if(NOT EXISTS "${LWIP_DIR}/src/include/lwip/init.h")
    message(FATAL_ERROR "lwIP's source is not in ${LWIP_DIR}: "
      "run tools/setup, or pass -DLWIP_DIR=<folder>.")
  endif()
  file(STRINGS "${LWIP_DIR}/src/include/lwip/init.h" hvl_lwip_lines
    REGEX "#define LWIP_VERSION_(MAJOR|MINOR|REVISION) +[0-9]+")
  string(REGEX REPLACE "[^0-9;]" "" LWIP_VERSION "${hvl_lwip_lines}")
  string(REPLACE ";" "." LWIP_VERSION "${LWIP_VERSION}")
endmacro()
