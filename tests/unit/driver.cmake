# SPDX-License-Identifier: BSD-3-Clause
foreach(name pool vq)
  hvl_add_test(test_drv_${name} LABEL unit
    SOURCES test_drv_${name}.c LIBS hvl::driver)
endforeach()

# With a port that tells the mock device of each store: registers can trap.
set(hvl_driver_dir "${PROJECT_SOURCE_DIR}/lib/driver")
foreach(name mmio net rng)
  hvl_add_test(test_drv_${name} LABEL unit
    SOURCES test_drv_${name}.c drv_mock_dev.c
      ${hvl_driver_dir}/dev.c ${hvl_driver_dir}/mmio.c
      ${hvl_driver_dir}/mmio_v1.c ${hvl_driver_dir}/mmio_v2.c
      ${hvl_driver_dir}/net.c ${hvl_driver_dir}/pool.c
      ${hvl_driver_dir}/rng.c ${hvl_driver_dir}/vq.c
    LIBS hvl::metal INCLUDES ${CMAKE_CURRENT_SOURCE_DIR}
    DEFINES HVL_METAL_PORT_H="drv_mock_port.h")
endforeach()

# With a port that plays a cache, and words for block copies.
hvl_add_test(test_drv_cache LABEL unit
  SOURCES test_drv_cache.c ${hvl_driver_dir}/pool.c ${hvl_driver_dir}/vq.c
    ${PROJECT_SOURCE_DIR}/lib/metal/io.c
  INCLUDES ${CMAKE_CURRENT_SOURCE_DIR}
  DEFINES HVL_METAL_PORT_H="drv_cache_port.h")
