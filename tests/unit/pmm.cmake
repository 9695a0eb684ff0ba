# SPDX-License-Identifier: BSD-3-Clause

if(TARGET hvl_pmm)
  foreach(part device doorbell entropy ivshmem layout loop process qemu qmp
      ratelog tap uart watchdog)
    hvl_add_test(test_pmm_${part} LABEL unit SOURCES test_pmm_${part}.c
      INCLUDES "${PROJECT_SOURCE_DIR}/pmm" LIBS hvl_pmm)
  endforeach()
endif()
if(TARGET hvl)
  set(cli "${PROJECT_SOURCE_DIR}/cli")
  hvl_add_test(test_cli_lines LABEL unit
    SOURCES test_cli_lines.c "${cli}/lines.c" INCLUDES "${cli}")
  hvl_add_test(test_cli_options LABEL unit
    SOURCES test_cli_options.c "${cli}/firmware.c" "${cli}/options.c"
      "${cli}/run_options.c" "${cli}/values.c"
    INCLUDES "${cli}" "${PROJECT_SOURCE_DIR}/pmm" LIBS hvl_pmm)
endif()
