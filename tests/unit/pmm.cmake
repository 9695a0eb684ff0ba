# SPDX-License-Identifier: BSD-3-Clause

if(TARGET hvl_pmm)
  foreach(part device device_net doorbell doorbell_uio doorbell_unix entropy
      feature_set ivshmem layout loop polling process qemu qmp ratelog server service
      spin state state_crash tap uart watchdog)
    hvl_add_test(test_pmm_${part} LABEL unit SOURCES test_pmm_${part}.c
      INCLUDES "${PROJECT_SOURCE_DIR}/pmm" LIBS hvl_pmm)
  endforeach()
  if(TARGET test_pmm_doorbell_uio)
    target_link_options(test_pmm_doorbell_uio PRIVATE -Wl,--wrap=write)
    target_link_options(test_pmm_ratelog PRIVATE -Wl,--wrap=hvl_time_us)
    target_link_options(test_pmm_service PRIVATE -Wl,--wrap=hvl_time_us)
    target_link_options(test_pmm_state PRIVATE -Wl,--wrap=posix_fallocate)
  endif()
  set(support "${PROJECT_SOURCE_DIR}/tests/support")
  hvl_add_test(test_remote_sysfs LABEL unit
    SOURCES test_remote_sysfs.c "${support}/elf_builder.c"
      "${support}/rsc_builder.c" "${support}/sysfs_standin.c"
      "${support}/sysfs_standin_elf.c"
    INCLUDES "${PROJECT_SOURCE_DIR}/pmm" "${support}" LIBS hvl_pmm)
endif()
if(TARGET hvl)
  set(cli "${PROJECT_SOURCE_DIR}/cli")
  hvl_add_test(test_cli_lines LABEL unit
    SOURCES test_cli_lines.c "${cli}/lines.c" INCLUDES "${cli}")
  hvl_add_test(test_cli_options LABEL unit
    SOURCES test_cli_options.c "${cli}/common_options.c" "${cli}/firmware.c"
      "${cli}/keys.c" "${cli}/options.c" "${cli}/run_options.c" "${cli}/values.c"
    INCLUDES "${cli}" "${PROJECT_SOURCE_DIR}/pmm" LIBS hvl_pmm)
  hvl_add_test(test_cli_serve_options LABEL unit
    SOURCES test_cli_serve_options.c "${cli}/common_options.c" "${cli}/keys.c"
      "${cli}/options.c" "${cli}/serve_options.c" "${cli}/values.c"
    INCLUDES "${cli}" "${PROJECT_SOURCE_DIR}/pmm" LIBS hvl_pmm)
endif()
