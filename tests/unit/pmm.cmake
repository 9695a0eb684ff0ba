# SPDX-License-Identifier: BSD-3-Clause

if(TARGET hvl_pmm)
  foreach(part entropy layout loop ratelog tap uart)
    hvl_add_test(test_pmm_${part} LABEL unit SOURCES test_pmm_${part}.c
      INCLUDES "${PROJECT_SOURCE_DIR}/pmm" LIBS hvl_pmm)
  endforeach()
endif()
