# SPDX-License-Identifier: BSD-3-Clause
#
# HvlSize - the target `size`: text, data and bss of each library at -Os
#
# Included last, when every library is known.

include_guard(GLOBAL)

get_property(hvl_os_libs GLOBAL PROPERTY HVL_OS_LIBRARIES)
if(HVL_TOP AND hvl_os_libs)
  if(NOT CMAKE_SIZE)
    string(REGEX REPLACE "nm([^/]*)$" "size\\1" hvl_size "${CMAKE_NM}")
    find_program(CMAKE_SIZE NAMES "${hvl_size}" size)
  endif()
  set(hvl_os_files "")
  foreach(lib IN LISTS hvl_os_libs)
    list(APPEND hvl_os_files "$<TARGET_FILE:${lib}>")
  endforeach()
  add_custom_target(size
    COMMAND "${PROJECT_SOURCE_DIR}/tools/size-report" "${CMAKE_SIZE}"
      ${hvl_os_files}
    DEPENDS ${hvl_os_libs} VERBATIM USES_TERMINAL
    COMMENT "Sizes at -Os")
endif()
