# SPDX-License-Identifier: BSD-3-Clause
hvl_add_test(test_metal_io LABEL unit SOURCES test_metal_io.c
  LIBS hvl::metal)

# The same, with block copies as they are for device memory.
hvl_add_test(test_metal_io_device LABEL unit
  SOURCES test_metal_io.c ${PROJECT_SOURCE_DIR}/lib/metal/io.c
  DEFINES HVL_PORT_SHM_IS_NORMAL=0)

hvl_add_test(test_metal_format LABEL unit SOURCES test_metal_format.c
  LIBS hvl::metal)

hvl_add_test(test_metal_shm LABEL unit SOURCES test_metal_shm.c
  LIBS hvl::metal_linux)

hvl_add_test(test_metal_threads LABEL unit threads
  SOURCES test_metal_threads.c LIBS hvl::metal_linux)
