# SPDX-License-Identifier: BSD-3-Clause
#
# What of the remote's code runs anywhere.

set(remote_dir "${PROJECT_SOURCE_DIR}/remote")

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
