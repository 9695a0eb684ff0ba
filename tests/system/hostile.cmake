# SPDX-License-Identifier: BSD-3-Clause
# The real command against a firmware that was taken over.

if(NOT TARGET hvl OR NOT HVL_BOARD STREQUAL "native")
  return()
endif()
find_program(HVL_PYTHON NAMES python3 REQUIRED)

set(native_board "${PROJECT_SOURCE_DIR}/remote/board/native")
add_executable(evil "${PROJECT_SOURCE_DIR}/tests/support/evil/evil.c"
  "${native_board}/${native_arch}/start.S"
  "${native_board}/${native_memory}" "${native_board}/sys.c")
hvl_common(evil)
hvl_fw_options(evil)
target_include_directories(evil PRIVATE "${native_board}")
target_link_options(evil PRIVATE ${HVL_FW_LINK_FLAGS}
  "-Wl,-T,${native_board}/link.ld" ${HVL_BOARD_LINK})

set(patience 30)
if(HVL_SANITIZE)
  set(patience 90)
endif()
hvl_add_script_test(test_system_hostile LABEL system hostile TIMEOUT 900
  DEPENDS hvl evil
  COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1
    HVL=$<TARGET_FILE:hvl> HVL_EVIL=$<TARGET_FILE:evil>
    HVL_TEST_PATIENCE=${patience}
    ${HVL_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/test_hostile.py)
