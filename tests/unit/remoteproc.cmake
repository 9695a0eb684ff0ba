# SPDX-License-Identifier: BSD-3-Clause
set(support "${PROJECT_SOURCE_DIR}/tests/support")

hvl_add_test(test_elf LABEL unit
  SOURCES test_elf.c "${support}/elf_builder.c"
  LIBS hvl::remoteproc INCLUDES "${support}")

foreach(test test_rsc_resolve test_rsc_table)
  hvl_add_test(${test} LABEL unit
    SOURCES ${test}.c "${support}/rsc_builder.c"
    LIBS hvl::remoteproc INCLUDES "${support}")
endforeach()

hvl_add_test(test_rproc LABEL unit
  SOURCES test_rproc.c "${support}/elf_builder.c" "${support}/rsc_builder.c"
  LIBS hvl::remoteproc INCLUDES "${support}")

# With a port that tells the test of cache operations.
set(remoteproc_dir "${PROJECT_SOURCE_DIR}/lib/remoteproc")
hvl_add_test(test_rproc_cache LABEL unit
  SOURCES test_rproc_cache.c "${support}/elf_builder.c"
    "${support}/rsc_builder.c" "${remoteproc_dir}/elf.c"
    "${remoteproc_dir}/error.c" "${remoteproc_dir}/rproc.c"
    "${remoteproc_dir}/rsc_resolve.c" "${remoteproc_dir}/rsc_table.c"
  INCLUDES "${support}" ${CMAKE_CURRENT_SOURCE_DIR}
  DEFINES HVL_METAL_PORT_H="rproc_cache_port.h"
  LIBS hvl::metal)

# Links with no library but ours: what it lacks is not there. The native board
# tells how this machine starts a program, and has the string functions.
if(TARGET hvl_remoteproc_fw AND HVL_BOARD STREQUAL "native")
  set(common "${PROJECT_SOURCE_DIR}/remote/common")
  add_executable(test_rproc_bare test_rproc_bare.c
    "${support}/bare/${native_arch}/start.S"
    "${common}/memory.c" "${common}/string.c")
  hvl_common(test_rproc_bare)
  hvl_fw_options(test_rproc_bare)
  target_include_directories(test_rproc_bare PRIVATE "${support}/bare")
  target_link_libraries(test_rproc_bare PRIVATE hvl::remoteproc_fw)
  target_link_options(test_rproc_bare PRIVATE ${HVL_FW_LINK_FLAGS})
  hvl_add_script_test(test_rproc_bare LABEL unit COMMAND test_rproc_bare
    DEPENDS test_rproc_bare)
endif()

set(native_board "${PROJECT_SOURCE_DIR}/remote/board/native")
set(probe "${support}/probe")

# Needs the machine's start-up code, and the PMM.
if(TARGET hvl_pmm AND HVL_BOARD STREQUAL "native")
  add_executable(probe "${probe}/probe.c" "${probe}/${native_arch}/entry.S"
    "${native_board}/${native_arch}/start.S" "${native_board}/sys.c")
  hvl_common(probe)
  hvl_fw_options(probe)
  target_include_directories(probe PRIVATE "${native_board}")
  target_link_options(probe PRIVATE ${HVL_FW_LINK_FLAGS}
    "-Wl,-T,${native_board}/link.ld" ${HVL_BOARD_LINK} -Wl,-e,probe_entry)

  hvl_add_test(test_remote_native LABEL unit SOURCES test_remote_native.c
    LIBS hvl_pmm INCLUDES "${PROJECT_SOURCE_DIR}/pmm" "${probe}"
    DEFINES PROBE_FILE="$<TARGET_FILE:probe>")
  add_dependencies(test_remote_native probe)
endif()
