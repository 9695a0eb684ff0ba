# SPDX-License-Identifier: BSD-3-Clause
# The real command with the real firmware. Python 3, nothing but its library.

if(NOT TARGET hvl OR NOT TARGET hvl_net_rng)
  return()
endif()
find_program(HVL_PYTHON NAMES python3 REQUIRED)

set(patience 30)
if(HVL_SANITIZE)
  set(patience 90)
endif()

foreach(name control demo features lifecycle recovery refused serve traffic)
  set(labels system)
  if(name STREQUAL "demo")
    list(APPEND labels demo)
  endif()
  hvl_add_script_test(test_system_${name} LABEL ${labels} TIMEOUT 1800
    DEPENDS hvl hvl_net_rng
    COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1
      HVL=$<TARGET_FILE:hvl> HVL_FIRMWARE=$<TARGET_FILE:hvl_net_rng>
      HVL_TEST_PATIENCE=${patience}
      ${HVL_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/test_${name}.py)
endforeach()
