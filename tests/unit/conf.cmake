# SPDX-License-Identifier: BSD-3-Clause
# What the specification asks for and no other test shows: docs/conformance.md.

hvl_add_test(test_conf_drv_vq LABEL unit
  SOURCES test_conf_drv_vq.c LIBS hvl::driver)
foreach(name dev dev_vq)
  hvl_add_test(test_conf_${name} LABEL unit SOURCES test_conf_${name}.c
    LIBS hvl::device hvl::metal)
endforeach()

# Every access to a register is written down by the port.
file(GLOB conf_driver CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/lib/driver/*.c")
hvl_add_test(test_conf_drv_mmio LABEL unit
  SOURCES test_conf_drv_mmio.c drv_mock_dev.c ${conf_driver}
  LIBS hvl::metal INCLUDES ${CMAKE_CURRENT_SOURCE_DIR}
  DEFINES HVL_METAL_PORT_H="conf_port.h")
