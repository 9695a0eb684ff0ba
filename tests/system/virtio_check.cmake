# SPDX-License-Identifier: BSD-3-Clause
# The driver library against QEMU's own devices, in firmware of its own. Not
# under the sanitizers: no code of the host runs.

if(HVL_SANITIZE)
  return()
endif()
find_program(HVL_PYTHON NAMES python3 REQUIRED)
hvl_add_script_test(test_system_virtio_check LABEL system TIMEOUT 900
  COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1
    HVL_TEST_PATIENCE=120
    HVL_VIRTIO_CHECK=${PROJECT_SOURCE_DIR}/build/virt-a53/firmware/virt-a53/virtio_check.elf
    ${HVL_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/test_virtio_check.py)
