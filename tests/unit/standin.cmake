# SPDX-License-Identifier: BSD-3-Clause
#
# The kernel's side of remoteproc that the tests of the PMM are given.

set(support "${PROJECT_SOURCE_DIR}/tests/support")
set(standin "${support}/sysfs_standin.c" "${support}/sysfs_standin_elf.c")

if(TARGET hvl_pmm)
  foreach(part "" _recovery _cdev)
    hvl_add_test(test_sysfs_standin${part} LABEL unit
      SOURCES test_sysfs_standin${part}.c ${standin}
        "${support}/elf_builder.c" "${support}/rsc_builder.c"
      INCLUDES "${support}" "${PROJECT_SOURCE_DIR}/pmm"
      LIBS hvl::remoteproc Threads::Threads)
  endforeach()
endif()
