# SPDX-License-Identifier: BSD-3-Clause
# Both sides in one process.

if(NOT TARGET hvl_driver OR NOT TARGET hvl_device)
  return()
endif()

foreach(name vq many devices threads)
  set(support ../support/loop.c)
  if(name MATCHES "^(vq|many)$")
    set(support "")
  endif()
  hvl_add_test(test_loop_${name} LABEL loop TIMEOUT 900
    SOURCES test_loop_${name}.c ${support} INCLUDES ../support
    LIBS hvl::driver hvl::device hvl::metal hvl::metal_linux)
endforeach()

# The device side dies at every word that it stores: a port tells of each.
get_target_property(hvl_device_sources hvl_device SOURCES)
list(TRANSFORM hvl_device_sources PREPEND "${PROJECT_SOURCE_DIR}/lib/device/")
hvl_add_test(test_loop_resume LABEL loop TIMEOUT 900
  SOURCES test_loop_resume.c ../support/loop.c
    ${hvl_device_sources}
  INCLUDES ../support
  LIBS hvl::driver hvl::metal hvl::metal_linux
  DEFINES HVL_METAL_PORT_H="cut_port.h")
