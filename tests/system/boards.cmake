# SPDX-License-Identifier: BSD-3-Clause
# The emulated boards, whose firmware has a build folder of its own beside this
# one. An entry a board, so that they run side by side; skipped where board or
# emulator are missing, but not where CI is set.

if(NOT TARGET hvl OR NOT TARGET hvl_net_rng)
  return()
endif()
find_program(HVL_PYTHON NAMES python3 REQUIRED)

set(patience 60)
if(HVL_SANITIZE)
  set(patience 120)
endif()

foreach(board virt-a53 virt-rv64 mps2-m3 zcu102-r5)
  hvl_add_script_test(test_system_board_${board} LABEL system boards
    TIMEOUT 1800 DEPENDS hvl hvl_net_rng
    COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1
      HVL=$<TARGET_FILE:hvl> HVL_BOARD=${board} HVL_TEST_PATIENCE=${patience}
      ${HVL_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/test_boards.py)
endforeach()
