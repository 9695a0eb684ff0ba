# SPDX-License-Identifier: BSD-3-Clause
# The table of docs/conformance.md, and what writes it. Whether the tests that
# it names did run is known only after them: `make check` asks for that.

find_program(HVL_PYTHON NAMES python3 REQUIRED)
set(python ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1 ${HVL_PYTHON})
hvl_add_script_test(check_conformance LABEL unit
  COMMAND ${python} ${CMAKE_CURRENT_SOURCE_DIR}/conformance.py)
hvl_add_script_test(check_conformance_checks LABEL unit
  COMMAND ${python} ${CMAKE_CURRENT_SOURCE_DIR}/test_conformance.py)
