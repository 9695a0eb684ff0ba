# SPDX-License-Identifier: BSD-3-Clause
foreach(name pool vq)
  hvl_add_test(test_drv_${name} LABEL unit
    SOURCES test_drv_${name}.c LIBS hvl::driver)
endforeach()
