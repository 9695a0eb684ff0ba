# SPDX-License-Identifier: BSD-3-Clause
# What the specification asks for and no other test shows: docs/conformance.md.

hvl_add_test(test_conf_drv_vq LABEL unit
  SOURCES test_conf_drv_vq.c LIBS hvl::driver)
hvl_add_test(test_conf_dev_vq LABEL unit SOURCES test_conf_dev_vq.c
  LIBS hvl::device hvl::metal)

# Every access to a register, or to shared memory, is written down by the port.
file(GLOB conf_device CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/lib/device/*.c")
hvl_add_test(test_conf_dev LABEL unit
  SOURCES test_conf_dev.c ${conf_device} "${PROJECT_SOURCE_DIR}/lib/metal/io.c"
  LIBS hvl::metal INCLUDES ${CMAKE_CURRENT_SOURCE_DIR}
  DEFINES HVL_METAL_PORT_H="conf_port.h" HVL_PORT_SHM_IS_NORMAL=0)
file(GLOB conf_driver CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/lib/driver/*.c")
foreach(part mmio net)
  hvl_add_test(test_conf_drv_${part} LABEL unit
    SOURCES test_conf_drv_${part}.c conf_drv.c drv_mock_dev.c ${conf_driver}
    LIBS hvl::metal INCLUDES ${CMAKE_CURRENT_SOURCE_DIR}
    DEFINES HVL_METAL_PORT_H="conf_port.h")
endforeach()
