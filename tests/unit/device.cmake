# SPDX-License-Identifier: BSD-3-Clause
# The device side against a mock driver that writes its rings by hand.

foreach(name vq vq_packed mmio_v1 mmio_v1_irq mmio_v2 net rng)
  hvl_add_test(test_dev_${name} LABEL unit SOURCES test_dev_${name}.c
    LIBS hvl::device hvl::metal)
endforeach()

# The device side dies at every word that it stores: a port tells of each.
get_target_property(hvl_device_sources hvl_device SOURCES)
list(TRANSFORM hvl_device_sources PREPEND "${PROJECT_SOURCE_DIR}/lib/device/")
foreach(name resume resume_records)
  hvl_add_test(test_dev_${name} LABEL unit
    SOURCES test_dev_${name}.c
      ${hvl_device_sources}
    LIBS hvl::metal INCLUDES ../support
    DEFINES HVL_METAL_PORT_H="cut_port.h")
endforeach()
hvl_add_test(test_dev_mmio_v1_races LABEL unit
  SOURCES test_dev_mmio_v1_races.c
    ${hvl_device_sources}
  LIBS hvl::metal INCLUDES ../support
  DEFINES HVL_METAL_PORT_H="races_port.h")
