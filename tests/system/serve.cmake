# SPDX-License-Identifier: BSD-3-Clause
# hvl serve against remotes that are processes of their own: the existing
# stack's drivers, and the remote's application with the library's drivers.

if(NOT TARGET hvl OR NOT TARGET test_lwip)
  return()
endif()
find_program(HVL_PYTHON NAMES python3 REQUIRED)

set(legacy ../support/legacy)
add_executable(hvl_legacy_driver ../support/process/legacy_main.c
  ../support/process/process.c ${legacy}/responder.c ${legacy}/ring.c
  ${legacy}/setup.c ${legacy}/traffic.c)
hvl_host(hvl_legacy_driver)
target_include_directories(hvl_legacy_driver PRIVATE ../support)

set(remote_app "${PROJECT_SOURCE_DIR}/remote/app/hvl_net_rng")
set(app_sources checksum command console crash devices edit features main net ping
  pingstat rng services shell)
list(TRANSFORM app_sources PREPEND "${remote_app}/")
list(TRANSFORM app_sources APPEND ".c")
add_executable(hvl_drv_process ../support/process/host_board.c
  ../support/process/process.c ${app_sources})
hvl_host(hvl_drv_process)
target_include_directories(hvl_drv_process PRIVATE "${remote_app}"
  "${PROJECT_SOURCE_DIR}/remote/board")
target_compile_definitions(hvl_drv_process PRIVATE
  HVL_VERSION="${hvl_VERSION}")
target_link_libraries(hvl_drv_process PRIVATE hvl::driver hvl::metal
  hvl::metal_linux test_lwip)

set(patience 30)
if(HVL_SANITIZE)
  set(patience 90)
endif()
foreach(name drivers state)
  hvl_add_script_test(test_system_serve_${name} LABEL system TIMEOUT 1800
    DEPENDS hvl hvl_legacy_driver hvl_drv_process
    COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1
      HVL=$<TARGET_FILE:hvl>
      HVL_LEGACY_DRIVER=$<TARGET_FILE:hvl_legacy_driver>
      HVL_DRV_PROCESS=$<TARGET_FILE:hvl_drv_process>
      HVL_TEST_PATIENCE=${patience}
      ${HVL_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/test_serve_${name}.py)
endforeach()
