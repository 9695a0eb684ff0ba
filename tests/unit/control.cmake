# SPDX-License-Identifier: BSD-3-Clause
set(support "${PROJECT_SOURCE_DIR}/tests/support")

hvl_add_test(test_coredump LABEL unit
  SOURCES test_coredump.c "${support}/elf_builder.c"
  LIBS hvl::remoteproc INCLUDES "${support}")

if(TARGET hvl_pmm)
  set(pmm "${PROJECT_SOURCE_DIR}/pmm")
  hvl_add_test(test_pmm_coredump LABEL unit
    SOURCES test_pmm_coredump.c "${support}/elf_builder.c"
    INCLUDES "${pmm}" "${support}" LIBS hvl_pmm)
  hvl_add_test(test_pmm_restarts LABEL unit SOURCES test_pmm_restarts.c
    INCLUDES "${pmm}" LIBS hvl_pmm)
endif()
