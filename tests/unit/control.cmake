# SPDX-License-Identifier: BSD-3-Clause
set(support "${PROJECT_SOURCE_DIR}/tests/support")

hvl_add_test(test_coredump LABEL unit
  SOURCES test_coredump.c "${support}/elf_builder.c"
  LIBS hvl::remoteproc INCLUDES "${support}")

if(TARGET hvl_pmm)
  set(pmm "${PROJECT_SOURCE_DIR}/pmm")
  foreach(part control control_socket)
    hvl_add_test(test_pmm_${part} LABEL unit SOURCES test_pmm_${part}.c
      INCLUDES "${pmm}" LIBS hvl_pmm)
  endforeach()
  hvl_add_test(test_pmm_coredump LABEL unit
    SOURCES test_pmm_coredump.c "${support}/elf_builder.c"
    INCLUDES "${pmm}" "${support}" LIBS hvl_pmm)
  hvl_add_test(test_pmm_restarts LABEL unit SOURCES test_pmm_restarts.c
    INCLUDES "${pmm}" LIBS hvl_pmm)
endif()
if(TARGET hvl)
  set(cli "${PROJECT_SOURCE_DIR}/cli")
  hvl_add_test(test_cli_follow LABEL unit
    SOURCES test_cli_follow.c "${cli}/follow.c" INCLUDES "${cli}")
endif()
