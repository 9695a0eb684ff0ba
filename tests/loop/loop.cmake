# SPDX-License-Identifier: BSD-3-Clause
# Both sides in one process.

if(NOT TARGET hvl_driver OR NOT TARGET hvl_device)
  return()
endif()

foreach(name vq devices threads)
  set(support ../support/loop.c)
  if(name STREQUAL "vq")
    set(support "")
  endif()
  hvl_add_test(test_loop_${name} LABEL loop TIMEOUT 240
    SOURCES test_loop_${name}.c ${support} INCLUDES ../support
    LIBS hvl::driver hvl::device hvl::metal hvl::metal_linux)
endforeach()
